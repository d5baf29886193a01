#!/usr/bin/env bash
# A search under a latency budget measures its winners in probes of their own and keeps who is within
# it; with a profile of another machine all members say that they are predicted only.
set -euo pipefail
. tests/scripts/lib.sh
probe=$bin/edgefront-probe
cat >"$work/tiny.toml" <<'END'
name = "tiny"
classes = 10
[input]
resolution = 16
channels = 1
[stem]
width = 8
[[stages]]
depth = [1, 2]
width = [8, 16]
op = "dwsep"
kernel_size = [3, 5]
stride = 2
[head]
width = 0
END
experiment() {  # PROFILE BUDGET
  cat <<END
name = "budget"
seed = 1
space = { file = "$work/tiny.toml" }
device = [{ name = "host", profile = "$1" }]
objectives = ["error", "latency_us"]
constraints = { latency_us = "$2" }
evaluator = { kind = "proxy" }
search = { algorithm = "random", in_flight = 8, evaluations = 16 }
END
}
"$edgefront" profile --space "$work/tiny.toml" --out "$work/host.h5" --precision int8 --networks 8 \
  >"$work/out.txt" 2>&1 || { cat "$work/out.txt" >&2; die "the tiny space was not profiled"; }

# A generous budget: every member is measured, none is dropped, and nothing is measured twice.
experiment "$work/host.h5" 1s >"$work/generous.toml"
expect 0 'within the budget as measured \([1-9][0-9]* of them now\), 0 over it' \
  "$edgefront" search "$work/generous.toml" --out "$work/generous"
members=$(grep -c '^{"index"' "$work/generous/front.json")
measured=$(grep -c '"measured":{"latency_high_us":' "$work/generous/front.json")
[ "$members" -eq "$measured" ] || die "$measured of $members members were measured"
cp "$work/generous/front.json" "$work/before.json"
expect 0 '\(0 of them now\)' "$edgefront" search "$work/generous.toml" --out "$work/generous"
cmp "$work/before.json" "$work/generous/front.json" || die "the winners were measured again"

# A device on which everything takes a hundred thousand times longer: every network is over the
# budget, and the command says so.
experiment "$work/host.h5" 10ms >"$work/slow.toml"
cat >"$work/slow_probe.sh" <<END
"$probe" - | sed -E -u 's/"(latency_us|latency_low_us|latency_high_us|p50_us|p95_us|p99_us)":([0-9])/"\1":99999\2/g'
END
expect 4 'no network is within the budget as measured' \
  "$edgefront" search "$work/slow.toml" --out "$work/slow" --on "sh $work/slow_probe.sh"
grep -q '"dropped":\[' "$work/slow/front.json" || die "front.json does not list what was dropped"
grep -q 'over the budget of 10000.00 us' "$work/slow/front.json" || die "no reason in front.json"

# Another device than the profile's: predicted only.
cat >"$work/other_probe.sh" <<END
"$probe" - | sed -E -u 's/"cpu_model":"[^"]*"/"cpu_model":"another"/'
END
expect 0 'predicted only: .*cpu_model' \
  "$edgefront" search "$work/slow.toml" --out "$work/other" --on "sh $work/other_probe.sh"
grep -q '"measured":"predicted only"' "$work/other/front.json" || die "no member is predicted only"

# No probe at the other end.
expect 3 'probe' "$edgefront" search "$work/slow.toml" --out "$work/none" --on "false"

echo "budget_test: $checks checks"
