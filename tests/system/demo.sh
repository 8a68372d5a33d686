#!/bin/sh
# The demo runs its first job to the end, stays until told to go, and leaves
# nothing behind; so do three nodes, of which one runs the singleton.  What the
# README says to type first is typed as it stands there.
set -eu

tmp=$(mktemp -d "${TMPDIR:-/tmp}/hf-demo-XXXXXX")
pid=
cleanup() {
  [ -z "$pid" ] || kill -TERM "$pid" 2>/dev/null || :
  rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
export XDG_RUNTIME_DIR="$tmp"

fail() {
  echo "FAILED: $*"
  cat "$tmp/out" "$tmp"/*.out "$tmp"/*demo*/*.log || :
  exit 1
}

is_empty() {
  ! ls -d "$tmp"/holdfast-demo-* 2>/dev/null
}

# Not where Ctrl-C is ignored, as for what a shell runs in the background.
begin() {
  : >"$tmp/out"
  "$HOLDFAST" demo "$@" >"$tmp/out" 2>&1 &
  pid=$!
  await
}

# The first job is not small, and is over before that is told.
await() {
  tries=0
  until grep -q 'Ctrl-C' "$tmp/out"; do
    tries=$((tries + 1))
    kill -0 "$pid" || fail "it is gone"
    [ $tries -lt 6000 ] || fail "no address is told"
    sleep 0.1
  done
}

end() {
  kill -TERM "$pid"
  wait "$pid" || fail "exit code $?"
  pid=
  is_empty || fail "something is left"
}

"$HOLDFAST" demo -n 1 --once >"$tmp/out" 2>&1 || fail "the first job"
grep -q '^ready: archive.tar.gz' "$tmp/out" || fail "no file was made"
is_empty || fail "something is left"

begin -n 1
grep -q 'http://127.0.0.1:' "$tmp/out" || fail "no page"
socket=$(echo "$tmp"/holdfast-demo-*/demo)
"$HOLDFAST" submit -s "$socket" count seconds=1 --wait || fail "another job"
"$HOLDFAST" submit -s "$socket" stumble --wait 2>"$tmp/err" &&
  fail "a job that stumbles is ready"
grep -q /nowhere "$tmp/err" || fail "it does not say why"
end

# Who runs the singleton, as each of the three sees it.
ticks() {
  for node in 1 2 3; do
    "$HOLDFAST" whereis -s "$dir/demo-$node" ticker
  done | sort | uniq -c | sed 's/^ *//'
}

begin
[ "$(grep -c 'http://127.0.0.1:' "$tmp/out")" = 3 ] || fail "no three pages"
grep -q '^ready: archive.tar.gz' "$tmp/out" || fail "no file was made"
dir=$(echo "$tmp"/holdfast-demo-*)
tries=0
until ticks >"$tmp/ticks" 2>&1 && grep -q '^3 demo-[123]' "$tmp/ticks"; do
  tries=$((tries + 1))
  [ $tries -lt 600 ] || fail "they do not agree who ticks: $(cat "$tmp/ticks")"
  sleep 0.1
done
end

# As in the README, its lines together.
typed=$(sed -n 's/^\tbuild\/holdfast demo demo$/&/p; /^\tjob=/,/^$/p' \
  "$SRCDIR/README" | sed 's/^\t//')
[ "$(echo "$typed" | wc -l)" = 6 ] || fail "the README says: $typed"
cd "$tmp"
mkdir build
ln -s "$HOLDFAST" build/holdfast
: >out
sh -c "exec $(echo "$typed" | sed -n 1p)" >"$tmp/out" 2>&1 &
pid=$!
await
echo "$typed" | sed 1d >typed
sh -eu typed >typed.out 2>&1 || fail "what the README says to type"
grep -q '^ready' typed.out || fail "the job of the README is not ready"
grep -q 'attempt 2' typed.out || fail "the job of the README did not move"
sed -n 's/^count: \([0-9]*\)% .*/\1/p' typed.out >percents
sort -n percents | cmp - percents || fail "its bar went back"
grep -q 'demo-2 was killed' out || fail "nobody killed demo-2"
tries=0
until "$HOLDFAST" health -s demo/demo-2 >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -lt 600 ] || fail "demo-2 does not begin again"
  sleep 0.1
done
end
[ ! -e demo ] || fail "its directory is left"
