#!/usr/bin/env bash
# A killed search goes on where it was: kill -9 at chosen journal lengths, death inside a write, and
# a full disk; then the same command gives front.json to the byte, with one thread and with two.
set -euo pipefail
. tests/scripts/lib.sh
budget=8000
sed "s/evaluations = 400/evaluations = $budget/" experiments/configs/proxy.toml >"$work/experiment.toml"

answered() { grep -c '^{"evaluation":' "$1/journal.jsonl" || true; }
search() { "$edgefront" search "$work/experiment.toml" --out "$1" --threads "$2"; }
finish_and_compare() {
  search "$1" "$2" >"$work/finish.txt" 2>&1 || { cat "$work/finish.txt" >&2; die "resuming $1 failed"; }
  [ "$(answered "$1")" -eq $budget ] || die "$1 has $(answered "$1") evaluations instead of $budget"
  cmp "$work/whole/front.json" "$1/front.json" || die "front.json differs after $1"
  cmp "$work/whole/front.csv" "$1/front.csv" || die "front.csv differs after $1"
  checks=$((checks + 1))
}

search "$work/whole" 1 >/dev/null 2>&1 || die "the uninterrupted run failed"
size=$(stat -c %s "$work/whole/journal.jsonl")
finish_and_compare "$work/whole" 2  # a finished run: nothing is asked again
search "$work/two" 2 >/dev/null 2>&1
finish_and_compare "$work/two" 1

# kill -9 to a search in $run on $threads threads once its journal has so many bytes.
kill_at() {
  search "$run" $threads >/dev/null 2>&1 &
  local pid=$!
  while [ "$(stat -c %s "$run/journal.jsonl" 2>/dev/null || echo 0)" -lt "$1" ] &&
    kill -0 $pid 2>/dev/null; do :; done
  # `search` is a function in a subshell: its child is the program.
  pkill -9 -P $pid 2>/dev/null || kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
  pkill -9 -f "$run" 2>/dev/null || true
}

for threads in 1 2; do
  for percent in 1 25 50 75; do
    run=$work/killed.$threads.$percent
    target=$((size * percent / 100))
    for attempt in 1 2 3 4 5; do  # on a busy machine this shell may sleep past the end of a search
      rm -rf "$run"
      kill_at $target
      [ "$(answered "$run")" -lt $budget ] && break
      [ $attempt -lt 5 ] || die "five kills at $percent % came after the end"
    done
    finish_and_compare "$run" $threads
  done
done

# Death inside a write: a file-size limit lets only the first part of a line through, then the signal
# ends the process. The last line must be torn.
run=$work/torn
(ulimit -c 0; ulimit -f $((size / 2 / 1024)); search "$run" 1 >/dev/null 2>&1) || true
[ "$(tail -c 1 "$run/journal.jsonl" | od -An -c | tr -d ' ')" != '\n' ] || die "the last line is not torn"
[ "$(answered "$run")" -lt $budget ] || die "the torn journal is complete"
finish_and_compare "$run" 1
grep -q 'torn' "$work/finish.txt" || die "no notice of the torn line"

# A full disk: the same limit with the signal ignored makes the write fail.
run=$work/full
code=0
(trap '' XFSZ; ulimit -f $((size / 2 / 1024)); search "$run" 1 >"$work/out.txt" 2>&1) || code=$?
[ $code -eq 3 ] || { cat "$work/out.txt" >&2; die "a full disk gave exit code $code instead of 3"; }
grep -q 'journal.jsonl' "$work/out.txt" || die "the message does not name the journal"
finish_and_compare "$run" 1

# A real full file system, where this user may mount one.
run=$work/disk
mkdir "$run"
if mount -t tmpfs -o size=$((size / 3)) tmpfs "$run" 2>/dev/null; then
  code=0
  search "$run" 1 >"$work/out.txt" 2>&1 || code=$?
  mount -o remount,size=64M "$run"
  [ $code -eq 3 ] || { cat "$work/out.txt" >&2; umount "$run"; die "a full file system gave $code"; }
  finish_and_compare "$run" 1
  umount "$run"
else
  echo "SKIPPED: a full file system (mounting one needs root)"
fi

# Other keys are refused by name, a larger budget is not.
sed 's/^seed = 1/seed = 2/' "$work/experiment.toml" >"$work/other.toml"
refuse 'seed' "$edgefront" search "$work/other.toml" --out "$work/whole"

# A seed on the command line is that of the file, for a new run and for the one that it began.
seeded=("$edgefront" search "$work/few.toml" --out "$work/seeded")
sed "s/evaluations = $budget/evaluations = 50/" "$work/experiment.toml" >"$work/few.toml"
sed 's/^seed = 1/seed = 2/' "$work/few.toml" >"$work/two.toml"
expect 0 '50 evaluations \(0 from the journal' "${seeded[@]}" --seed 2
expect 0 '50 evaluations \(0 from the journal' "$edgefront" search "$work/two.toml" --out "$work/second"
cmp "$work/second/front.csv" "$work/seeded/front.csv" || die "--seed 2 is not seed = 2"
grep -q '^seed = 2$' "$work/seeded/experiment.toml" || die "the resolved experiment has another seed"
expect 0 '50 from the journal' "${seeded[@]}" --seed 2
refuse 'begun with seed = 2 and is now given 1' "${seeded[@]}"
refuse 'begun with seed = 2 and is now given 3' "${seeded[@]}" --seed 3
refuse "seed is '-1'; accepted are whole numbers" "${seeded[@]}" --seed -1

sed -i "s/evaluations = $budget/evaluations = $((budget + 40))/" "$work/experiment.toml"
budget=$((budget + 40))
search "$work/whole" 2 >/dev/null 2>&1 || die "a larger budget was refused"
[ "$(answered "$work/whole")" -eq $budget ] || die "the larger budget was not used"

echo "resume: $checks checks, journal of $size bytes"
