#!/bin/sh
# The demo runs its first job to the end, stays until told to go, and leaves
# nothing behind.
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
  cat "$tmp/out"
  exit 1
}

is_empty() {
  ! ls -d "$tmp"/holdfast-demo-* 2>/dev/null
}

"$HOLDFAST" demo --once >"$tmp/out" 2>&1 || fail "the first job"
grep -q '^ready: archive.tar.gz' "$tmp/out" || fail "no file was made"
is_empty || fail "something is left"

# Not where Ctrl-C is ignored, as for what a shell runs in the background.
"$HOLDFAST" demo >"$tmp/out" 2>&1 &
pid=$!
tries=0
until grep -q 'http://127.0.0.1:' "$tmp/out"; do
  tries=$((tries + 1))
  [ $tries -lt 600 ] || fail "no address is told"
  sleep 0.1
done
socket=$(echo "$tmp"/holdfast-demo-*/state/control)
"$HOLDFAST" submit -s "$socket" count seconds=1 --wait || fail "another job"
"$HOLDFAST" submit -s "$socket" stumble --wait 2>"$tmp/err" &&
  fail "a job that stumbles is ready"
grep -q /nowhere "$tmp/err" || fail "it does not say why"
kill -TERM "$pid"
wait "$pid" || fail "exit code $?"
pid=
is_empty || fail "something is left"
