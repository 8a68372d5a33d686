#!/bin/sh
# Outdated rows are deleted in time, by one at a time, whatever is killed.
#
# DURATION (s), SEED, REACH and GAP from the environment, see clean_sqlite.py;
# KEEP=1 keeps the node's directory.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python clean_sqlite.py "$@"
