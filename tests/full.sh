#!/usr/bin/env bash
# What takes longer than continuous integration allows: the whole suite, 10,000 layers here and on emulated
# boards, 10,000 networks costed by tables and one by one, 200 networks as C99, sanitizers, and ten minutes of
# fuzzing for each reader of outside files.
set -euo pipefail
cd "$(dirname "$0")/.."
bash tests/run.sh
EDGEFRONT_RANDOM_LAYERS=10000 build/dev/bin/runtime_tests --test-case='*random layers*'
EDGEFRONT_RANDOM_NETWORKS=10000 build/dev/bin/costmodels_tests --test-case='*random networks*'
bash tests/scripts/c_export_test.sh build/dev/bin 200
bash tests/scripts/board_build_test.sh build/dev/bin 10000
SECONDS_PER_FUZZER=${SECONDS_PER_FUZZER:-600} bash tests/sanitize.sh
