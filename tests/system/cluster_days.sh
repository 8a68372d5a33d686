#!/bin/sh
# What became of a job is not forgotten before its beginning is.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_days.py
