#!/usr/bin/env bash
# `search --table` as a stranger uses it: his table, his names of columns, and two files to check.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

{
  echo 'op,width,depth,err,err12,lat,score'
  for op in conv sep none; do for width in 16 32 64 128; do for depth in 1 2 3 4 5; do
    n=$((${#op} * 7 + width / 16 + depth * 3))
    [ "$op-$depth" = none-5 ] && continue  # combinations that the table lacks
    echo "$op,$width,$depth,$((90 - n)).5,$((89 - n + depth % 3)),$((n * n)),0.$n"
  done; done; done
} >"$work/table.csv"
sed -i '5s/,[0-9.]*,\([0-9]*\),\([0-9]*\),/,-1,\1,\2,/' "$work/table.csv"
table=("$edgefront" search --table "$work/table.csv" --decisions op,width,depth)

expect 0 'after 50 evaluations' "${table[@]}" --objectives err,lat --exact lat --signal err=err12 \
  --features score --algorithm nsga2 --seeds 4 --budget 50 --out "$work/a"
[ "$(head -1 "$work/a/evaluated.csv")" = seed,evaluation,row ] || die "header of evaluated.csv"
[ "$(wc -l <"$work/a/evaluated.csv")" -eq 201 ] || die "4 seeds of 50 evaluations are not 200 lines"
[ "$(wc -l <"$work/a/regret.csv")" -eq 201 ] || die "regret.csv has another length"
[ "$(sort -t, -k1,1 -k3,3 -u "$work/a/evaluated.csv" | wc -l)" -eq 201 ] || die "a row stands twice"
awk -F, 'NR > 1 && ($3 < 0 || $3 > 55) { exit 1 }' "$work/a/evaluated.csv" || die "no such row"

# Another number of threads and a text with CRLF change nothing.
sed 's/$/\r/' "$work/table.csv" >"$work/crlf.csv"
expect 0 '' "$edgefront" search --table "$work/crlf.csv" --decisions op,width,depth \
  --objectives err,lat --exact lat --signal err=err12 --features score --algorithm nsga2 --seeds 4 \
  --budget 50 --threads 1 --out "$work/b"
cmp "$work/a/evaluated.csv" "$work/b/evaluated.csv" || die "threads or line ends changed the result"
cmp "$work/a/regret.csv" "$work/b/regret.csv" || die "threads or line ends changed the regret"

# A budget above the table ends with all of it and no regret.
expect 0 '"regret": 0.0' "${table[@]}" --objectives err,lat --algorithm random --seeds 1 \
  --budget 500 --json --out "$work/c"
[ "$(wc -l <"$work/c/evaluated.csv")" -eq 57 ] || die "56 rows are not 57 lines"

refuse 'no column "latency"; its columns are: op, width' "${table[@]}" --objectives err,latency \
  --out "$work/d"
refuse 'exact.*not among --objectives' "${table[@]}" --objectives err --exact lat --out "$work/d"
refuse 'accepted is OBJECTIVE=COLUMN' "${table[@]}" --objectives err,lat --signal err12 --out "$work/d"
refuse 'algorithm is .annealing.; accepted are' "${table[@]}" --objectives err,lat \
  --algorithm annealing --out "$work/d"
refuse 'table.csv:2: column "op": came "conv"' "${table[@]}" --objectives op,lat --out "$work/d"
refuse '--decisions is missing' "$edgefront" search --table "$work/table.csv" --objectives err \
  --out "$work/d"
refuse 'missing EXPERIMENT.toml' "$edgefront" search --out "$work/d"
[ ! -e "$work/d" ] || die "a refused search left a folder"
echo "table search: $checks checks"
