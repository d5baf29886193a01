#!/usr/bin/env bash
# Sanitizers over the suite (without libtorch) and a short run of every fuzz target.
# SECONDS_PER_FUZZER (default 20) sets the length of each fuzzer's run.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_PER_FUZZER:-20}

echo "== address and undefined-behaviour sanitizers"
cmake --preset asan >/dev/null
cmake --build --preset asan -j "$(nproc)"
ctest --test-dir build/asan --output-on-failure --no-tests=error -LE scripts

echo "== thread sanitizer (search and pipeline)"
cmake --preset tsan >/dev/null
cmake --build --preset tsan -j "$(nproc)" --target search_tests experiments_tests
ctest --test-dir build/tsan --output-on-failure --no-tests=error -R '^(search|experiments)_tests$'

if ! command -v clang++ >/dev/null || ! clang++ -fsanitize=fuzzer -x c++ - -o /dev/null 2>/dev/null <<<\
  'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'; then
  echo "SKIPPED: fuzzing needs clang++ with libFuzzer (Debian: clang libclang-rt-14-dev)"
  exit 0
fi
echo "== fuzzing, $seconds s a target"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)"
for target in build/fuzz/bin/*_fuzz; do
  name=$(basename "$target")
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  seeds=()
  [ -d "tests/fuzz/seeds/$name" ] && seeds=("tests/fuzz/seeds/$name")
  echo "-- $name"
  "$target" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -print_final_stats=0 \
    -artifact_prefix="build/fuzz/" "$corpus" "${seeds[@]}" 2>&1 | tail -n 3
done
