#!/bin/sh
# Ten nodes at once, one identity twice, and work that crashes everywhere.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster.py many
