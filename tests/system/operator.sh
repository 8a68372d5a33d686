#!/bin/sh
# Operators hear at once, by long poll, of what changes on the node; others
# neither hear of it nor may change it.
set -eu
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python operators.py
