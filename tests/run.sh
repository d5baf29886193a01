#!/usr/bin/env bash
# Builds everything and runs all tests. About 10 minutes on two cores, half of it the build without a cache.
# Options: --no-install  the machine is ready, install nothing
#          --preset P    a CMake preset with tests (default: dev; no-torch builds without libtorch)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
install=yes
preset=dev
while [ $# -gt 0 ]; do
  case "$1" in
    --no-install) install=no ;;
    --preset) preset=${2:?--preset needs a name}; shift ;;
    *) echo "tests/run.sh: unknown option '$1'; accepted are --no-install and --preset P" >&2; exit 2 ;;
  esac
  shift
done
. experiments/setup.sh
. tests/stages.sh

print_machine
say "steps: packages (1-4 min where missing), build (5 min), tests (6 min)"
stage packages
mapfile -t packages < <(packages_of programs tests)
install_packages "${packages[@]}"
stage "build of preset $preset"
build_preset "$preset"
stage tests
ctest --test-dir "build/$preset" -j 2 --output-on-failure --no-tests=error
