#!/bin/sh
# A job of a cluster outlives the node that leads and runs it.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_jobs.py
