#!/usr/bin/env bash
# The main job on a small space, from measuring this machine to a report, as the commands do it.
set -euo pipefail
. tests/scripts/lib.sh

cat >"$work/space.toml" <<'TOML'
name = "tiny"
classes = 10
[input]
resolution = 28
channels = 1
[stem]
width = 8
stride = 2
[[stages]]
depth = [1, 2]
width = [8, 16]
stride = 2
op = ["dwsep", "mbconv"]
kernel_size = 3
expand_ratio = 2
se_ratio = [0, 0.25]
[head]
width = [0, 32]
activation = "hswish"
TOML
cat >"$work/experiment.toml" <<TOML
name = "main job"
seed = 3
space = { file = "$work/space.toml" }
device = [{ name = "host", profile = "$work/host.h5", precision = "int8" }]
objectives = ["error", "latency_us"]
evaluator = { kind = "proxy" }
search = { algorithm = "random", evaluations = 30, in_flight = 10, threads = 2 }
export = { held_out = 5000, calibration_images = 128, max_loss_percent = 50 }
TOML
json_has() { # FILE KEY...: keys that scripts rely on
  local file=$1 key
  shift
  for key in "$@"; do
    grep -q "\"$key\":" "$file" || { cat "$file" >&2; die "no key $key in $file"; }
  done
}

expect 0 'decisions' "$edgefront" space "$work/space.toml"
"$edgefront" layers "$work/space.toml" --precision int8 --networks 2 >"$work/jobs.jsonl"
[ "$(grep -c '"layer"' "$work/jobs.jsonl")" -ge 5 ] || die "too few layer jobs"
"$bin/edgefront-probe" "$work/jobs.jsonl" >"$work/results.jsonl" || die "the probe failed"
[ "$(wc -l <"$work/results.jsonl")" -gt "$(wc -l <"$work/jobs.jsonl")" ] || die "results are missing"
expect 0 '"architecture"' "$bin/edgefront-probe" --describe

expect 0 'layers' "$edgefront" profile --space "$work/space.toml" --precision int8 --networks 10 --out "$work/host.h5"
[ "$("$edgefront" layers "$work/space.toml" --precision int8 --missing-in "$work/host.h5" | wc -l)" -eq 0 ] ||
  die "the profile lacks layers"
expect 0 'calibration int8' "$edgefront" profile --show "$work/host.h5"
"$edgefront" profile --validate "$work/host.h5" --space "$work/space.toml" --precision int8 \
  --networks 5 --json >"$work/validate.json" 2>/dev/null || die "validating failed"
json_has "$work/validate.json" networks mape_percent within_5_percent within_10_percent spearman coverage_90_percent
"$edgefront" search "$work/experiment.toml" --out "$work/run" >/dev/null 2>&1 || die "the search failed"
json_has "$work/run/front.json" objectives reference hypervolume evaluations members genotype
genotype=$(grep -o '"genotype":"[^"]*"' "$work/run/front.json" | head -n 1 | cut -d'"' -f4)
"$edgefront" estimate "$work/space.toml" "$genotype" --device "$work/host.h5" --json >"$work/estimate.json"
json_has "$work/estimate.json" latency_us latency_low_us latency_high_us energy_uj energy_source arena_bytes \
  peak_memory_bytes weights_bytes macs
# fp32 was not measured: the message names the command that measures it.
expect 2 'edgefront profile' "$edgefront" estimate "$work/space.toml" "$genotype" --device "$work/host.h5" --precision fp32

if [ ! -e "$bin/libedgefront_torch.so" ]; then
  expect 3 'libtorch' "$edgefront" export "$work/run" --select best --data fashion-mnist --out "$work/models"
  echo "SKIPPED aloud: training and export (built without libtorch); $checks checks before it"
  exit 0
fi
"$edgefront" export "$work/run" --select spread:2 --data fashion-mnist --epochs 0.2 --out "$work/models" --format onnx,c \
  >"$work/export.txt" 2>&1 || { cat "$work/export.txt" >&2; die "the export failed"; }
json_has "$work/run/front.json" measured float_top1 int8_top1 files latency_us
models=("$work"/models/*.efm)
for model in "${models[@]}"; do
  expect 0 '' "$bin/edgefront-run" "$model" --self-test
  [ -s "${model%.efm}.onnx" ] || die "no .onnx beside $model"
  "$bin/c_export_cases" "$work/c" 1 "$model" || die "no C cases of $model"
  cmp "$work/c/network_0.c" "${model%.efm}.c" || die "the C file is not that of $model"
  expect 0 '' gcc -std=c99 -O2 -ffp-contract=off -I"$work/c" -o "$work/c/program" "$work/c/case_0.c" tests/c_export/harness.c
  expect 0 'every byte is equal' "$work/c/program" "$work/c/cases.bin"
  cp "$model" "$work/flipped.efm"
  printf '\xff' | dd of="$work/flipped.efm" bs=1 seek=2000 conv=notrunc status=none
  cmp -s "$model" "$work/flipped.efm" || expect 2 'flipped.efm' "$bin/edgefront-run" "$work/flipped.efm" --self-test
done
"$edgefront" evaluate "${models[0]}" --data fashion-mnist --json >"$work/evaluate.json"
json_has "$work/evaluate.json" top1 images
"$edgefront" bench "${models[0]}" --json >"$work/bench.json" 2>/dev/null
json_has "$work/bench.json" latency_us p50_us p95_us p99_us arena_bytes packed_bytes weights_bytes kernels layers \
  inferences_per_s load_us first_invoke_us energy_uj energy_source temperature_rise_c
expect 0 'html' "$edgefront" report "$work/run" --out "$work/report.html"
grep -q '<svg' "$work/report.html" || die "no plot in the report"
for precision in fastest fp32; do # the profile knows int8 only: the first keeps all in int8, and says what it misses
  "$edgefront" export "$work/run" --select best --data fashion-mnist --epochs 0.1 --precision $precision \
    --out "$work/$precision" --format efm >"$work/$precision.txt" 2>&1 ||
    { cat "$work/$precision.txt" >&2; die "exporting in $precision failed"; }
  expect 0 'probes agree' "$bin/edgefront-run" "$work/$precision"/*.efm --self-test
done
grep -q '^0 of .* layers stay fp32' "$work/fastest.txt" || die "no word about the layers that stay fp32"
grep -q 'edgefront profile .*--precision int8,fp32' "$work/fastest.txt" || die "no word about the missing entries"
grep -q '"precision": "fp32"' "$work/run/exports.json" || die "exports.json does not say the precision"
expect 2 'spread' "$edgefront" export "$work/run" --select spread:x --data fashion-mnist --out "$work/models"

echo "main job: $checks checks, ${#models[@]} models"
