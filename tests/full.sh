#!/usr/bin/env bash
# What takes longer than continuous integration allows: the whole suite, sanitizers, and ten minutes
# of fuzzing for each reader of outside files.
set -euo pipefail
cd "$(dirname "$0")/.."
bash tests/run.sh
SECONDS_PER_FUZZER=${SECONDS_PER_FUZZER:-600} bash tests/sanitize.sh
