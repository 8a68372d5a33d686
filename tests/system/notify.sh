#!/bin/sh
# The service manager hears when the node is ready, that it lives, what it does,
# and of each reload and stop.
set -eu

# shellcheck source=tests/system/lib.sh
. "$SRCDIR/tests/system/lib.sh"
# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

command -v python3 >/dev/null || skip 'no python3'

cat >"$dir/manager" <<'SCRIPT'
import os, socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
with open(sys.argv[2], 'a') as out:
    while True:
        out.write(heard.recv(4096).decode().replace('\n', ' ') + '\n')
        out.flush()
SCRIPT
NOTIFY_SOCKET=$dir/notify
WATCHDOG_USEC=400000
export NOTIFY_SOCKET WATCHDOG_USEC
: >"$dir/heard"
python3 "$dir/manager" "$NOTIFY_SOCKET" "$dir/heard" &
manager_pid=$!
trap 'kill "$manager_pid"; cleanup' EXIT
until_true 10 test -S "$NOTIFY_SOCKET" || fail 'no manager'

cat >"$dir/jobs.conf" <<CONF
services = {
  web = { command = [ "/bin/sh", "-c",
    "test -z \"\$\${WATCHDOG_USEC:-}\" || exit 9; trap 'sleep 1; exit 0' TERM; while :; do sleep 0.1; done" ]; };
  done = { command = [ "/bin/true" ]; restart = "temporary"; };
};
CONF

count() {
  grep -cE "$1" "$dir/heard" || :
}

# said TIMES PATTERN
said() {
  [ "$(count "$2")" -ge "$1" ]
}

node_start
until_true 10 said 1 '^READY=1$' || fail 'READY=1'
until_true 10 said 1 '^STATUS=ready, 1 of 1 service up$' || fail "the status: $(cat "$dir/heard")"
until_true 10 said 3 '^WATCHDOG=1$' || fail 'WATCHDOG=1'

cp "$dir/holdfast.conf" "$dir/good.conf"
echo 'nonsense = 1;' >>"$dir/holdfast.conf"
kill -HUP "$node_pid"
until_true 10 said 1 '^RELOADING=1 MONOTONIC_USEC=[0-9]+$' || fail 'RELOADING=1'
until_true 10 said 2 '^READY=1$' || fail 'the end of a refused reload'
until_true 10 said 1 '^STATUS=.*the latest reload was refused$' || fail 'the refusal'
cp "$dir/good.conf" "$dir/holdfast.conf"
expect 0 hold reload
until_true 10 said 3 '^READY=1$' || fail 'the end of a reload'
until_true 10 said 2 '^STATUS=ready, 1 of 1 service up$' || fail 'the status after a reload'

node_stop
said 1 '^STOPPING=1$' || fail 'STOPPING=1'
said 1 '^STATUS=stopping, waits for web$' || fail 'whom it waits for'
said 1 '^EXTEND_TIMEOUT_USEC=[0-9]+$' || fail 'patience'
