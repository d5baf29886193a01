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
  for round in 1 2; do
    run=$work/killed.$round
    mpirun --oversubscribe -n 4 "$edgefront" search "$work/slow.toml" --out "$run" >"$work/killed.txt" 2>&1 &
    launcher=$!
    for _ in $(seq 1 3000); do
      answered=$(grep -c '^{"evaluation"' "$run/journal.jsonl" 2>/dev/null || true)
      [ "${answered:-0}" -ge $((25 * round)) ] && break
      kill -0 $launcher 2>/dev/null || { cat "$work/killed.txt" >&2; die "the job ended before it could be killed"; }
      sleep 0.01
    done
    # Of this job's processes the second, which evaluates.
    worker=$(pgrep -P $launcher -x edgefront | sed -n 2p)
    [ -n "$worker" ] || die "no worker was found"
    kill -9 "$worker"
    wait $launcher 2>/dev/null && die "a job with a killed worker ended well"
    answers "$run" >"$work/before.txt"
    [ "$(wc -l <"$work/before.txt")" -lt 100 ] || die "the worker was killed after the end"
    expect 0 'from the journal' job 4 "$edgefront" search "$work/slow.toml" --out "$run"
    answers "$run" | cmp - "$work/calm.txt" || die "the answers after a killed worker are others"
    cmp "$work/calm/front.json" "$run/front.json" || die "the front after a killed worker is another"
    [ "$(answers "$run" | comm -13 - "$work/before.txt" | wc -l)" -eq 0 ] || die "a finished evaluation was lost"
  done
  # An evaluator that cannot begin: the process that searches says so, and nobody waits for it.
  sed 's/evaluator.py/no_such_script.py/' experiments/configs/command.toml >"$work/script.toml"
  expect 2 'no_such_script.py' job 3 "$edgefront" search "$work/script.toml" --out "$work/script"
else
  echo "SKIPPED: a killed worker (the evaluator that takes its time needs python3)"
fi

echo "scale-out: $checks checks"
