#!/bin/sh
# Never two of a singleton, whatever storage, network and clocks do; skipped
# without root, network namespaces and FUSE.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster.py storage
