#!/usr/bin/env bash
# Evaluations per second of one worker and of four, with an evaluator that sleeps for 50 ms: how much of
# their time workers are kept busy. usage: bash tests/bench/scale_out.sh BIN [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
edgefront=$(realpath "${1:?folder of the programs}")/edgefront
rounds=${2:-3}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/sleeper.py" <<'PY'
import json, sys, time
print(json.dumps({"edgefront_evaluator": 1, "name": "sleeper", "version": "1"}), flush=True)
for line in sys.stdin:
    time.sleep(0.05)
    request = json.loads(line)
    print(json.dumps({"id": request["id"], "error": request["seed"] % 1000 / 10}), flush=True)
PY
sed -e "s|experiments/examples/evaluator.py|$work/sleeper.py|" -e 's/in_flight = 8, evaluations = 100/in_flight = 20, evaluations = 400/' \
  experiments/configs/command.toml >"$work/experiment.toml"

# The time between the first and the last answer: without the start of MPI and Python. The journal's
# lines carry no times, so it is watched.
cat >"$work/rate.py" <<'PY'
import subprocess, sys, time
workers, run = int(sys.argv[1]), sys.argv[2]
job = subprocess.Popen(["mpirun", "--oversubscribe", "-n", str(workers + 1)] + sys.argv[3:] + ["--out", run],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
first = last = None
seen = begun = 0
while job.poll() is None:
    time.sleep(0.002)
    try:
        count = open(run + "/journal.jsonl").read().count('{"evaluation"')
    except FileNotFoundError:
        continue
    now = time.monotonic()
    if count > seen:
        if first is None:
            first, begun = now, count
        last, seen = now, count
if job.returncode != 0: sys.exit("the search failed")
print((seen - begun) / (last - first))
PY
for round in $(seq "$rounds"); do
  one=$(python3 "$work/rate.py" 1 "$work/one.$round" "$edgefront" search "$work/experiment.toml")
  four=$(python3 "$work/rate.py" 4 "$work/four.$round" "$edgefront" search "$work/experiment.toml")
  cmp "$work/one.$round/front.json" "$work/four.$round/front.json" || { echo "the fronts differ" >&2; exit 1; }
  awk -v one="$one" -v four="$four" 'BEGIN { printf "one worker %.1f/s, four workers %.1f/s, ratio %.2f\n", one, four, four / one }'
done
