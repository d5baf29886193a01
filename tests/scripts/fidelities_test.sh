#!/usr/bin/env bash
# The shipped example of several fidelities with replicates: each fidelity answers a share of the one
# below, only the highest is repeated and makes the front, and each lower one is judged by it.
set -euo pipefail
. tests/scripts/lib.sh
command -v python3 >/dev/null || { echo "SKIPPED: the example needs python3"; exit 77; }
python3 -c 1 2>/dev/null || { echo "SKIPPED: python3 does not run"; exit 77; }

config=experiments/configs/fidelities.toml
expect 0 'audit of [0-9]+ networks: fidelity 1: rank correlation' \
  "$edgefront" search "$config" --out "$work/run"
python3 - "$work/run" <<'PYTHON' || die "the run is not as the example says"
import json, sys
folder = sys.argv[1]
asked, answers = {}, []
for line in open(folder + "/journal.jsonl"):
    entry = json.loads(line)
    if "ask" in entry:
        for k, genotype in enumerate(entry["genotypes"]):
            lists = [entry.get(name, [0] * len(entry["genotypes"]))[k] for name in ("fidelities", "replicates")]
            asked[entry["ask"] + k] = (genotype, *lists)
    if "evaluation" in entry:
        answers.append(asked[entry["evaluation"]])
first = [{g for g, f, r in answers if f == fidelity and r == 0} for fidelity in range(3)]
repeated = [f for g, f, r in answers if r > 0]
assert len(answers) == 240, len(answers)
assert first[2] < first[1] < first[0], "a fidelity was skipped"
for low, high in zip(first, first[1:]):
    # One of three, and who was among the best of few and fell behind later.
    assert 0.25 * len(low) <= len(high) <= 0.6 * len(low), [len(s) for s in first]
assert 4 <= len(repeated) <= 24 and set(repeated) == {2}, repeated
front = json.load(open(folder + "/front.json"))["members"]
assert all(m["genotype"] in first[2] and "front_probability" in m for m in front)
names = [p["name"] for p in json.load(open(folder + "/audit.json"))["proxies"]]
assert names == ["fidelity 0", "fidelity 1"], names
PYTHON

# The same command again has nothing left to do, and ends with the same front.
cp "$work/run/front.json" "$work/front.json"
expect 0 '' "$edgefront" search "$config" --out "$work/run"
cmp "$work/front.json" "$work/run/front.json" || die "a finished run that is run again has another front"

# What cannot be is refused with its key.
sed 's/^fidelities = 3/fidelities = 1/' "$config" >"$work/one.toml"
refuse 'search.zero_cost: needs fidelities = 2 or more' "$edgefront" search "$work/one.toml" --out "$work/one"
sed 's/^zero_cost = "synflow"/features = ["flow"]/' "$config" >"$work/flow.toml"
refuse 'search.features: came "flow"; accepted: parameters' "$edgefront" search "$work/flow.toml" --out "$work/flow"

echo "fidelities: $checks checks"
