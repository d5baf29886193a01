#!/usr/bin/env bash
# A search in several processes: the same front as in one, a killed worker costs no finished evaluation,
# what a worker cannot open is said by the process that searches.
set -euo pipefail
. tests/scripts/lib.sh
[ -e "$bin/libedgefront_mpi.so" ] || { echo "SKIPPED: this build has no MPI (Debian: libopenmpi-dev)"; exit 77; }
command -v mpirun >/dev/null || { echo "SKIPPED: no mpirun (Debian: openmpi-bin)"; exit 77; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

job() { mpirun --oversubscribe -n "$@"; }
answers() { grep '^{"evaluation"' "$1/journal.jsonl" | sed 's/,"seconds".*//' | sort; }

config=experiments/configs/proxy.toml
expect 0 '' "$edgefront" search $config --out "$work/one"
expect 0 '400 evaluations .0 from the journal, 0 failed' job 3 "$edgefront" search $config --out "$work/three"
cmp "$work/one/front.json" "$work/three/front.json" || die "the front of three processes differs from that of one"
cmp "$work/one/front.csv" "$work/three/front.csv" || die "front.csv differs"
answers "$work/three" >"$work/three.txt"
answers "$work/one" | cmp - "$work/three.txt" || die "the answers of three processes differ from those of one"
# Every algorithm, on a table: what is asked depends on the answers alone.
make_table "$work/table.csv"
table_experiment '?' 60 >"$work/any.toml"
expect 2 'accepted are' "$edgefront" search "$work/any.toml" --out "$work/any"
algorithms=$(sed 's/.*accepted are //; s/,//g' "$work/out.txt")
[ "$(wc -w <<<"$algorithms")" -ge 3 ] || die "no list of algorithms"
for algorithm in $algorithms; do
  table_experiment "$algorithm" 60 >"$work/$algorithm.toml"
  expect 0 '' "$edgefront" search "$work/$algorithm.toml" --out "$work/one.$algorithm" --threads 1
  expect 0 '' job 3 "$edgefront" search "$work/$algorithm.toml" --out "$work/three.$algorithm"
  cmp "$work/one.$algorithm/front.json" "$work/three.$algorithm/front.json" || die "$algorithm: the front of three processes differs"
done
# Begun by one, finished by two; a finished one is only replayed.
sed 's/evaluations = 400/evaluations = 100/' $config >"$work/less.toml"
expect 0 '' "$edgefront" search "$work/less.toml" --out "$work/begun"
expect 0 '400 evaluations .100 from the journal' job 2 "$edgefront" search $config --out "$work/begun"
cmp "$work/one/front.json" "$work/begun/front.json" || die "begun by one process, finished by two: another front"
expect 0 '400 from the journal' job 3 "$edgefront" search $config --out "$work/three"

# One process with --mpi searches alone.
expect 0 '' "$edgefront" search $config --out "$work/alone" --mpi
cmp "$work/one/front.json" "$work/alone/front.json" || die "one process with --mpi has another front"

# A worker is killed in the middle: mpirun ends the job; the same command keeps what had been answered.
if python3 -c 1 2>/dev/null; then
  sed 's/^for line in sys.stdin:/&\n    import time; time.sleep(0.02)/' experiments/examples/evaluator.py >"$work/evaluator.py"
  sed "s|experiments/examples/evaluator.py|$work/evaluator.py|" experiments/configs/command.toml >"$work/slow.toml"
  expect 0 '' "$edgefront" search "$work/slow.toml" --out "$work/calm"
  answers "$work/calm" >"$work/calm.txt"
  # begin FOLDER N: starts a job of four processes and waits for N answers.
  begin() {
    mpirun --oversubscribe -n 4 "$edgefront" search "$work/slow.toml" --out "$1" >"$work/stopped.txt" 2>&1 &
    launcher=$!
    for _ in $(seq 1 3000); do
      answered=$(grep -c '^{"evaluation"' "$1/journal.jsonl" 2>/dev/null || true)
      [ "${answered:-0}" -ge "$2" ] && return
      kill -0 $launcher 2>/dev/null || break
      sleep 0.01
    done
    cat "$work/stopped.txt" >&2
    die "the job ended before it could be stopped"
  }
  # go_on FOLDER: nothing that had been answered is lost, and the end is that of a calm run.
  go_on() {
    answers "$1" >"$work/before.txt"
    [ "$(wc -l <"$work/before.txt")" -lt 100 ] || die "the job was stopped after its end"
    expect 0 'from the journal' job 4 "$edgefront" search "$work/slow.toml" --out "$1"
    answers "$1" | cmp - "$work/calm.txt" || die "the answers of a stopped job are others: $1"
    cmp "$work/calm/front.json" "$1/front.json" || die "the front of a stopped job is another: $1"
    [ "$(answers "$1" | comm -13 - "$work/before.txt" | wc -l)" -eq 0 ] || die "a finished evaluation was lost: $1"
  }
  for round in 1 2; do
    begin "$work/killed.$round" $((25 * round))
    # Of this job's processes the second, which evaluates.
    worker=$(pgrep -P $launcher -x edgefront | sed -n 2p)
    [ -n "$worker" ] || die "no worker was found"
    kill -9 "$worker"
    wait $launcher 2>/dev/null && die "a job with a killed worker ended well"
    go_on "$work/killed.$round"
  done
  # SIGTERM to all processes, as srun passes it on: the first one finishes what is under way.
  begin "$work/stopped" 25
  # shellcheck disable=SC2046
  kill -TERM $(pgrep -P $launcher -x edgefront)
  code=0
  wait $launcher || code=$?
  [ $code -eq 3 ] || { cat "$work/stopped.txt" >&2; die "a stopped job gave exit code $code instead of 3"; }
  go_on "$work/stopped"
  # An evaluator that cannot begin: the process that searches says so, and nobody waits for it.
  sed 's/evaluator.py/no_such_script.py/' experiments/configs/command.toml >"$work/script.toml"
  expect 2 'no_such_script.py' job 3 "$edgefront" search "$work/script.toml" --out "$work/script"
else
  echo "SKIPPED: a killed worker (the evaluator that takes its time needs python3)"
fi

echo "scale-out: $checks checks"
