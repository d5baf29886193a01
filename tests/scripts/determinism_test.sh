#!/usr/bin/env bash
# Every algorithm finds the same front to the byte for any number of threads and after kill -9 at
# random moments; SIGTERM ends a search within its grace, a second signal at once, and nothing that
# had ended is lost.
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
kills=0 unfinished=0
for algorithm in $algorithms; do
  # An algorithm that models its answers takes its time over them.
  budget=200
  [ "$algorithm" = ehvi ] && budget=60
  sed "s/algorithm = \"[a-z0-9_]*\"/algorithm = \"$algorithm\"/; s/evaluations = 400/evaluations = $budget/" \
    experiments/configs/proxy.toml >"$work/$algorithm.toml"
  search() { "$edgefront" search "$work/$algorithm.toml" --out "$work/$algorithm.$1" --threads "$2"; }
  begun=$(date +%s%N)
  expect 0 '' search whole 1
  took=$(($(date +%s%N) - begun))
  same() {
    cmp "$work/$algorithm.whole/front.json" "$work/$algorithm.$1/front.json" || die "$algorithm: another front: $1"
    cmp "$work/$algorithm.whole/hypervolume.csv" "$work/$algorithm.$1/hypervolume.csv" || die "$algorithm: another curve: $1"
    checks=$((checks + 1))
  }
  for threads in 2 4; do
    expect 0 '' search threads$threads $threads
    same threads$threads
  done
  # Twenty kills, each of a run that goes on where the last one ended, until it is finished.
  for kill in $(seq 20); do
    moment=$((took * (RANDOM % 1000) / 1000 / 2))
    after=$((moment / 1000000000)).$(printf %09d $((moment % 1000000000)))
    # In a shell of its own, which says nothing of the kill.
    (timeout -s KILL $after "$edgefront" search "$work/$algorithm.toml" --out "$work/$algorithm.killed" \
      --threads $((kill % 3 + 1)) || true) >/dev/null 2>&1
    kills=$((kills + 1))
    if [ -e "$work/$algorithm.killed/front.json" ]; then  # the last thing that is written
      same killed
      rm -rf "$work/$algorithm.killed"
    else
      unfinished=$((unfinished + 1))
    fi
  done
  expect 0 '' search killed 2
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
ended() { # CODE PATTERN
  local code=0
  wait $pid || code=$?
  [ $code -eq "$1" ] || { cat "$work/log.txt" >&2; die "exit code $code instead of $1"; }
  grep -qE -- "$2" "$work/log.txt" || { cat "$work/log.txt" >&2; die "no '$2'"; }
  checks=$((checks + 1))
}
if python3 -c 1 2>/dev/null; then
  config 0.05 >"$work/slow.toml"
  for signal in TERM INT HUP; do
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
  kill -HUP $pid
  ended 3 'SIGHUP, the second signal: stops at once'
else
  echo "SKIPPED: signals (the example of an evaluator needs python3)"
fi
refuse '--grace: came "soon"' "$edgefront" search "$work/nsga2.toml" --out "$work/none" --grace soon

echo "determinism: $checks checks, $kills kills, $unfinished of them before the end"
