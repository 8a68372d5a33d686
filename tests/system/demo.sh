#!/bin/sh
# The demo runs its first job to the end, stays until told to go, and leaves
# nothing behind; so do three nodes, of which one runs the singleton.
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
  cat "$tmp/out" "$tmp"/holdfast-demo-*/*/log || :
  exit 1
}

is_empty() {
  ! ls -d "$tmp"/holdfast-demo-* 2>/dev/null
}

# Not where Ctrl-C is ignored, as for what a shell runs in the background.
begin() {
  "$HOLDFAST" demo "$@" >"$tmp/out" 2>&1 &
  pid=$!
  tries=0
  until grep -q 'Ctrl-C' "$tmp/out"; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || fail "no address is told"
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
socket=$(echo "$tmp"/holdfast-demo-*/demo/state/control)
"$HOLDFAST" submit -s "$socket" count seconds=1 --wait || fail "another job"
"$HOLDFAST" submit -s "$socket" stumble --wait 2>"$tmp/err" &&
  fail "a job that stumbles is ready"
grep -q /nowhere "$tmp/err" || fail "it does not say why"
end

# Who runs the singleton, as each of the three sees it.
ticks() {
  for node in 1 2 3; do
    "$HOLDFAST" whereis -s "$dir/demo-$node/state/control" ticker
  done | sort | uniq -c | sed 's/^ *//'
}

begin
[ "$(grep -c 'http://127.0.0.1:' "$tmp/out")" = 3 ] || fail "no three pages"
grep -q '^ready: archive.tar.gz' "$tmp/out" || fail "no file was made"
dir=$(echo "$tmp"/holdfast-demo-*)
tries=0
until ticks >"$tmp/ticks" 2>&1 && grep -q '^3 demo-[123]' "$tmp/ticks"; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || fail "they do not agree who ticks: $(cat "$tmp/ticks")"
  sleep 0.1
done
end
