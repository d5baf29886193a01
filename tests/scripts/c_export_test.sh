#!/usr/bin/env bash
# c_export_test.sh BIN_DIR [COUNT]: random int8 networks written as C99 give the interpreter's bytes, on
# this machine, and under emulators on AArch64 and on Cortex-M with soft-float; and a compiler that breaks
# the arithmetic is noticed. What is missing is skipped aloud. COUNT: 20; tests/full.sh takes 200.
set -euo pipefail
. tests/scripts/lib.sh
count=${2:-20}
harness=$PWD/tests/c_export/harness.c
strict="-Wall -Wextra -Wpedantic -Werror -ffp-contract=off"
ran=()

skip() { echo "SKIPPED: $1 is not installed (Debian: $2): no check $3"; }

# compile COMPILER FLAGS...: with the cases as the current folder.
compile() {
  (cd "$work/cases" && "$@" -I.) >"$work/compile.txt" 2>&1 ||
    { head -n 30 "$work/compile.txt" >&2; die "this does not compile: $*"; }
}

# build COMPILER FLAGS...: all networks and the harness in one program.
build() { compile "$@" -o "$work/program" "$work"/cases/case_*.c "$harness"; }

# equal NAME RUNNER...: that program gives the interpreter's bytes.
equal() {
  expect 0 "^$count networks, .* every byte is equal" "${@:2}" "$work/program" "$work/cases/cases.bin"
  ran+=("$1")
}

"$bin/c_export_cases" "$work/cases" "$count" || die "the cases were not written"
build gcc -std=c99 -O2 $strict
equal "this machine"

# The comparison finds one wrong byte.
cp "$work/cases/cases.bin" "$work/cases/wrong.bin"
last=$(($(stat -c %s "$work/cases/wrong.bin") - 1))
byte=$(od -An -tu1 -j "$last" -N 1 "$work/cases/wrong.bin" | tr -d ' ')
printf "\\x$(printf %x $(((byte + 1) % 256)))" |
  dd of="$work/cases/wrong.bin" bs=1 seek="$last" conv=notrunc status=none
expect 1 'FAILED: case' "$work/program" "$work/cases/wrong.bin"

# No library: what a network asks the linker for is what any freestanding compiler has.
compile gcc -std=c99 -O2 -ffp-contract=off -c "$work"/cases/network_[0-9].c
unknown=$(nm -u "$work"/cases/network_[0-9].o |
  awk 'NF == 2 && $2 !~ /^(mem(cpy|set|move)|_GLOBAL_OFFSET_TABLE_)$/ {print $2}')
[ -z "$unknown" ] || die "a network asks for $unknown"
expect 1 'without -ffast-math' gcc -std=c99 -O2 -ffast-math -c -o "$work/network.o" "$work/cases/network_0.c"

if [ "$(uname -m)" = x86_64 ] && grep -qw fma /proc/cpuinfo; then
  build gcc -std=gnu99 -O2 -mfma -ffp-contract=fast
  expect 0 'noticed' "$work/program" "$work/cases/cases.bin" broken
fi

if ! command -v aarch64-linux-gnu-gcc >/dev/null; then
  skip aarch64-linux-gnu-gcc g++-aarch64-linux-gnu "on AArch64"
elif ! command -v qemu-aarch64 >/dev/null; then
  skip qemu-aarch64 qemu-user "on AArch64"
else
  build aarch64-linux-gnu-gcc -std=c99 -O2 $strict -static
  equal AArch64 qemu-aarch64
fi

# The networks are Cortex-M code; the program around them is Linux's, so that an emulator runs it. Long
# calls, because the linker has no other way from Thumb-only code to that C library.
if ! command -v qemu-arm >/dev/null; then
  skip qemu-arm qemu-user "on Cortex-M with soft-float"
elif ! command -v arm-linux-gnueabi-gcc >/dev/null; then
  skip arm-linux-gnueabi-gcc gcc-arm-linux-gnueabi "on Cortex-M with soft-float"
else
  for core in cortex-m0 cortex-m3; do
    compile arm-linux-gnueabi-gcc -std=c99 -O2 $strict -mcpu=$core -mthumb -mfloat-abi=soft -mlong-calls \
      -c "$work"/cases/case_*.c
    compile arm-linux-gnueabi-gcc -std=c99 -static -Wl,--no-warn-mismatch -o "$work/program" \
      "$work"/cases/case_*.o "$harness"
    equal $core qemu-arm
  done
fi

echo "C export: $checks checks; $count networks equal to the byte on: ${ran[*]}"
