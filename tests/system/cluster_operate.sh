#!/bin/sh
# Any node of a cluster takes what an operator wishes of a singleton, wherever
# that runs, and tells when it is so.
set -eu
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_operate.py
