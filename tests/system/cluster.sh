#!/bin/sh
# Three nodes run each singleton once, whatever dies of them.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster.py processes
