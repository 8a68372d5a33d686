#!/bin/sh
# Jobs that wait stay of their type when others are configured.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python reload_jobs.py
