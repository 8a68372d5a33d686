#!/bin/sh
# Without control groups, a node that was killed whole leaves nothing running
# that its successor would start a second time.
set -eu

# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"
# shellcheck source=tests/system/lib.sh
. "$SRCDIR/tests/system/lib.sh"

[ "$(id -u)" = 0 ] || skip 'we are no root'
unshare --mount mount -t tmpfs none /sys/fs/cgroup 2>/dev/null ||
  skip 'no namespace of mounts here'

cat >"$dir/bare" <<SCRIPT
#!/bin/sh
exec unshare --mount sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "\$@"' \
  sh "$(realpath "$HOLDFAST")" "\$@"
SCRIPT
# One that is not the direct child of any role, and hears of nobody's death.
cat >"$dir/alone" <<'SCRIPT'
#!/bin/sh
exec 9>"$1.lock"
flock -n 9 || echo two >>"$1"
setsid sleep 600 &
echo "start $!" >>"$1"
wait
SCRIPT
chmod +x "$dir/bare" "$dir/alone"
HOLDFAST=$dir/bare
cat >"$dir/jobs.conf" <<CONF
singletons = { alone = { command = [ "$dir/alone", "$dir/witness" ]; backoff = "0s"; }; };
CONF
: >"$dir/witness"

parent_of() {
  sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status"
}

starts() {
  [ "$(grep -c start "$dir/witness")" -ge "$1" ]
}

node_start
grep -q 'cgroup: none' "$dir/log" || fail 'it has control groups'
until_true 20 starts 1 || fail 'it does not start'
sleeper=$(sed -n 's/start //p' "$dir/witness")
supervisor=$(role_pid supervisor)
worker=$(parent_of "$(parent_of "$sleeper")")
# Stopped first, since who is killed last would end what is left.
kill -STOP "$node_pid" "$supervisor" "$worker"
kill -KILL "$node_pid" "$supervisor" "$worker"
wait "$node_pid" 2>/dev/null || :
kill -0 "$sleeper" || fail 'nothing is left to be found'
node_start
until_true 20 starts 2 || fail 'it is not started again'
if kill -0 "$sleeper" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$sleeper/status"; then
  kill -KILL "$sleeper"
  fail 'it lives on'
fi
! grep two "$dir/witness" || fail 'two at once'
grep -q 'killed what an earlier node left' "$dir/log" || fail 'not told'
node_stop
