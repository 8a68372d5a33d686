#!/bin/sh
# Nodes that are there and unfit hold up nobody.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python unfit.py
