#!/usr/bin/env bash
# What takes longer than continuous integration allows: the whole suite, searches killed 20 times, 10,000 layers here and on emulated
# boards, 10,000 networks costed by tables and one by one, 200 networks as C99, sanitizers, and ten minutes of
# fuzzing for each reader of outside files.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/stages.sh
bin=build/dev/bin

# cases PROGRAM PATTERN: its tests of that name, of which there must be some.
cases() {
  "$bin/$1" --test-case="$2" | tee build/dev/cases.txt
  grep -q 'test cases: *[1-9]' build/dev/cases.txt || { echo "error: $1 has no test '$2'" >&2; exit 1; }
}

stage "the whole suite"
bash tests/run.sh
stage "searches killed 20 times"
EDGEFRONT_KILLS=20 bash tests/scripts/determinism_test.sh $bin
stage "10,000 random layers"
EDGEFRONT_RANDOM_LAYERS=10000 cases runtime_tests '*random layers*'
stage "10,000 random networks"
EDGEFRONT_RANDOM_NETWORKS=10000 cases costmodels_tests '*random networks*'
stage "200 networks as C99"
bash tests/scripts/c_export_test.sh $bin 200
stage "10,000 random layers on emulated boards"
bash tests/scripts/board_build_test.sh $bin 10000
stage "sanitizers and fuzzing"
SECONDS_PER_FUZZER=${SECONDS_PER_FUZZER:-600} bash tests/sanitize.sh
