#!/usr/bin/env bash
# The main job on real images: measure this machine, search, train and quantize the winners, check
# and measure them, and write the report. About 20 to 30 minutes on two cores, build included.
# Options: --no-install  the machine is ready, install nothing
#          --out DIR     run folder (default: runs/quickstart); the same command again resumes
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
install=yes
out=runs/quickstart
while [ $# -gt 0 ]; do
  case "$1" in
    --no-install) install=no ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    *) echo "quickstart.sh: unknown option '$1'; accepted are --no-install and --out DIR" >&2; exit 2 ;;
  esac
  shift
done
. experiments/setup.sh

print_machine
say "steps: packages (1-4 min where missing), build (3-8 min), profile (under 1 min),"
say "       search with a short training per candidate (4-9 min), training and export of the"
say "       winners (4-9 min)"
mapfile -t packages < <(packages_of programs)
install_packages "${packages[@]}"

say "== 1/5 build"
cmake --preset release >/dev/null || fail "configuring failed (cmake --preset release)"
cmake --build --preset release -j "$(nproc)"
edgefront=build/release/bin/edgefront
space=experiments/spaces/fashion_small.toml
mkdir -p "$out"

say "== 2/5 measure this machine"
if [ -e "$out/manifest.json" ]; then
  say "$out holds a run already; its profile is kept, and the search resumes"
else
  $edgefront profile --space $space --precision int8 --out "$out/host.h5"
fi

say "== 3/5 search"
sed "s|^device *=.*|device = [{ name = \"host\", profile = \"$out/host.h5\", precision = \"int8\" }]|" \
  experiments/configs/quickstart.toml >"$out/quickstart.toml"
$edgefront search "$out/quickstart.toml" --out "$out"

say "== 4/5 train, quantize, check and measure the winners"
$edgefront export "$out" --select spread:6 --out "$out/winners"
models=("$out"/winners/*.efm)
[ "${#models[@]}" -ge 3 ] || fail "only ${#models[@]} networks stayed winners as measured, 3 are wanted"
for model in "${models[@]}"; do
  build/release/bin/edgefront-run "$model" --self-test
done

say "== 5/5 report"
$edgefront report "$out" --out "$out/report.html"
say "done: $out/report.html, models in $out/winners"
