#!/bin/sh
# A direction that is cut between two nodes shows on all three, names who is
# not heard, and moves nothing.
set -eu
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python heartbeat_net.py
