#!/usr/bin/env python3
"""Writes a table of many networks for `edgefront search --table`: ten decisions of five choices,
an error in which neighbouring decisions interact, with noise, and a latency that adds over the
decisions. Arguments: FILE.csv, rows (100,000). The same rows on every machine."""
import math
import random
import sys

DECISIONS, CHOICES = 10, 5


def table(rows):
    rng = random.Random(1)
    gain = [[rng.random() for _ in range(CHOICES)] for _ in range(DECISIONS)]
    cost = [[rng.random() for _ in range(CHOICES)] for _ in range(DECISIONS)]
    pair = [[[rng.gauss(0, 0.15) for _ in range(CHOICES)] for _ in range(CHOICES)]
            for _ in range(DECISIONS - 1)]
    seen = set()
    while len(seen) < rows:
        network = tuple(rng.randrange(CHOICES) for _ in range(DECISIONS))
        if network in seen:
            continue
        seen.add(network)
        latency = sum(cost[d][c] for d, c in enumerate(network))
        quality = sum(gain[d][c] for d, c in enumerate(network)) + 0.5 * latency
        quality += sum(pair[d][network[d]][network[d + 1]] for d in range(DECISIONS - 1))
        yield network, 5 + 60 * math.exp(-0.5 * quality) + rng.gauss(0, 0.1), 10 * latency


def main():
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with open(sys.argv[1], "w") as out:
        out.write(",".join(f"d{d}" for d in range(DECISIONS)) + ",error,latency\n")
        for network, error, latency in table(rows):
            out.write(",".join(map(str, network)) + f",{error:.4f},{latency:.4f}\n")


main()
