#!/bin/sh
# Progress of jobs is shown by all nodes, and never goes back.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_progress.py
