#!/bin/sh
# As PID 1 of a container: what is orphaned is reaped and the exit code is
# right; also on a read-only root, as a plain user, and without descriptors.
set -eu

# shellcheck source=tests/system/lib.sh
. "$SRCDIR/tests/system/lib.sh"
# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

# Root needs no namespace of users; a plain user is root of one of his own.
namespaces='--pid --fork --mount --mount-proc --kill-child'
as_plain=
if [ "$(id -u)" = 0 ]; then
  as_root=$namespaces
  command -v setpriv >/dev/null && as_plain=$namespaces
else
  as_root="--user --map-root-user $namespaces"
  as_plain="--user --map-current-user $namespaces"
fi
# shellcheck disable=SC2086
why=$(unshare $as_root true 2>&1) || skip "no namespaces: $why"

# Whoever runs it has to get at it.
chmod 711 "$dir"
cp "$HOLDFAST" "$dir/holdfast"
view=
locker=

end_all() {
  [ -z "$locker" ] || kill "$locker" 2>/dev/null || :
  cleanup
}
trap end_all EXIT

write_config() {
  rm -rf "$dir/state" "$dir/shared"
  mkdir -p "$dir/state" "$dir/shared"
  {
    echo "node = \"test\"; user = \"root\"; http = { listen = []; };"
    echo "shared = \"$dir/shared\"; state = \"$dir/state\";"
    cat
  } >"$dir/holdfast.conf"
}

# start OPTIONS COMMAND: COMMAND in namespaces, in the end holdfast itself.
start() {
  # shellcheck disable=SC2086
  unshare $1 sh -c "$2" >>"$dir/log" 2>&1 &
  outer=$!
  until_true 20 has_child || fail 'unshare starts nothing'
  node_pid=$(pgrep -P "$outer" || :)
  view=/proc/$node_pid/root
  socket=$view$dir/state/control
}

has_child() {
  pgrep -P "$outer" || outer_is_gone
}

outer_is_gone() {
  ! kill -0 "$outer" 2>/dev/null || grep -q '^State:.*Z' "/proc/$outer/status"
}

ends_with() {
  until_true 20 outer_is_gone || fail 'the node does not end'
  node_pid=
  code=0
  wait "$outer" || code=$?
  [ "$code" = "$1" ] || fail "exit $code instead of $1"
}

# inside COMMAND...: in the namespaces of the node.
inside() {
  if [ "$(id -u)" = 0 ]; then
    nsenter -t "$node_pid" --pid --mount "$@"
  else
    nsenter -t "$node_pid" --user --preserve-credentials --pid --mount "$@"
  fi
}

has_become() {
  ! grep -q '^Name:.*\(sh\|unshare\)$' "/proc/$node_pid/status"
}

is_up() {
  hold status -q
}

stops_well() {
  kill -TERM "$node_pid"
  ends_with 0
}

# What the namespace of PID 1 holds that is dead and not reaped.
zombies() {
  grep -l '^State:.*Z' "$view"/proc/[0-9]*/status 2>/dev/null || :
}

no_zombies() {
  [ -z "$(zombies)" ]
}

# at_least FILE LINES
at_least() {
  [ -e "$view$dir/shared/$1" ] && [ "$(wc -l <"$view$dir/shared/$1")" -ge "$2" ]
}

run_job() {
  expect 0 hold submit one --wait
  [ "$(hold fetch "$(cat "$dir/out")" -o -)" = 'done' ] || fail 'no output of the job'
}

# ---- orphans ----

