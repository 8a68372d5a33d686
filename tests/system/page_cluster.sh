#!/bin/sh
# The page of an operator of a cluster, in Chromium: it shows the nodes, who
# leads and who is not heard, as that changes.
set -eu
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

command -v chromedriver >/dev/null || skip 'no chromedriver'
command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
  command -v google-chrome >/dev/null || skip 'no chromium'
run_python page_cluster.py
