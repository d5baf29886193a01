#!/usr/bin/env bash
# board_build_test.sh BIN_DIR [LAYERS]: the board programs cross-build static for AArch64 and RISC-V, stay
# small, and run there (under emulators); their kernels give the reference's bits on LAYERS random layers
# (400; tests/full.sh takes 10000) and the bytes that this machine's kernels gave.
set -euo pipefail
. tests/scripts/lib.sh
layers=${2:-400}
limit=1500000  # bytes of a stripped program
ran=()

skip() { echo "SKIPPED: $1 is not installed (Debian: $2): no check on $3"; }

# build ARCHITECTURE: board programs and kernel tests in $board.
build() {
  board=build/board-$1/bin
  cmake --preset "board-$1" -DEDGEFRONT_TESTS=ON >"$work/cmake.txt" 2>&1 ||
    { cat "$work/cmake.txt" >&2; die "configuring for $1 failed"; }
  cmake --build --preset "board-$1" -j "$(nproc)" >"$work/build.txt" 2>&1 ||
    { tail -n 30 "$work/build.txt" >&2; die "the build for $1 failed"; }
}

# programs ARCHITECTURE EMULATOR...: static, small, and what they say of the machine.
programs() {
  local architecture=$1 program bytes
  shift
  for program in edgefront-run edgefront-probe; do
    ! readelf -d "$board/$program" | grep -q NEEDED || die "$program is not static"
    "$architecture-linux-gnu-strip" -o "$work/stripped" "$board/$program"
    bytes=$(stat -c %s "$work/stripped")
    [ "$bytes" -lt "$limit" ] || die "$program for $architecture has $bytes bytes, accepted are less than $limit"
    echo "$architecture: $program has $bytes bytes"
    expect 0 '[Uu]sage' "$@" "$board/$program" --help
  done
  expect 0 "\"architecture\": ?\"$architecture\"" "$@" "$board/edgefront-probe" --describe
}

# kernels NAMES EMULATOR...: the best set is listed first; every set gives the expected bytes.
kernels() {
  local names=$1 set
  shift
  expect 0 "\"kernel_sets\": ?\[\"${names// /\",\"}\"\]" "$@" "$board/edgefront-probe" --describe
  for set in $names; do
    expect 0 '' "$@" "$board/edgefront-run" "$model" --self-test --kernels "$set"
  done
  expect 0 'SUCCESS' env EDGEFRONT_RANDOM_LAYERS="$layers" "$@" "$board/board_tests"
  ran+=("$names")
}

# comparison EMULATOR...: both precisions of the layers in a job file, with the board's best kernels.
comparison() {
  printf '%s\n' '{"job":"protocol","warmup":0,"passes":1,"min_samples":5,"max_samples":5}' \
    '{"job":"layer","key":"conv2d int8 4x4x8>4x4x16 k1 s1 relu6 t1 avx2@1"}' >"$work/jobs.jsonl"
  expect 0 ' conv2d 4x4x8>4x4x16 k1 s1 relu6 t1$' "$@" "$board/edgefront-probe" --compare "$work/jobs.jsonl"
  grep -q '^geometric mean' "$work/out.txt" || die "the comparison has no last line"
}

model=tests/runtime/fixtures/version1.efm
expect 0 '' "$bin/edgefront-run" "$model" --self-test
if ! command -v aarch64-linux-gnu-g++ >/dev/null; then
  skip aarch64-linux-gnu-g++ g++-aarch64-linux-gnu AArch64
elif ! command -v qemu-aarch64 >/dev/null; then
  skip qemu-aarch64 qemu-user AArch64
else
  build aarch64
  programs aarch64 qemu-aarch64 -cpu max
  kernels "neon_dotprod neon reference" qemu-aarch64 -cpu max
  comparison qemu-aarch64 -cpu max
  layers=40
  for cpu in cortex-a53 cortex-a72; do
    kernels "neon reference" qemu-aarch64 -cpu "$cpu"
    expect 2 'lacks its instructions' qemu-aarch64 -cpu "$cpu" "$board/edgefront-run" "$model" --self-test \
      --kernels neon_dotprod
  done
fi
if ! command -v riscv64-linux-gnu-g++ >/dev/null; then
  skip riscv64-linux-gnu-g++ g++-riscv64-linux-gnu RISC-V
elif ! command -v qemu-riscv64 >/dev/null; then
  skip qemu-riscv64 qemu-user RISC-V
else
  build riscv64
  programs riscv64 qemu-riscv64
  layers=40
  kernels reference qemu-riscv64
fi
[ "${#ran[@]}" -gt 0 ] || exit 77
echo "board: $checks checks; kernels: $(printf '%s; ' "${ran[@]}")"
