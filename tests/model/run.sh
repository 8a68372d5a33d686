#!/bin/sh
# run [quick | full [MINUTES [MEGABYTES]]] - check the models with spin.
#
# Goal: the rules of the cluster hold in every state the model can reach, and
# each rule left out is caught.  `quick`, a part that takes seconds, belongs to
# the tests; `full` gives each row MINUTES and MEGABYTES at most.
#
# A row that should hold fails by an error found, and by not being finished
# unless it says so itself; one that lacks a rule fails by not being caught.
set -u

here=$(cd "$(dirname "$0")" && pwd)
mode=${1:-quick}

for tool in spin "${CC:-gcc}"; do
  command -v "$tool" >/dev/null || {
    echo "no $tool"
    exit 77
  }
done

# expectation (holds, part: as far as it gets, bits: by bit-state hashing,
# caught), nodes, faults, events, what spin is told besides, name.
rows() {
  sed 's/#.*//' <<'ROWS'
quick holds  2 0 1 -                cluster
quick holds  2 1 0 -                cluster
quick caught 2 1 1 -DNO_BARRIER     leads without the barrier
quick caught 2 1 1 -DINFLIGHT       shows an epoch with appends under way
quick caught 2 1 1 -DNO_GENERATION  assignments name no generation
quick caught 2 1 1 -DWITHDRAW       an assignment is withdrawn
quick caught 2 1 1 -DONE_BLOCK      one block for a slot
quick caught 2 1 1 -DLOW_EPOCH      an epoch not above its own slot
quick caught 2 1 1 -DNO_RECHECK     no look at the deadline after the sync
quick caught 2 1 1 -DREAD_PAST_END  reads past the shown end
quick caught 2 1 1 -DSTALE_SEIZE    seizes without a fresh read
quick caught 2 1 1 -DSTALE_VERDICT  a verdict from before the claim
quick caught 2 1 1 -DSTART_ONCE     a start writes one block alone
quick caught 2 2 1 -DCOPY_AS_IS     an outcome is copied with its version
quick caught 2 1 1 -DRELEASE_FIRST  releases before it stops
full  holds  2 1 1 -                cluster
full  part   2 2 0 -                cluster
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
    *) echo 'another error' ;;
  esac
}

figure() {
  sed -n "s/$1/\\1/p" log | head -n 1
}

# one EXPECT NODES FAULTS EVENTS FLAGS NAME... - one row, in a directory of
# its own.
one() {
  expect=$1 nodes=$2 faults=$3 events=$4 flags=$5
  shift 5
  [ "$flags" != - ] || flags=
  dir=$(mktemp -d) || exit 1
  trap 'rm -rf "$dir"' EXIT
  cd "$dir" || exit 1

  options='-O2'
  search="-m500000"
  case $expect in
    caught) options="-O0 -DCOLLAPSE" ;;
    bits) options="-O2 -DBITSTATE" search="-m500000 -w$bits -k3" ;;
    *) options="-O2 -DCOLLAPSE" ;;
  esac
  # shellcheck disable=SC2086 # lists
  spin -a "-DN=$nodes" "-DFAULTS=$faults" "-DEVENTS=$events" $flags \
    "$here/cluster.pml" >log 2>&1 &&
    "${CC:-gcc}" -w -DSAFETY $options "-DMEMLIM=$megabytes" -o pan pan.c \
      >>log 2>&1 &&
    timeout -s INT "$seconds" ./pan $search >log 2>&1
  status=$?

  if grep -q '^pan:1: .* at depth\|^pan:1: assertion' log; then
    verdict=$(reason)
    [ "$expect" = caught ] && rc=0 || rc=1
  elif ! grep -q 'errors: 0' log; then
    verdict="failed ($status)"
    tail -n 5 log
    rc=1
  elif [ "$expect" = caught ]; then
    verdict='NOT CAUGHT'
    rc=1
  elif grep -q 'Search not completed\|max search depth' log; then
    verdict='no error, cut short'
    [ "$expect" = holds ] && rc=1 || rc=0
  elif [ "$expect" = bits ]; then
    verdict='no error (bit-state)'
    rc=0
  else
    verdict='holds'
    rc=0
  fi
  line "$*" "$nodes" "$faults" "$events" \
    "$(figure ' *\([0-9.e+]*\) states, stored.*')" \
    "$(figure '.*depth reached \([0-9]*\).*')" \
    "$(figure ' *\([0-9]*\)[.0-9]*[[:space:]]*total actual memory.*')" \
    "$(figure 'pan: elapsed time \([0-9.e+]*\).*')" "$verdict"
  return "$rc"
}

line() {
  printf '%-40s %5s %6s %6s %10s %6s %6s %8s  %s\n' "$@"
}

megabytes=${3:-2000}
seconds=$((${2:-1} * 60))
bits=33
case $mode in
  quick)
    seconds=300
    ;;
  full) ;;
  row)
    # For the rows started below.
    megabytes=$2 seconds=$3 bits=$4
    shift 5
    one "$@"
    exit
    ;;
  *)
    echo "usage: $0 [quick | full [MINUTES [MEGABYTES]]]" >&2
    exit 2
    ;;
esac

line variant nodes faults events states depth MB seconds verdict
status=0
rows | if [ "$mode" = quick ]; then grep '^quick'; else cat; fi |
  xargs -P "${MODEL_JOBS:-2}" -L 1 \
    sh "$here/run.sh" row "$megabytes" "$seconds" "$bits" || status=1
exit $status
