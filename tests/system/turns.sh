#!/bin/sh
# Who asks for hundreds of jobs delays nobody by more than what runs.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python turns.py
