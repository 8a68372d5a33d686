#!/bin/sh
# The page starts, follows, joins, cancels and downloads jobs in Chromium, below
# a path prefix, without asking any other host.
set -eu

for tool in python3 chromedriver; do
  command -v "$tool" >/dev/null || {
    echo "skipped: no $tool"
    exit 77
  }
done
command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
  command -v google-chrome >/dev/null || {
  echo "skipped: no chromium"
  exit 77
}

# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

cat >"$dir/jobs.conf" <<'CONF'
jobs = {
  steps = {
    command = [ "/bin/sh", "-c", "i=0; while [ $$i -lt 50 ]; do echo \"$$((i * 2)) step $$i\" >&3; sleep 0.1; i=$$((i + 1)); done; seq 100000 >\"$$HOLDFAST_OUTPUT\"" ];
    output = "steps.txt"; type = "text/plain"; unique = "user";
  };
  slow = { command = [ "/bin/sleep", "600" ]; unique = "none"; };
  broken = {
    command = [ "/bin/sh", "-c", "echo 'something has gone wrong' >&2; exit 3" ];
    attempts = 1; unique = "none";
  };
};
CONF
node_start
PYTHONDONTWRITEBYTECODE=1 python3 "$SRCDIR/tests/system/page.py" \
  "http://127.0.0.1:$port/sub/" "$HOLDFAST" "$socket" "$dir" || fail "the page"
