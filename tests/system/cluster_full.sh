#!/bin/sh
# Without room for its state, or on shared storage, a node says so and works on.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_odd.py full
