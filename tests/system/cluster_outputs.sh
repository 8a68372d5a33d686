#!/bin/sh
# Files of jobs: saved, handed on, served, and gone when nobody needs them.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_outputs.py "$@"
