# lib.sh - what the system tests in shell share; sourced, not run.
# shellcheck shell=sh

SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
HOLDFAST=${HOLDFAST:-$SRCDIR/holdfast}
export SRCDIR HOLDFAST

skip() {
  echo "$(basename "$0"): skipped, $1" >&2
  exit 77
}

# run_python NAME [ARGUMENT...] - the test proper, beside the caller.
run_python() {
  command -v python3 >/dev/null || skip 'no python3'
  [ -x "$HOLDFAST" ] || skip "no $HOLDFAST"
  run_script=$SRCDIR/tests/system/$1
  shift
  exec python3 -B "$run_script" "$@"
}
