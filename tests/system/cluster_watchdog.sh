#!/bin/sh
# The machine's watchdog ends what nobody else can, and nothing else.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_odd.py dogs
