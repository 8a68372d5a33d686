#!/bin/sh
# What a user, a disk or a job gets wrong is told clearly and costs nothing.
#
# badinput.sh [NAME...] runs only the cases whose name holds a NAME.  Those
# that need mounts of their own need root, and are left out without it.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# Mounts of the cases end with their name space.
if [ -z "${PRIVATE_MOUNTS-}" ] && [ "$(id -u)" = 0 ] &&
  unshare --mount true 2>/dev/null; then
  PRIVATE_MOUNTS=1
  export PRIVATE_MOUNTS
  exec unshare --mount --propagation private sh "$0" "$@"
fi
run_python badinput.py "$@"
