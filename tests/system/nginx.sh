#!/bin/sh
# Behind a real nginx with contrib/nginx.conf, a user of a cluster notices no
# death of a node: every answer is one, and none is of the past.
set -eu
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

run_python nginx.py
