#!/usr/bin/env bash
# Folders are layers: every #include "…" of the sources is held against this table, and heavy
# third-party headers stay in the .cpp files of the folders that may use them.
set -euo pipefail
cd "$(dirname "$0")/../.."

violations=$(git ls-files -co --exclude-standard -- '*.h' '*.cpp' | grep -v '^tests/' | while read -r file; do
  [ -f "$file" ] && awk -v file="$file" '
    function layer(path) {
      if (path ~ /^runtime\/probe\//) return "runtime/probe"
      if (path ~ /^runtime\/export\//) return "runtime/export"
      sub(/\/.*/, "", path); return path
    }
    BEGIN {
      allowed["space"] = "space"
      allowed["runtime"] = "runtime"
      allowed["runtime/probe"] = "runtime/probe runtime"
      allowed["runtime/export"] = "runtime/export space runtime"
      allowed["hwprofiles"] = "hwprofiles space runtime runtime/probe runtime/export"
      allowed["costmodels"] = "costmodels space hwprofiles runtime runtime/probe"
      allowed["evaluators"] = "evaluators space runtime runtime/export"
      allowed["search"] = "search space"
      allowed["experiments"] = "*"
      heavy["torch/"] = "^evaluators/torch/"
      heavy["mpi.h"] = "^evaluators/mpi/"
      heavy["hdf5"] = "^hwprofiles/"
      heavy["onnx/"] = "^runtime/export/"
      heavy["nlohmann/"] = "^(experiments|hwprofiles|evaluators|runtime/probe)/"
      heavy["toml++/"] = "^(space|hwprofiles|experiments)/"
      heavy["Eigen/"] = "^(costmodels|search)/"
      heavy["tbb/"] = "^search/parallel"
      heavy["boost/program_options"] = "^experiments/"
      heavy["flatbuffers/"] = "^runtime/[a-z_]*[.]cpp$"
      heavy["immintrin.h"] = "^runtime/(kernels/|ticks|probe/peaks_x86)"
      mine = layer(file)
    }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
      split($0, part, "\""); path = part[2]
      if (path !~ /\//) {
        if (path == "model_generated.h" && mine == "runtime") next
        if (path == "torch_headers.h") next
        print file ":" FNR ": include \"" path "\" is not root-relative"; next
      }
      theirs = layer(path)
      if (mine == "space" && theirs == "runtime") {
        if (path != "runtime/graph.h") print file ":" FNR ": space may include runtime/graph.h only, not " path
        next
      }
      if (!(mine in allowed)) { print file ":" FNR ": no such layer: " mine; next }
      if (allowed[mine] == "*") next
      found = 0
      n = split(allowed[mine], names, " ")
      for (i = 1; i <= n; i++) if (names[i] == theirs) found = 1
      if (!found) print file ":" FNR ": " mine " may not include " path
    }
    /^[ \t]*#[ \t]*include[ \t]*</ {
      split($0, part, /[<>]/); path = part[2]
      for (h in heavy) if (index(path, h) == 1) {
        if (file !~ heavy[h]) print file ":" FNR ": <" path "> does not belong in this folder"
        else if (file ~ /\.h$/ && file !~ /^(evaluators\/torch|runtime\/kernels\/[a-z0-9_]+)\//) print file ":" FNR ": <" path "> may not stand in a header"
      }
    }' "$file"
done)

# Top-level folders are fixed.
extra=$(git ls-files | grep / | cut -d/ -f1 | sort -u |
  grep -vxE 'search|space|costmodels|evaluators|hwprofiles|runtime|experiments|tests|docs|\.ci' || true)
[ -z "$extra" ] || violations+=$'\n'"top-level folders that the layout does not have: $extra"

# The check itself must be able to fail.
if [ -n "${violations//[$'\n']/}" ]; then
  printf '%s\n' "$violations"
  exit 1
fi
echo "layering: $(git ls-files '*.h' '*.cpp' | grep -vc '^tests/') files hold the table"
