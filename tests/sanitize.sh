#!/usr/bin/env bash
# Sanitizers over the suite (without libtorch) and a short run of every fuzz target.
# SECONDS_PER_FUZZER (default 20) sets the length of each fuzzer's run; two run at a time.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/stages.sh
seconds=${SECONDS_PER_FUZZER:-20}

stage "build with address and undefined-behaviour sanitizers"
build_preset asan test_programs edgefront-probe
stage "tests with address and undefined-behaviour sanitizers"
ctest --test-dir build/asan -j 2 --output-on-failure --no-tests=error -LE scripts

stage "build with thread sanitizer (search and pipeline)"
build_preset tsan search_tests experiments_tests
stage "tests with thread sanitizer"
ctest --test-dir build/tsan -j 2 --output-on-failure --no-tests=error -R '^(search|experiments)_tests$'

if ! command -v clang++ >/dev/null || ! clang++ -fsanitize=fuzzer -x c++ - -o /dev/null 2>/dev/null <<<\
  'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }'; then
  echo "SKIPPED: fuzzing needs clang++ with libFuzzer (Debian: clang libclang-rt-14-dev)"
  exit 0
fi
stage "build of the fuzzers"
build_preset fuzz fuzzers

# fuzz NAME: what it says is shown whole when it finds something.
fuzz() {
  local corpus=build/fuzz/corpus/$1 said=build/fuzz/$1.txt seeds=()
  mkdir -p "$corpus"
  [ ! -d "tests/fuzz/seeds/$1" ] || seeds=("tests/fuzz/seeds/$1")
  "build/fuzz/bin/$1" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -print_final_stats=0 \
    -artifact_prefix="build/fuzz/" "$corpus" "${seeds[@]}" >"$said" 2>&1 ||
    { printf 'FAILED: %s\n%s\n' "$1" "$(tail -n 100 "$said")" >&2; return 1; }
  printf -- '-- %s: %s\n' "$1" "$(tail -n 1 "$said")"
}
stage "fuzzing, $seconds s a target"
export -f fuzz
export seconds
printf '%s\n' build/fuzz/bin/*_fuzz | xargs -n 1 basename | xargs -P 2 -I NAME bash -c 'fuzz NAME'
