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

# make_table FILE: 8,192 networks of seven decisions, their error and cost. Errors repeat, so that
# ties are broken too, and one network of 37 has none: its evaluation fails.
make_table() {
  awk 'BEGIN {
    print "a,b,c,d,e,f,g,err,cost"
    for (n = 0; n < 8192; n++) {
      gain = 1; cost = 10; row = ""; left = n
      for (i = 0; i < 7; i++) {
        choices = i < 6 ? 4 : 2
        level = left % choices; left = int(left / choices)
        gain += (2 + i * 7 % 5) * level - (i % 3 == 2 ? level * level : 0)
        cost += (1 + i % 3) * (level + 1) * (level + 1)
        row = row level ","
      }
      print row (n % 37 == 5 ? -1 : int(900 / (gain + 20)) + n * 7919 % 7 / 8) "," cost
    }
  }' >"$1"
}

# table_experiment ALGORITHM EVALUATIONS: a search of that table, $work/table.csv.
table_experiment() {
  cat <<END
name = "table"
seed = 1
space = { file = "$work/table.csv", decisions = ["a", "b", "c", "d", "e", "f", "g"] }
objectives = ["error", "macs"]
evaluator = { kind = "table", columns = { error = "err", macs = "cost" } }
search = { algorithm = "$1", in_flight = 6, evaluations = $2 }
END
}
