#!/bin/sh
# The page behind nginx, in Chromium: the bar of a job goes on, without a
# reload, when its node is killed, and when the node that served it is.
set -eu
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

command -v chromedriver >/dev/null || skip 'no chromedriver'
command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
  command -v google-chrome >/dev/null || skip 'no chromium'
run_python nginx_page.py
