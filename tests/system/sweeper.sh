#!/bin/sh
# sweeper.sh WITNESS PAUSE COMMAND... - runs COMMAND, once when PAUSE is 0, else
# again and again, PAUSE seconds apart.
#
# Whoever cannot take the lock that all it starts inherits is not alone, and
# says so.  Writes a line at the start and end of each COMMAND, with its token
# and the time.
set -u

witness=$1 pause=$2
shift 2

say() {
  echo "$1 $HOLDFAST_TOKEN $$ $(date +%s.%N)" >>"$witness"
}

exec 9>"$witness.lock"
flock -n 9 || say two
while :; do
  say start
  if "$@"; then say end; else say failed; fi
  [ "$pause" != 0 ] || exit 0
  sleep "$pause"
done
