#!/usr/bin/env bash
# Every command has --help; what is wrong gives one clear line and exit code 2.
set -euo pipefail
. tests/scripts/lib.sh
space=experiments/spaces/fashion_small.toml

expect 0 'Commands:' "$edgefront" --help
expect 0 '^edgefront [0-9]' "$edgefront" --version
for command in space layers profile estimate search batch export evaluate bench report; do
  expect 0 "Usage: edgefront $command" "$edgefront" $command --help
  refuse "no-such-flag.*see edgefront $command --help" "$edgefront" $command --no-such-flag
done
for program in edgefront-run edgefront-probe; do
  expect 0 '[Uu]sage' "$bin/$program" --help
  expect 2 'no-such-flag' "$bin/$program" --no-such-flag
done

refuse "no command 'serach'; accepted are space" "$edgefront" serach
refuse 'missing SPACE.toml' "$edgefront" space
refuse 'missing.toml' "$edgefront" space "$work/missing.toml"
refuse "samples is 'many'; accepted are whole numbers" "$edgefront" space $space --samples many
refuse "threads is 'two'; accepted are whole numbers from 1" "$edgefront" profile --space $space --out "$work/x.h5" --threads 1,two
refuse 'threads 1024: this ' "$edgefront" profile --space $space --out "$work/x.h5" --threads 1,1024
refuse 'threads needs a whole number' "$bin/edgefront-run" model.efm --self-test --threads 0
refuse "precision is 'int4'; accepted are" "$edgefront" profile --space $space --out "$work/x.h5" --precision int4

# What would be ignored is refused, and so is an empty value.
profile=tests/hwprofiles/fixtures/profile_v1.h5
refuse '^edgefront: space: --seed is empty; see edgefront space --help' "$edgefront" space $space --seed ''
refuse 'space: too many arguments: accepted are 1' "$edgefront" space $space $space
refuse "option '--seed' cannot be specified more than once" "$edgefront" space $space --seed 1 --seed 2
refuse 'out has no meaning with --show' "$edgefront" profile --show $profile --out "$work/x.h5"
refuse 'profile --from: --out is missing' "$edgefront" profile --from "$work/results.jsonl"
refuse 'report is of --validate, which is not given' "$edgefront" profile --space $space --out "$work/x.h5" --report "$work/x.html"
refuse 'retries is of --on' "$edgefront" profile --space $space --out "$work/x.h5" --retries 3
refuse 'precision has int8 twice' "$edgefront" profile --space $space --out "$work/x.h5" --precision int8,int8
refuse 'precision is of --model' "$edgefront" bench tests/runtime/fixtures/version1.efm --precision fp32
refuse 'min-seconds: came "soon"' "$edgefront" bench --model mobilenet_v2 --mlperf --min-seconds soon
refuse 'budget is of --table' "$edgefront" search experiments/configs/proxy.toml --out "$work/run" --budget 5
refuse 'EXPERIMENT.toml has no meaning with --table' "$edgefront" search experiments/configs/proxy.toml --table "$work/t.csv" --out "$work/run"
refuse 'period has no meaning with a description' "$edgefront" estimate $space mobilenet_v2_like --device hwprofiles/devices/x86_workstation.toml --period 1s
refuse 'period: came "often"' "$edgefront" estimate $space mobilenet_v2_like --device $profile --period often
refuse 'File name too long' "$edgefront" report "$(printf 'x%.0s' {1..300})" --out "$work/report.html"
[ ! -e "$work/run" ] && [ ! -e "$work/x.h5" ] || die "a refused command line left a file"

# The probe: a folder is no empty job file, options exclude each other, and nothing is written over.
probe=$bin/edgefront-probe
refuse "cannot read job file.*Is a directory" "$probe" "$work"
refuse 'no layer among the jobs' "$probe" --compare /dev/null
refuse 'exclude each other' "$probe" --compare --describe
refuse 'trace is of --soak' "$probe" /dev/null --trace "$work/trace.jsonl"
refuse 'cores needs a value' "$probe" /dev/null --cores ''
refuse 'peer stands twice' "$probe" --describe --peer a:1 --peer b:2
echo kept >"$work/trace.jsonl"
refuse "soak is 'long'" "$probe" --soak long --trace "$work/trace.jsonl"
grep -q kept "$work/trace.jsonl" || die "a refused soak has written over a trace"

# A run that was refused before its first ask may be begun anew with what is mended; a device is never
# replaced by a file.
sed 's/^command = .*/command = ["false"]/' experiments/configs/command.toml >"$work/mended.toml"
refuse 'ended with exit code 1 before it said what it is' "$edgefront" search "$work/mended.toml" --out "$work/mended"
cp experiments/configs/command.toml "$work/mended.toml"
expect 0 '100 evaluations' "$edgefront" search "$work/mended.toml" --out "$work/mended"
mkfifo "$work/pipe"
refuse 'pipe: not a regular file' "$edgefront" report "$work/mended" --out "$work/pipe"
[ -p "$work/pipe" ] || die "a report has replaced a pipe"

