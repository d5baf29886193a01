#!/usr/bin/env bash
# The README's commands: every `edgefront …` line of its sh blocks is known to the program, and those
# between "<!-- tested -->" and the end of their block are run, in order, in a scratch folder.
set -euo pipefail
. tests/scripts/lib.sh

for script in experiments/quickstart.sh tests/run.sh; do
  grep -q "^bash $script" README.md || die "README.md does not name bash $script"
  bash -n $script
done
mapfile -t documented < <(grep -oE '^(build/release/bin/)?edgefront [a-z]+' README.md | awk '{print $2}' | sort -u)
[ "${#documented[@]}" -ge 9 ] || die "README.md documents only ${#documented[@]} commands"
for command in "${documented[@]}"; do
  expect 0 "Usage: edgefront $command" "$edgefront" "$command" --help
done

awk '/<!-- tested -->/ {wanted = 1} /^```/ {if (inside) {inside = 0; wanted = 0} else if (wanted) {inside = 1; next}} inside' \
  README.md | sed "s|build/release/bin|$bin|g; s|runs/|$work/|g" >"$work/commands.sh"
[ -s "$work/commands.sh" ] || die "README.md has no tested block"
bash -euo pipefail "$work/commands.sh" >"$work/out.txt" 2>&1 || { cat "$work/out.txt" >&2; die "a documented command failed"; }
echo "README: ${#documented[@]} commands known, $(grep -c . "$work/commands.sh") lines run"
