#!/usr/bin/env bash
# `edgefront batch`: runs, a kill in the middle, the same command again, and what it writes.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

{
  echo 'a,b,c,err,ms'
  for a in 0 1 2 3 4 5 6; do for b in 0 1 2 3 4 5 6; do for c in 0 1 2 3 4 5 6; do
    echo "$a,$b,$c,$((90 - 7 * a - 4 * b - 2 * c + (a * 5 + b * 3 + c) % 4)),$((3 + 3 * a + 2 * b + c))"
  done; done; done
} >"$work/t.csv"
cat >"$work/e.toml" <<'TOML'
name = "table"
space = { file = "t.csv", decisions = ["a", "b", "c"] }
objectives = ["error", "latency_us"]
evaluator = { kind = "table", columns = { error = "err", latency_us = "ms" } }
search = { algorithm = "nsga2", population = 12, in_flight = 2, evaluations = 150 }
TOML
cat >"$work/b.toml" <<'TOML'
name = "two algorithms"
experiments = ["e.toml"]
algorithms = ["nsga2", "random"]
seeds = 4
TOML
expect 0 'nsga2 against random after 150: 0[.][0-9]+ and 0[.][0-9]+, p = ' \
  "$edgefront" batch "$work/b.toml" --out "$work/whole"
[ "$(grep -c ',done,1,150,0' "$work/whole/summary.csv")" -eq 8 ] || die "8 runs are not done"
grep -q '<svg' "$work/whole/report.html" || die "no plot"

# Killed at some moment, then the same command: the same fronts.
"$edgefront" batch "$work/b.toml" --out "$work/cut" >/dev/null 2>&1 & pid=$!
sleep 0.15
kill -9 $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
expect 0 '"p":' "$edgefront" batch "$work/b.toml" --out "$work/cut" --json
for run in "$work"/whole/e-*; do
  cmp "$run/front.json" "$work/cut/${run##*/}/front.json" || die "${run##*/} differs after a kill"
done

# A run that fails is named, and the others are done.
printf '\n[[run]]\nexperiment = "e.toml"\nseed = 77\n' >>"$work/b.toml"
mkdir -p "$work/whole/e-nsga2-77"
echo '{' >"$work/whole/e-nsga2-77/manifest.json"
expect 3 '1 of 9 runs failed; the same command tries them again' \
  "$edgefront" batch "$work/b.toml" --out "$work/whole"
grep -q '"state": "failed"' "$work/whole/batch.json" || die "no failed state"
sed -i 's/seeds = 4/seeds = -4/' "$work/b.toml"
refuse 'b.toml:4: seeds' "$edgefront" batch "$work/b.toml" --out "$work/x"
echo "batch: $checks checks"