cat >"$dir/units" <<CONF
jobs = { one = { command = [ "/bin/sh", "-c", "echo done >\$\$HOLDFAST_OUTPUT" ]; output = "x"; }; };
services = {
  orphans = { command = [ "/bin/sh", "-c", "while :; do
      (setsid sh -c 'sleep 0.1; echo orphan >>$dir/shared/orphans' & exit 0)
      sleep 0.1
    done" ]; };
  parent = { command = [ "/bin/sh", "-c", "
      (setsid sh -c 'trap : TERM; while :; do sleep 0.1; done' & echo \$\$! >>$dir/shared/children)
      sleep 0.2; exit 1" ];
    backoff = "0s"; max-restarts = 1000; };
  standard = { command = [ "/bin/sh", "-c", "
      readlink /proc/self/fd/0 >$dir/shared/in
      echo /proc/self/fd/* >$dir/shared/fds
      exec sleep 1000" ]; };
};
CONF
write_config <"$dir/units"
start "$as_root" "exec '$HOLDFAST' run -c '$dir/holdfast.conf'"
until_true 20 is_up || fail 'no node'
until_true 20 at_least orphans 5 || fail 'no orphans'
until_true 20 at_least children 3 || fail 'the parent is not started again'
run_job

# A stranger, as `docker exec` brings them, leaves one to PID 1 itself.
inside sh -c "(sleep 0.2; echo stranger >>$dir/shared/strangers) & exit 0" ||
  fail 'cannot enter the namespaces'
until_true 20 at_least strangers 1 || fail 'the stranger was killed'
until_true 20 no_zombies || fail "not reaped: $(zombies)"

# The supervisor dies: all that it and the workers had becomes PID 1's, which
# ends it before there is another supervisor.
child=$(tail -n 1 "$view$dir/shared/children")
lines=$(wc -l <"$view$dir/shared/children")
inside sh -c "kill -KILL $(role_pid supervisor)"
until_true 20 at_least children $((lines + 2)) || fail 'nothing comes back'
until_true 20 is_up || fail 'no answer after the supervisor died'
[ ! -d "$view/proc/$child" ] || fail 'an orphan outlives the supervisor'
until_true 20 no_zombies || fail "not reaped: $(zombies)"
stops_well

# ---- exit codes ----

write_config <<CONF
services = { heart = { command = [ "/bin/sh", "-c", "exit 23" ]; essential = true; restart = "temporary"; }; };
CONF
start "$as_root" "exec '$HOLDFAST' run -c '$dir/holdfast.conf'"
ends_with 23

write_config <<CONF
services = { heart = { comand = [ "/bin/true" ]; }; };
CONF
start "$as_root" "exec '$HOLDFAST' run -c '$dir/holdfast.conf'"
ends_with 2

# Asked to stop while it still waits for what a predecessor holds: init gets no
# signal that it does not handle.  That one was PID 1 as well.
write_config <"$dir/units"
if command -v python3 >/dev/null; then
  mkfifo "$dir/taken"
  python3 -c "
import fcntl, os, struct, time
lock = open('$dir/state/lock', 'w')
os.chmod('$dir/state', 0o700)
fcntl.fcntl(lock, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))
lock.write('1\n')
lock.flush()
open('$dir/taken', 'w').close()
time.sleep(60)" &
  locker=$!
  cat "$dir/taken"
  start "$as_root" "exec '$HOLDFAST' run -c '$dir/holdfast.conf'"
  until_true 20 has_become || fail 'no node'
  sleep 0.2
  kill -TERM "$node_pid"
  began=$(date +%s)
  ends_with 0
  [ $(($(date +%s) - began)) -lt 8 ] || fail 'it does not stop before it is up'
  kill "$locker"
  locker=
fi

# ---- where it may write nothing, and hears nothing ----

write_config <"$dir/units"
cat >"$dir/readonly" <<SCRIPT
set -e
for place in state shared; do mount -t tmpfs -o mode=700 none "$dir/\$place"; done
for place in / /tmp "\$(df -P "$dir" | awk 'NR == 2 { print \$6 }')"; do
  mountpoint -q "\$place" || continue
  options=\$(findmnt -n -o VFS-OPTIONS "\$place" | tail -n 1)
  mount -o "remount,bind,\$options,ro" "\$place"
done
if touch "$dir/readonly" 2>/dev/null; then
  echo 'the root is not read-only'
  exit 99
fi
exec '$HOLDFAST' run -c '$dir/holdfast.conf' <&- >&- 2>&-
SCRIPT
start "$as_root" ". '$dir/readonly'"
until_true 20 is_up || fail 'no node on a read-only root'
run_job
until_true 20 at_least in 1 || fail 'a service does not start'
[ "$(cat "$view$dir/shared/in")" = /dev/null ] || fail "stdin: $(cat "$view$dir/shared/in")"
# 3 is the directory looked into.
[ "$(sed 's,/proc/self/fd/,,g' "$view$dir/shared/fds")" = '0 1 2 3' ] || fail "descriptors: $(cat "$view$dir/shared/fds")"
until_true 20 no_zombies || fail "not reaped: $(zombies)"
stops_well

# ---- as a plain user ----

[ -n "$as_plain" ] || exit 0
write_config <"$dir/units"
become=
if [ "$(id -u)" = 0 ]; then
  become='setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs'
  chown -R 65534:65534 "$dir/state" "$dir/shared" "$dir/holdfast.conf"
fi
start "$as_plain" "exec $become '$dir/holdfast' run -c '$dir/holdfast.conf' </dev/null"
until_true 20 is_up || fail 'no node as a plain user'
until_true 20 at_least orphans 3 || fail 'no orphans of a plain user'
until_true 20 at_least children 3 || fail 'the parent is not started again'
run_job
until_true 20 no_zombies || fail "not reaped: $(zombies)"
stops_well
