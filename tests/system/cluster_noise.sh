#!/bin/sh
# Datagrams lost, doubled, late, old or forged change nobody's work.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python cluster_odd.py noise
