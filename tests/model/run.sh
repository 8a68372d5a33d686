#!/bin/sh
# run [quick | full [MINUTES [MEGABYTES]]] - check the models with spin.
#
# Goal: the rules of the cluster hold in every state the models can reach, and
# each rule left out is caught.  `quick`, a part that takes seconds, belongs to
# the tests and must come to an end; `full` gives each row MINUTES and
# MEGABYTES at most, and says where that cut it short.
set -u

here=$(cd "$(dirname "$0")" && pwd)
mode=${1:-quick}

for tool in spin "${CC:-gcc}"; do
  command -v "$tool" >/dev/null || {
    echo "no $tool"
    exit 77
  }
done

# What is expected (holds; ends: every run does; bits: holds, by bit-state
# hashing; caught), model, nodes, faults, events, what spin is told besides,
# name.
rows() {
  cat <<'ROWS'
quick holds  lease   - - - -             time
quick caught lease   - - - -DSTAMP_AFTER stamps after the write
quick caught lease   - - - -DRESUMES     a late renewal is not void
quick caught lease   - - - -DACTS_FIRST  acts before it looks at its clocks
quick caught lease   - - - -DON_SILENCE  claims on silence
quick caught lease   - - - -DNO_DRIFT    clocks taken to be equal
quick caught lease   - - - -DSTAMP_BEFORE_READ observer stamps before the read
quick caught lease   - - - -DNO_LAST_READ no last read before the verdict
quick holds  cluster 2 0 1 -             cluster
quick holds  cluster 2 1 0 -             cluster
quick ends   cluster 2 1 0 -             cluster, every run ends
quick holds  cluster 3 0 0 -             cluster
quick caught cluster 2 1 1 -DNO_BARRIER  leads without the barrier
quick caught cluster 2 1 1 -DPROMISE_EARLY    shows an epoch with appends under way
quick caught cluster 2 1 1 -DNO_GENERATION assignments name no generation
quick caught cluster 2 1 1 -DWITHDRAW    an assignment is withdrawn
quick caught cluster 3 0 1 -DJOIN_BLIND,-DKINDS=8 joins without reading
quick caught cluster 2 1 1 -DONE_BLOCK   one block for a slot
quick caught cluster 2 1 1 -DLOW_EPOCH   an epoch not above its own slot
quick caught cluster 2 1 1 -DNO_RECHECK  no look at the deadline after a sync
quick caught cluster 2 1 1 -DREAD_PAST_END reads past the shown end
quick caught cluster 2 1 1 -DSTALE_SEIZE seizes without a fresh read
quick caught cluster 2 1 1 -DRELEASE_FIRST releases before it stops
quick caught cluster 2 1 1 -DSTALE_VERDICT a verdict from before the claim
quick caught cluster 2 1 1 -DSTART_ONCE  a start writes one block alone
quick caught cluster 2 2 1 -DCOPY_AS_IS  an outcome copied with its version
full  caught cluster 2 2 0 -DWEIGHT_ONCE a claim written to one block alone
full  caught cluster 2 1 1 -DRESUME_LEAD a restarted journal role leads on
full  holds  cluster 2 1 1 -             cluster
full  holds  cluster 2 2 0 -             cluster
full  ends   cluster 2 2 0 -             cluster, every run ends
full  holds  cluster 2 2 1 -DKINDS=1     cluster, a job that ends
full  holds  cluster 2 2 1 -DKINDS=2     cluster, a unit that moves
full  holds  cluster 2 2 1 -DKINDS=4     cluster, a node that stops
full  holds  cluster 2 2 1 -DKINDS=8     cluster, a needless claim
full  holds  cluster 3 0 1 -             cluster
full  ends   cluster 3 0 0 -             cluster, every run ends
full  holds  cluster 3 1 0 -DLED         cluster, led
full  holds  cluster 3 1 0 -             cluster
full  holds  cluster 3 1 1 -DLED,-DKINDS=1 cluster, led, a job that ends
full  holds  cluster 3 1 1 -DLED,-DKINDS=2 cluster, led, a unit that moves
full  holds  cluster 3 1 1 -DLED,-DKINDS=8 cluster, led, a needless claim
full  bits   cluster 3 2 0 -DLED         cluster, led
full  bits   cluster 3 2 1 -DLED,-DKINDS=1 cluster, led, a job that ends
ROWS
}

