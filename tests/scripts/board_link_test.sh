#!/usr/bin/env bash
# A profile over a pipe that is cut 20 times at random bytes ends with the entries of an uncut one; so do one whose line
# is opened again by itself and one by files. The probe is that for AArch64 boards under an emulator, and this
# machine's own where there is no cross compiler or emulator.
set -euo pipefail
. tests/scripts/lib.sh
space=tests/scripts/board_link_space.toml
common=(--space $space --precision int8 --networks 4 --quick)

probe="$bin/edgefront-probe"
where="this machine's probe"
if ! command -v aarch64-linux-gnu-g++ >/dev/null; then
  echo "SKIPPED: aarch64-linux-gnu-g++ is not installed (Debian: g++-aarch64-linux-gnu): no check of an AArch64 probe"
elif ! command -v qemu-aarch64 >/dev/null; then
  echo "SKIPPED: qemu-aarch64 is not installed (Debian: qemu-user): no check of an AArch64 probe"
else
  { cmake --preset board-aarch64 && cmake --build --preset board-aarch64 --target edgefront-probe -j "$(nproc)"; } \
    >"$work/build.txt" 2>&1 || { tail -n 30 "$work/build.txt" >&2; die "the build for aarch64 failed"; }
  probe="qemu-aarch64 -cpu max build/board-aarch64/bin/edgefront-probe"
  where="AArch64 under qemu"
fi

# entries FILE: keys of its layers, and how many networks.
entries() {
  "$edgefront" profile --show "$1" --json |
    python3 -c 'import json, sys; p = json.load(sys.stdin); print(*sorted(l["key"] for l in p["layers"]), p["networks"], sep="\n")'
}

# The same numbers on every run (Park and Miller 1988).
seed=20260101
random_below() { seed=$((seed * 16807 % 2147483647)); random=$((seed % $1)); }

expect 0 'whole networks' "$edgefront" profile "${common[@]}" --out "$work/uncut.h5" --on "$probe - | tee $work/said.txt"
entries "$work/uncut.h5" >"$work/uncut.txt"
bytes=$(stat -c %s "$work/said.txt")

# What was saved before a cut stays, so later commands have less to say; a profile that is whole is begun again.
cuts=0
whole=0
while [ "$cuts" -lt 20 ]; do
  random_below "$bytes"
  got=0
  "$edgefront" profile "${common[@]}" --out "$work/cut.h5" --on "$probe - | stdbuf -o0 head -c $random" \
    >"$work/out.txt" 2>&1 || got=$?
  if [ "$got" -eq 0 ]; then
    entries "$work/cut.h5" | cmp -s - "$work/uncut.txt" || die "the profile of a line that was cut has other entries"
    whole=$((whole + 1))
    rm "$work/cut.h5"
    continue
  fi
  [ "$got" -eq 3 ] || { cat "$work/out.txt" >&2; die "exit code $got instead of 3 after $random bytes"; }
  grep -q '^edgefront: the line to the probe is cut: ' "$work/out.txt" ||
    { cat "$work/out.txt" >&2; die "no clear line about a cut after $random bytes"; }
  cuts=$((cuts + 1))
done
expect 0 'whole networks' "$edgefront" profile "${common[@]}" --out "$work/cut.h5" --on "$probe -"
entries "$work/cut.h5" | cmp -s - "$work/uncut.txt" || die "the profile of a line that was cut has other entries"
echo "cut $cuts times at random bytes of $bytes, $((whole + 1)) profiles completed"

# A line that is opened again by itself.
expect 0 'trying again' "$edgefront" profile "${common[@]}" --out "$work/again.h5" --retries 100 \
  --on "$probe - | stdbuf -o0 head -c $((bytes / 2))"
entries "$work/again.h5" | cmp -s - "$work/uncut.txt" || die "the profile of a line that was opened again has other entries"

# What measures against a profile refuses another device, and takes the one it was measured on.
expect 0 'fresh networks' "$edgefront" profile --validate "$work/uncut.h5" --space $space --precision int8 --networks 3 --quick --on "$probe -"
refuse 'mlperf is measured on this machine only' "$edgefront" bench tests/runtime/fixtures/version1.efm --mlperf --on "$probe -"
expect 3 'cut: the command closed it; it ended with exit code 255' "$edgefront" profile "${common[@]}" --out "$work/none.h5" --on 'exit 255'
[ ! -e "$work/none.h5" ] || die "a line that never stood left a profile"
if [ "$where" != "this machine's probe" ]; then
  refuse 'was measured on another device: ' "$edgefront" profile --validate "$work/uncut.h5" --space $space
  expect 2 'kernel set "avx2" is not one of the probe' "$edgefront" profile "${common[@]}" --kernels avx2 --out "$work/none.h5" --on "$probe -"