# Unknown key, wrong type and broken syntax in a space and in an experiment.
sed '0,/^classes/s//klasses/' $space >"$work/typo.toml"
refuse 'klasses|classes' "$edgefront" space "$work/typo.toml"
head -c 300 $space >"$work/cut.toml"
refuse 'cut.toml' "$edgefront" space "$work/cut.toml"
printf 'name = "x"\nsead = 7\n' >"$work/experiment.toml"
refuse 'experiment.toml' "$edgefront" search "$work/experiment.toml" --out "$work/run"
[ ! -e "$work/run/journal.jsonl" ] || die "a refused experiment left a journal"

# Files from outside: missing, truncated, flipped.
refuse 'missing.h5' "$edgefront" profile --show "$work/missing.h5"
refuse 'missing.efm' "$edgefront" bench "$work/missing.efm"
head -c 100 tests/runtime/fixtures/*.efm >"$work/short.efm" 2>/dev/null || die "no .efm fixture"
refuse 'short.efm' "$edgefront" bench "$work/short.efm"
refuse 'give either MODEL.efm or --model NAME' "$edgefront" bench
expect 0 'energy none .not measured through --on' "$edgefront" bench tests/runtime/fixtures/version1.efm --max-samples 100 --on "$bin/edgefront-probe -"
refuse "network 'resnet' is unknown; accepted are mobilenet_v2" "$edgefront" bench --model resnet
expect 0 '"latency_us"' "$edgefront" bench --model mobilenet_v2 --precision int8 --max-samples 100 --json
expect 0 'roofs of ' "$edgefront" bench tests/runtime/fixtures/version1.efm --layers --trace "$work/trace.json"
grep -q '"traceEvents"' "$work/trace.json" || die "no trace"
expect 0 'not by MLPerf' "$edgefront" bench tests/runtime/fixtures/version1.efm --mlperf --min-queries 9 --min-seconds 0
expect 0 '"by_the_rule": false' "$edgefront" bench tests/runtime/fixtures/version1.efm --mlperf --min-queries 9 --min-seconds 0 --json
refuse "min-queries is '0'" "$edgefront" bench tests/runtime/fixtures/version1.efm --mlperf --min-queries 0
expect 2 'short.efm' "$bin/edgefront-run" "$work/short.efm" --self-test
head -c 1000 tests/hwprofiles/fixtures/profile_v1.h5 >"$work/short.h5"
refuse 'short.h5' "$edgefront" profile --show "$work/short.h5"
refuse 'short.h5' "$edgefront" estimate $space mobilenet_v2_like --device "$work/short.h5"

# Tables of others: an import is a profile that estimates and searches take.
printf 'key,lat_ms\nConv-input:224x224x3-output:112x112x32,1\n' >"$work/table.csv"
expect 0 '1 blocks' "$edgefront" profile --import "$work/table.csv" --format proxyless --out "$work/table.h5" --space experiments/spaces/ofa_proxyless.toml
expect 0 'conv 224x224x3>112x112x32 k3 s2 r224' "$edgefront" profile --show "$work/table.h5"
refuse 'exists; an import makes a new profile' "$edgefront" profile --import "$work/table.csv" --out "$work/table.h5"
refuse "format is 'csv'; accepted are ofa, proxyless and fbnet-blocks" "$edgefront" profile --import "$work/table.csv" --format csv --out "$work/y.h5"
refuse 'has no entry for mbconv' "$edgefront" estimate experiments/spaces/ofa_proxyless.toml 0.2.00.01.10.21.2.11.21.20.20.2.20.00.01.01.2.00.11.10.21.2.21.20.11.11.00 --device "$work/table.h5"
refuse 'no other profile has half of the' "$edgefront" profile --space $space --precision int8 --transfer-from tests/hwprofiles/fixtures/profile_v1.h5 --out "$work/y.h5"
[ ! -e "$work/y.h5" ] || die "a refused transfer left a file"

refuse 'nosuchset' env EDGEFRONT_KERNELS=nosuchset "$edgefront" profile --space $space --out "$work/x.h5"
refuse 'fashion-mist' "$edgefront" evaluate tests/runtime/fixtures/*.efm --data fashion-mist
refuse "on-miss is 'guess'" "$edgefront" estimate $space mobilenet_v2_like --device tests/hwprofiles/fixtures/profile_v1.h5 --on-miss guess
refuse 'no_such_arch' "$edgefront" estimate $space no_such_arch --device tests/hwprofiles/fixtures/profile_v1.h5
refuse 'missing-run' "$edgefront" export "$work/missing-run" --select knee --out "$work/models"
refuse "format is 'tflite'; accepted are efm, onnx, c" "$edgefront" export "$work/missing-run" --select knee --out "$work/models" --format tflite
refuse "precision is 'int4'; accepted are int8, fp32 and fastest" "$edgefront" export "$work/missing-run" --select knee --out "$work/models" --precision int4
refuse 'format c needs --precision int8' "$edgefront" export "$work/missing-run" --select knee --out "$work/models" --precision fastest --format c
refuse 'missing-run' "$edgefront" report "$work/missing-run" --out "$work/report.html"
[ ! -e "$work/report.html" ] || die "a refused report left a file"

echo "command line: $checks checks"
