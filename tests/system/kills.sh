#!/bin/sh
# Jobs end, once at a time, however often any process is killed.
#
# SUBMISSIONS, DURATION (s), SEED, KILL_MIN and KILL_MAX (s between two kills)
# from the environment; KEEP=1 keeps the node's directory.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python kills.py "$@"