fi
# A search for the board, whose winner is trained here and measured there.
model=tests/runtime/fixtures/version1.efm
if [ -e "$bin/libedgefront_torch.so" ]; then
  python3 - "$work/corners" <<'END'
import os, sys
for part, count in (("train", 160), ("test", 40)):
    for i in range(count):
        folder = f"{sys.argv[1]}/{part}/" + ("north west", "north east", "south west", "south east")[i % 4]
        os.makedirs(folder, exist_ok=True)
        pixels = bytes((200 if x // 4 + y // 4 * 2 == i % 4 else 20) + (7 * i + 3 * x + 5 * y) % 30
                       for y in range(8) for x in range(8))
        with open(f"{folder}/{i}.pgm", "wb") as file:
            file.write(b"P5 8 8 255\n" + pixels)
END
  cat >"$work/board.toml" <<END
name = "board"
space = { file = "$space" }
device = [{ name = "board", profile = "$work/uncut.h5" }]
objectives = ["error", "latency_us"]
evaluator = { kind = "proxy" }
search = { algorithm = "random", evaluations = 12, in_flight = 4 }
export = { epochs = 1, held_out = 40, batch_size = 16, calibration_images = 64, max_loss_percent = 100 }
END
  expect 0 '12 evaluations' "$edgefront" search "$work/board.toml" --out "$work/run"
  expect 0 ', measured [0-9.]+ us; top-1 float' "$edgefront" export "$work/run" --select knee --out "$work/models" \
    --data "images:$work/corners" --on "$probe -"
  grep -q '"measured": {' "$work/run/exports.json" || die "what the board measured is not in exports.json"
  expect 0 '^1[. ].*(north|south) (west|east)' "$bin/edgefront-run" "$work"/models/*.efm "$work/corners/test/south west/2.pgm"
  model=$(ls "$work"/models/*.efm)
else
  echo "SKIPPED: built without libtorch: no export measured on the board"
fi
expect 0 '"latency_us"' "$edgefront" bench "$model" --max-samples 10 --json --on "$probe -"
grep -qE '"kernels": *"(neon|reference|avx)' "$work/out.txt" || die "the board's kernels are not named"
# Without a live link: jobs there, results back, and again what is still missing.
files=(--networks 4 --precision int8 --missing-in "$work/files.h5")
quick='s/"warmup":[0-9]*,"min_samples":[0-9]*,"max_samples":[0-9]*/"warmup":1,"min_samples":8,"max_samples":8/
       s/"passes":[0-9]*,"pass_s":[0-9.]*/"passes":1,"pass_s":0/'
$probe /dev/null >"$work/hello.jsonl" 2>/dev/null
expect 0 ': 0 layers' "$edgefront" profile --from "$work/hello.jsonl" --out "$work/files.h5"
"$edgefront" layers $space "${files[@]}" | sed "$quick" >"$work/jobs.jsonl"
$probe --quiet "$work/jobs.jsonl" >"$work/results.jsonl"
head -c -700 "$work/results.jsonl" >"$work/torn.jsonl"
expect 0 'was cut short; its whole lines are merged' "$edgefront" profile --from "$work/torn.jsonl" --out "$work/files.h5"
"$edgefront" layers $space "${files[@]}" | sed "$quick" >"$work/jobs.jsonl"
grep -q '"job":"network"' "$work/jobs.jsonl" || die "nothing is missing after a torn file"
$probe --quiet "$work/jobs.jsonl" >"$work/rest.jsonl"
expect 0 'whole networks merged' "$edgefront" profile --from "$work/rest.jsonl" --out "$work/files.h5"
entries "$work/files.h5" | cmp -s - "$work/uncut.txt" || die "the profile from files has other entries"
[ -z "$("$edgefront" layers $space "${files[@]}")" ] || die "jobs are printed though nothing is missing"
sed 's/"cores":[0-9]*/"cores":1234/' "$work/rest.jsonl" >"$work/other.jsonl"
expect 2 'comes from another device: cores is "1234"' "$edgefront" profile --from "$work/other.jsonl" --out "$work/files.h5"
echo "board link: $checks checks on $where"
