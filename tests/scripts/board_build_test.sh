#!/usr/bin/env bash
# The board programs cross-build static for AArch64 and run there (under an emulator), and give the
# bits that this machine's kernels gave.
set -euo pipefail
. tests/scripts/lib.sh

command -v aarch64-linux-gnu-g++ >/dev/null || {
  echo "SKIPPED: aarch64-linux-gnu-g++ is not installed (Debian: g++-aarch64-linux-gnu)"
  exit 77
}
command -v qemu-aarch64 >/dev/null || {
  echo "SKIPPED: qemu-aarch64 is not installed (Debian: qemu-user)"
  exit 77
}
cmake --preset board-aarch64 >"$work/cmake.txt" 2>&1 || { cat "$work/cmake.txt" >&2; die "configuring failed"; }
cmake --build --preset board-aarch64 -j "$(nproc)" >"$work/build.txt" 2>&1 ||
  { tail -n 30 "$work/build.txt" >&2; die "the board build failed"; }
board=build/board-aarch64/bin
for program in edgefront-run edgefront-probe; do
  ! readelf -d "$board/$program" | grep -q NEEDED || die "$program is not static"
  expect 0 '[Uu]sage' qemu-aarch64 -cpu max "$board/$program" --help
done
expect 0 '"architecture": ?"aarch64"' qemu-aarch64 -cpu max "$board/edgefront-probe" --describe
for model in tests/runtime/fixtures/*.efm; do
  expect 0 '' "$bin/edgefront-run" "$model" --self-test
  expect 0 '' qemu-aarch64 -cpu max "$board/edgefront-run" "$model" --self-test
done
echo "board: $checks checks"
