#!/usr/bin/env bash
# Every algorithm finds the same front to the byte for any number of threads and after kill -9 at
# random moments, on a table made here; SIGTERM ends a search within its grace, a second signal at
# once, and nothing that had ended is lost. EDGEFRONT_KILLS: how often each algorithm is killed.
set -euo pipefail
. tests/scripts/lib.sh

# The algorithms as the program lists them.
"$edgefront" search --table /dev/null --decisions a --objectives b --algorithm '?' --out "$work/none" \
  >"$work/out.txt" 2>&1 || true
algorithms=$(sed -n 's/.*accepted are //p' "$work/out.txt" | tr -d '",' | tr '\n' ' ')
[ -n "$algorithms" ] || { cat "$work/out.txt" >&2; die "the program does not list its algorithms"; }

seed=${EDGEFRONT_TEST_SEED:-$(($(date +%s) % 32768))}
echo "random moments of seed $seed"
RANDOM=$seed
moments=${EDGEFRONT_KILLS:-5}
make_table "$work/table.csv"
kills=0 unfinished=0
size() { stat -c %s "$1/journal.jsonl" 2>/dev/null || echo 0; }
for algorithm in $algorithms; do
  # An algorithm that models its answers takes its time over them.
  budget=2000
  [ "$algorithm" = ehvi ] && budget=60
  table_experiment "$algorithm" $budget >"$work/$algorithm.toml"
  search() { "$edgefront" search "$work/$algorithm.toml" --out "$work/$algorithm.$1" --threads "$2"; }
  expect 0 "$budget evaluations" search whole 1
  same() {
    cmp "$work/$algorithm.whole/front.json" "$work/$algorithm.$1/front.json" || die "$algorithm: another front: $1"
    cmp "$work/$algorithm.whole/hypervolume.csv" "$work/$algorithm.$1/hypervolume.csv" || die "$algorithm: another curve: $1"
    checks=$((checks + 1))
  }
  for threads in 2 4; do
    expect 0 '' search threads$threads $threads
    same threads$threads
  done
  # One run that is killed where its journal has reached random lengths, and goes on each time.
  whole=$(size "$work/$algorithm.whole")
  run=$work/$algorithm.killed
  for share in $(for _ in $(seq "$moments"); do echo $((RANDOM % 1000)); done | sort -n); do
    "$edgefront" search "$work/$algorithm.toml" --out "$run" --threads $((kills % 3 + 1)) >"$work/log.txt" 2>&1 &
    pid=$!
    while [ "$(size "$run")" -lt $((whole * share / 1000)) ] && kill -0 $pid 2>/dev/null; do :; done
    kill -9 $pid 2>/dev/null || true
    code=0
    wait $pid 2>/dev/null || code=$?
    # A run that ended before the kill reached it ended well.
    [ $code -eq 137 ] || [ $code -eq 0 ] || { cat "$work/log.txt" >&2; die "$algorithm: exit code $code"; }
    kills=$((kills + 1))
    [ -e "$run/front.json" ] || unfinished=$((unfinished + 1))  # the last thing that is written
  done
  expect 0 "$budget evaluations" search killed 2
  same killed
done

# An evaluator that takes a while.
sed 's/^for line in sys.stdin:/&\n    import time; time.sleep(float(sys.argv[1]))/' experiments/examples/evaluator.py >"$work/evaluator.py"
config() { # SECONDS per evaluation
  sed "s|\"experiments/examples/evaluator.py\"|\"$work/evaluator.py\", \"$1\"|" experiments/configs/command.toml
}
answered() { { grep -s '^{"evaluation":' "$1/journal.jsonl" || true; } | wc -l; }
begin() { # RUN ANSWERS OPTIONS...: a search in the background, waited for until it has some answers
  local run=$1 answers=$2
  shift 2
  "$edgefront" search "$work/slow.toml" --out "$run" "$@" >"$work/log.txt" 2>&1 &
  pid=$!
  for _ in $(seq 3000); do
    [ "$(answered "$run")" -ge "$answers" ] && return
    kill -0 $pid 2>/dev/null || { cat "$work/log.txt" >&2; die "the search ended by itself"; }
    sleep 0.01
  done
  die "the search gives no answers"
}
signals="TERM INT HUP" second=HUP
# What nohup starts ignores SIGHUP, and goes on ignoring it.
[ $((0x$(sed -n 's/^SigIgn:\s*//p' /proc/self/status) & 1)) -eq 0 ] || signals="TERM INT" second=TERM
ended() { # CODE PATTERN
  local code=0
  wait $pid || code=$?
  [ $code -eq "$1" ] || { cat "$work/log.txt" >&2; die "exit code $code instead of $1"; }
  grep -qE -- "$2" "$work/log.txt" || { cat "$work/log.txt" >&2; die "no '$2'"; }
  checks=$((checks + 1))
}
if python3 -c 1 2>/dev/null; then
  config 0.05 >"$work/slow.toml"
  for signal in $signals; do
    begin "$work/signal.$signal" 3
    kill -$signal $pid
    # A background job of a script is started with SIGINT ignored.
    if [ $signal = INT ]; then kill -TERM $pid; fi
    ended 3 'stopped after [0-9]+ of 100 evaluations; all of them are journalled: give the same command'
  done
  kept=$(answered "$work/signal.TERM")

  begin "$work/locked" 1
  expect 3 "another process is writing this run: process $pid on $(uname -n); wait" \
    "$edgefront" search "$work/slow.toml" --out "$work/locked"
  kill -9 $pid
  wait $pid 2>/dev/null || true
  expect 0 '' "$edgefront" search "$work/slow.toml" --out "$work/locked" --grace 1min
  expect 0 "$kept from the journal" "$edgefront" search "$work/slow.toml" --out "$work/signal.TERM"
  cmp "$work/locked/front.json" "$work/signal.TERM/front.json" || die "a stopped search has another front"

  # What does not end within the grace is abandoned, and a second signal waits for nothing.
  config 1000 >"$work/slow.toml"
  "$edgefront" search "$work/slow.toml" --out "$work/abandoned" --grace 100ms >"$work/log.txt" 2>&1 &
  pid=$!
  until grep -q '"ask":0' "$work/abandoned/journal.jsonl" 2>/dev/null; do sleep 0.01; done
  kill -TERM $pid
  ended 3 'the grace is over: abandons what is under way; what had ended is in the journal'
  "$edgefront" search "$work/slow.toml" --out "$work/twice" --grace 1h >"$work/log.txt" 2>&1 &
  pid=$!
  until grep -q '"ask":0' "$work/twice/journal.jsonl" 2>/dev/null; do sleep 0.01; done
  kill -TERM $pid
  until grep -q 'finishes what ends within 3600 s' "$work/log.txt"; do sleep 0.01; done
  kill -$second $pid
  ended 3 "SIG$second, the second signal: stops at once"
else
  echo "SKIPPED: signals (the example of an evaluator needs python3)"
fi
refuse '--grace: came "soon"' "$edgefront" search "$work/nsga2.toml" --out "$work/none" --grace soon

echo "determinism: $checks checks, $kills kills, $unfinished of them before the end"
