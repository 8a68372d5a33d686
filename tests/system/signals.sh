#!/bin/sh
# By signals a node runs more or fewer jobs at once, takes no more or takes them
# again, and ends when the power does.
set -eu

# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

cat >"$dir/jobs.conf" <<CONF
workers = 1;
jobs = { nap = { command = [ "/bin/sleep", "1000" ]; unique = "none"; }; };
CONF

says() {
  hold status | grep -q "$1"
}

node_start
until_true 10 says '; 1 at once' || fail "$(hold status)"
for _ in 1 2 3; do
  expect 0 hold submit nap
done
until_true 10 says '1 running, 2 waiting' || fail "$(hold status)"

# One more at once, and one fewer, which stops none.
kill -TTIN "$node_pid"
until_true 10 says '2 running, 1 waiting' || fail "no more: $(hold status)"
says '; 2 at once' || fail "$(hold status)"
kill -TTOU "$node_pid"
until_true 10 says '; 1 at once' || fail "no fewer: $(hold status)"
says '2 running' || fail "one was stopped: $(hold status)"
kill -TTIN "$node_pid"
until_true 10 says '; 2 at once' || fail "no more again: $(hold status)"

# What was asked holds over a reload, whatever that allows.
sed -i 's/workers = 1/workers = 2/' "$dir/jobs.conf"
node_write_config
expect 0 hold reload
until_true 10 says '3 running' || fail "$(hold status)"
says '; 3 at once' || fail "$(hold status)"

kill -USR2 "$node_pid"
until_true 10 says draining || fail "it does not drain: $(hold status)"
kill -USR2 "$node_pid"
not_draining() {
  ! says draining
}
until_true 10 not_draining || fail "it drains: $(hold status)"

kill -PWR "$node_pid"
code=0
wait "$node_pid" || code=$?
[ $code = 0 ] || fail "ended with $code"
node_pid=
