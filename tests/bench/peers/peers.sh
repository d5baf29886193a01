#!/usr/bin/env bash
# peers.sh [options of peers]: builds the comparison and runs it. ONNX Runtime comes from the npm registry;
# oneDNN and XNNPACK are Debian packages (libdnnl-dev, libxnnpack-dev). What cannot be had is left out, aloud.
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
cache="$root/build/peers-npm"
version=1.30.0

install_onnxruntime() {
  command -v npm >/dev/null || { echo "npm is not installed" >&2; return 1; }
  mkdir -p "$cache"
  printf '{"private": true, "dependencies": {"onnxruntime-node": "%s"}}\n' "$version" >"$cache/package.json"
  # --ignore-scripts: the package holds its CPU library; its script would fetch CUDA's.
  (cd "$cache" && timeout 300 npm install --ignore-scripts --no-audit --no-fund >npm.log 2>&1)
}

find "$cache" -name 'libonnxruntime.so*' 2>/dev/null | grep -q . || install_onnxruntime ||
  echo "SKIPPED: npm could not install onnxruntime-node $version (see build/peers-npm/npm.log)" >&2

install=no
. "$root/experiments/setup.sh"
mapfile -t missing < <(missing_packages $(packages_of bench))
[ "${#missing[@]}" -eq 0 ] || echo "missing: ${missing[*]}; type: apt-get install ${missing[*]}" >&2

cd "$root"
cmake --preset bench >/dev/null
cmake --build --preset bench --target peers >/dev/null
exec build/bench/bin/peers "$@"