# What the assertion that failed is about.
reason() {
  case $(grep '^pan:1: ' log) in
    *'!(runs[0])&&'*) echo 'two holders' ;;
    *last_token*) echo 'a token fell' ;;
    *'((know>>4)&3)!=3'*) echo 'a result reverted' ;;
    *'told||'*) echo 'nobody holds' ;;
    *'!(told)'*) echo 'a result lost' ;;
    *'violated 0'*) echo 'alive, pronounced dead' ;;
    *counter*|*'epoch<='*) echo 'a bound of the model reached' ;;
    *cycle*) echo 'a run without end' ;;
    *) echo 'another error' ;;
  esac
}

figure() {
  sed -n "s/$1/\\1/p" log | head -n 1
}

# check EXPECT MODEL NODES FAULTS EVENTS FLAGS - runs spin; leaves its log.
check() {
  flags="-DN=$3 -DFAULTS=$4 -DEVENTS=$5"
  [ "$2" = cluster ] || flags=
  [ "$6" = - ] || flags="$flags $(echo "$6" | tr , ' ')"
  search=-m500000
  # Compiling takes longer than the quick searches.
  [ "$mode" = quick ] && optimise=0 || optimise=2
  case $1 in
    caught) options='-O0 -DSAFETY -DCOLLAPSE' ;;
    ends) options="-O$optimise -DNP -DCOLLAPSE" search="$search -l" ;;
    bits) options='-O2 -DSAFETY -DBITSTATE' search="$search -w$bits" ;;
    *) options="-O$optimise -DSAFETY -DCOLLAPSE" ;;
  esac
  # shellcheck disable=SC2086 # lists
  spin -a $flags "$here/$2.pml" >log 2>&1 &&
    "${CC:-gcc}" -w $options "-DMEMLIM=$megabytes" -o pan pan.c >>log 2>&1 &&
    timeout -s INT "$seconds" ./pan $search >log 2>&1
}

# judge EXPECT - says what the log tells; false if that is a failure.
judge() {
  if grep -q '^pan:1: .*at depth' log; then
    reason
    [ "$1" = caught ]
  elif ! grep -q 'errors: 0' log; then
    echo "failed: $(tail -n 1 log)"
    false
  elif [ "$1" = caught ]; then
    echo 'NOT CAUGHT'
    false
  elif grep -q 'Interrupted\|Search not completed\|depth too small\|out of memory' log; then
    echo 'no error; cut short'
    [ "$mode" = full ]
  elif [ "$1" = bits ]; then
    echo "no error; hash factor $(figure 'hash factor: \([0-9.]*\).*')"
  else
    echo "$1"
  fi
}

# row EXPECT MODEL NODES FAULTS EVENTS FLAGS NAME... - one line of the table.
row() {
  dir=$(mktemp -d) || exit 1
  trap 'rm -rf "$dir"' EXIT
  cd "$dir" || exit 1

  check "$@"
  rc=0
  verdict=$(judge "$1") || rc=1
  nodes=$3 faults=$4 events=$5
  shift 6
  line "$*" "$nodes" "$faults" "$events" \
    "$(figure ' *\([0-9.e+]*\) states, stored.*')" \
    "$(figure '.*depth reached \([0-9]*\).*')" \
    "$(figure ' *\([0-9]*\)[.0-9]*[[:space:]]*total actual memory.*')" \
    "$(figure 'pan: elapsed time \([0-9.e+]*\).*')" "$verdict"
  exit "$rc"
}

line() {
  printf '%-38s %5s %6s %6s %10s %6s %5s %7s  %s\n' "$@"
}

megabytes=2000
seconds=300
case $mode in
  quick) ;;
  full)
    seconds=$((${2:-10} * 60))
    megabytes=${3:-4000}
    ;;
  row)
    # Of a table begun below.
    mode=$2 seconds=$3 megabytes=$4
    bits=31
    [ "$megabytes" -lt 4000 ] || bits=34
    shift 5
    row "$@"
    ;;
  *)
    echo "usage: $0 [quick | full [MINUTES [MEGABYTES]]]" >&2
    exit 2
    ;;
esac

line variant nodes faults events states depth MB seconds verdict
# BRIEF: another run has seen the rest.
rows | case $mode${BRIEF:+ brief} in
  quick) grep '^quick' ;;
  'quick brief') grep '^quick holds' ;;
  *) cat ;;
esac |
  xargs -P "${MODEL_JOBS:-2}" -L 1 \
    sh "$here/run.sh" row "$mode" "$seconds" "$megabytes"
