#!/usr/bin/env bash
# The documented example of an evaluator of one's own: it searches, it dies with a killed search, the
# search goes on where it was, and an evaluator that cannot begin stops it before anything is written.
set -euo pipefail
. tests/scripts/lib.sh
command -v python3 >/dev/null || { echo "SKIPPED: the example needs python3"; exit 77; }
python3 -c 1 2>/dev/null || { echo "SKIPPED: python3 does not run"; exit 77; }

search() { "$edgefront" search "$1" --out "$2"; }
# Standard errors and columns of an evaluation, without what differs from run to run.
answers() { grep '^{"evaluation"' "$1/journal.jsonl" | sed 's/,"seconds".*//' | sort; }

expect 0 ' 0 failed' search experiments/configs/command.toml "$work/whole"
answers "$work/whole" >"$work/whole.txt"
[ "$(wc -l <"$work/whole.txt")" -eq 100 ] || die "not 100 evaluations"
grep -q '"standard_errors":\[0.2,0\].*"weights":' "$work/whole.txt" || die "no standard error or column in the journal"
[ "$(ls "$work/whole" | grep -c '^evaluator\.[12]\.log$')" -eq 2 ] || die "not two copies"

# The same evaluator, slower and with a mark in its command line, so that its copies can be found.
sed 's/^for line in sys.stdin:/&\n    import time; time.sleep(0.02)/' experiments/examples/evaluator.py >"$work/evaluator.py"
sed "s|experiments/examples/evaluator.py|$work/evaluator.py|" experiments/configs/command.toml >"$work/slow.toml"
copies() { pgrep -f "^[^ ]*python[^ ]* $work/evaluator.py" | wc -l; }
"$edgefront" search "$work/slow.toml" --out "$work/killed" >"$work/killed.txt" 2>&1 &
pid=$!
for _ in $(seq 1 2000); do
  [ "$(grep -c '^{"evaluation"' "$work/killed/journal.jsonl" 2>/dev/null || true)" -ge 20 ] 2>/dev/null && break
  kill -0 $pid 2>/dev/null || die "the search ended before it could be killed"
  sleep 0.01
done
[ "$(copies)" -ge 1 ] || die "the evaluator is not running"
kill -9 $pid
wait $pid 2>/dev/null || true
for _ in $(seq 1 500); do [ "$(copies)" -eq 0 ] && break; sleep 0.02; done
[ "$(copies)" -eq 0 ] || die "copies of the evaluator outlive a killed search"
expect 0 'from the journal' search "$work/slow.toml" "$work/killed"
answers "$work/killed" | cmp - "$work/whole.txt" || die "a killed and resumed search has other answers"
cmp "$work/whole/front.json" "$work/killed/front.json" || die "a killed and resumed search has another front"

# Another version of the evaluator is not resumed.
sed -i 's/"version": "1"/"version": "2"/' "$work/evaluator.py"
refuse 'digest of evaluator has changed' search "$work/slow.toml" "$work/killed"

sed 's/"python3", "[^"]*"/"no-such-program"/' experiments/configs/command.toml >"$work/missing.toml"
refuse 'there is no program "no-such-program"' search "$work/missing.toml" "$work/missing"
[ ! -e "$work/missing" ] || die "a search without evaluator left a folder"
sed 's/evaluator.py/no_such_script.py/' experiments/configs/command.toml >"$work/script.toml"
refuse "no_such_script.py.* ended with exit code 2 .*can't open file" search "$work/script.toml" "$work/script"

echo "command evaluator: $checks checks"
