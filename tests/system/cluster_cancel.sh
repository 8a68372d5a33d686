#!/bin/sh
# Any node cancels and forgets any job; of two clicks at once one makes it.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_cancel.py
