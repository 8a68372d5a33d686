#!/bin/sh
# Nodes whose views of the storage differ: kept out, told of, or no worse off.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_odd.py views
