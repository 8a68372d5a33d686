#!/bin/sh
# No lease and no time of a singleton minds clocks that are set or slewed.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_odd.py clocks
