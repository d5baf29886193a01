#!/usr/bin/env bash
# onnx_parity_test.sh BIN_DIR [MODEL.efm]: exported ONNX files give the classes of our interpreter in
# ONNX Runtime, on at least 99.5 % of 1,000 test images. ONNX Runtime comes from the npm registry as a
# test-only package; where it cannot be had, the test is skipped (exit status 77) and says so.
set -euo pipefail

bin_dir=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
cache="$root/build/onnx-cache"

skip() {
  echo "SKIPPED: $1; the ONNX files were not run in ONNX Runtime" >&2
  exit 77
}

command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"

mkdir -p "$cache"
(
  flock 9  # two builds may run their tests at the same time
  if ! cmp -s "$root/tests/onnx/package.json" "$cache/installed.json"; then
    cp "$root/tests/onnx/package.json" "$cache/package.json"
    cd "$cache"
    # --ignore-scripts: the package holds its CPU library; its script would fetch CUDA's.
    timeout 300 npm install --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || exit 1
    cp package.json installed.json
  fi
) 9>"$cache/lock" || skip "npm could not install onnxruntime-node (see build/onnx-cache/npm.log)"

work=$(mktemp -d "$cache/case.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$bin_dir/onnx_parity_case" "$work" "${@:2}"
NODE_MODULES_HOME="$cache" node "$root/tests/onnx/parity.mjs" "$work"
