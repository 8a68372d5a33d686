#!/bin/sh
# Nodes hear each other by UDP and show who hears whom; strangers are refused
# and told of; without keys, or with bad ones, a node goes on without.
set -eu
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python heartbeat.py
