# Sourced by the end-to-end scripts: a scratch folder that goes away, and checks that say what failed.
bin=${1:?folder of the programs}
edgefront=$bin/edgefront
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0

die() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# expect CODE PATTERN COMMAND...: exit code, and a pattern (extended regex) in what it prints.
expect() {
  local code=$1 pattern=$2 got=0
  shift 2
  "$@" >"$work/out.txt" 2>&1 || got=$?
  [ "$got" -eq "$code" ] || { cat "$work/out.txt" >&2; die "exit code $got instead of $code: $*"; }
  [ -z "$pattern" ] || grep -qE -- "$pattern" "$work/out.txt" || { cat "$work/out.txt" >&2; die "no '$pattern' in the output of: $*"; }
  checks=$((checks + 1))
}

# refuse PATTERN COMMAND...: exit code 2 and exactly one line on standard error.
refuse() {
  expect 2 "$@"
  [ "$(wc -l <"$work/out.txt")" -eq 1 ] || { cat "$work/out.txt" >&2; die "more than one line: ${*:2}"; }
}
