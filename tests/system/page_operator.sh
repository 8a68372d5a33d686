#!/bin/sh
# The page of an operator, in Chromium: it shows services, node and events as
# they change, and tells the node what to do.
set -eu
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

command -v chromedriver >/dev/null || skip 'no chromedriver'
command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
  command -v google-chrome >/dev/null || skip 'no chromium'
run_python page_operator.py
