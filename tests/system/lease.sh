#!/bin/sh
# The commands about leases tell bounds, judge a directory, and decode a file.
set -eu

. "$SRCDIR/tests/system/lib.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
  echo "$(basename "$0"): $1" >&2
  exit 1
}

"$HOLDFAST" lease >"$dir/table"
grep -q '^ *3.0 s  *3.35 s  *2.00 s' "$dir/table" || fail "bounds of 3 s"
"$HOLDFAST" lease --json | grep -q '"failover_ms": 60410' ||
  fail "bounds of 60 s in JSON"

"$HOLDFAST" probe "$dir" >"$dir/probe" || fail "$(cat "$dir/probe")"
grep -q '^fit' "$dir/probe" || fail "no verdict of a directory"
[ "$(find "$dir" -name '.probe*' | wc -l)" = 0 ] || fail "probe left a file"
! "$HOLDFAST" probe "$dir/none" 2>/dev/null || fail "probed what is not there"

# A header of 64 slots, and a record of another file in block 1 of slot 1.
corpus=$SRCDIR/tests/fuzz/corpus/lease
truncate -s $((4096 * 129)) "$dir/lease"
dd if="$corpus/header" of="$dir/lease" conv=notrunc 2>/dev/null
"$HOLDFAST" lease "$dir/lease" >"$dir/empty" || fail "an empty lease file"
grep -q 'id 0000000000000007, 64 slots' "$dir/empty" || fail "its header"
dd if="$corpus/record" of="$dir/lease" conv=notrunc bs=512 skip=1 \
  seek=$((8 * 4)) 2>/dev/null
"$HOLDFAST" lease --json "$dir" | grep -q '"state": "unsure"' ||
  fail "a record of another file passes for ours"
printf x | dd of="$dir/lease" conv=notrunc bs=1 seek=20 2>/dev/null
! "$HOLDFAST" lease "$dir/lease" 2>"$dir/err" || fail "a damaged header passes"
grep -q 'it is damaged' "$dir/err" || fail "why it does not"
