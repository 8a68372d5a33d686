#!/bin/sh
# The lab does what it says: mounts that misbehave, networks that are cut, and
# a witness from whom two alive at once can't hide.
set -eu

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
run_python lab.py
