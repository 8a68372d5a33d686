#!/bin/sh
# The node under a real systemd, with contrib/holdfast.service as it is.
#
#	HOLDFAST=build/holdfast tests/trial/systemd.sh
#
# Boots systemd as process 1 of namespaces, in a Debian root that mmdebstrap
# makes (ROOT_TAR names one to use, and to keep).  Needs root, mmdebstrap,
# unshare, nsenter and version 2 of control groups; a minute, and a mirror of
# Debian.  Not part of check.  Prints what was seen; 77 = skipped.
set -eu

SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
HOLDFAST=${HOLDFAST:-$SRCDIR/holdfast}
SUITE=${SUITE:-bookworm}
PACKAGES=systemd,systemd-sysv,dbus,procps,libmicrohttpd12,liblmdb0,libconfig9,libjansson4,libsodium23

# ---- inside the mount namespace: a root for systemd, then systemd ----

boot() {
  root=$1
  mount --make-rprivate /
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  # Only version 2, whatever else the machine has.
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  hostname trial
  ip link set lo up 2>/dev/null || :
  cd "$root"
  mkdir -p old
  pivot_root . old
  umount -l /old
  exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd multi-user.target </dev/null
}

if [ "${1:-}" = --boot ]; then
  # Systemd's control groups are below the one we are born in.
  echo 0 >"$3/cgroup.procs"
  exec unshare --cgroup "$0" --boot-below "$2"
elif [ "${1:-}" = --boot-below ]; then
  boot "$2"
fi

# ---- outside ----

skip() {
  echo "systemd: skipped, $1" >&2
  exit 77
}

[ "$(id -u)" = 0 ] || skip 'needs root'
for tool in mmdebstrap unshare nsenter; do
  command -v $tool >/dev/null || skip "no $tool"
done
groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$groups" ] || skip 'no control groups of version 2'
[ -x "$HOLDFAST" ] || skip "no $HOLDFAST"

dir=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-systemd-XXXXXX")
root=$dir/root
group=$groups/${dir##*/}
outer=

cleanup() {
  # With process 1 everything in its namespace goes.
  [ -z "$outer" ] || kill -KILL "$outer" 2>/dev/null || :
  [ -z "$outer" ] || wait "$outer" 2>/dev/null || :
  until_true 10 grep -qx 'populated 0' "$group/cgroup.events" || :
  find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || :
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

fail() {
  echo "FAILED: $*"
  echo '--- the journal:'
  inside journalctl --no-pager -u holdfast -n 60 || cat "$dir/console"
  exit 1
}

seen() {
  echo "seen: $*"
}

# until_true SECONDS COMMAND...
until_true() {
  end=$(($(date +%s) + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 0.05
  done
}

inside() {
  nsenter -t "$init" --mount --uts --ipc --net --pid --cgroup --root --wd "$@"
}

now_ms() {
  date +%s%3N
}

make_root() {
  tar=${ROOT_TAR:-$dir/root.tar}
  [ -s "$tar" ] || mmdebstrap -q --variant=minbase --include="$PACKAGES" \
    "$SUITE" "$tar"
  mkdir "$root"
  tar -xf "$tar" -C "$root"
  [ "$tar" != "$dir/root.tar" ] || rm -f "$tar"
  cp "$HOLDFAST" "$root/usr/bin/holdfast"
  cp "$SRCDIR/contrib/holdfast.service" "$root/etc/systemd/system/"
  chroot "$root" useradd --system --no-create-home holdfast
  mkdir -p "$root/etc/holdfast" "$root/var/log/journal"
}

write_units() {
  cat >"$root/usr/bin/serve" <<'SCRIPT'
#!/bin/sh
# serve NAME SECONDS - stops after SECONDS when told to; leaves children that
# went far away.
echo "start $1 $$" >>/var/tmp/witness
trap 'sleep $2; echo "stop $1 $$" >>/var/tmp/witness; exit 0' TERM
echo "hello from $1"
echo "warning of $1" >&2
setsid sh -c 'setsid sleep 98765 & sleep 98765' &
while :; do sleep 0.1; done
SCRIPT
  chmod +x "$root/usr/bin/serve"
  ln -s /mnt/away "$root/srv/late"
  write_config 0
}

# write_config STOP: with the seconds web takes to stop.
write_config() {
  cat >"$root/etc/holdfast/holdfast.conf" <<CONF
user = "holdfast";
shared = "/srv/late/shared";
http = { listen = "127.0.0.1:8080"; };
services = {
  db = { command = [ "/usr/bin/serve", "db", "1" ]; ready = "100ms";
    limits = { memory = "64M"; }; };
  app = { command = [ "/usr/bin/serve", "app", "2" ]; after = [ "db" ]; ready = "100ms"; };
  web = { command = [ "/usr/bin/serve", "web", "$1" ]; after = [ "app" ]; };
};
jobs = { long = { command = [ "/bin/sh", "-c", "setsid sleep 98765 & sleep 98765" ]; attempts = 9; }; };
CONF
}

property() {
  inside systemctl show holdfast -p "$1" --value
}

is() {
  [ "$(property "$1")" = "$2" ]
}

# Everything the unit has, as "PID START" lines: a pid may come again.
snapshot() {
  # shellcheck disable=SC2016
  inside sh -c 'find /sys/fs/cgroup/system.slice/holdfast.service \
    -name cgroup.procs -exec cat {} + | while read -r pid; do
      started=$(sed "s/.*) //" "/proc/$pid/stat" 2>/dev/null | cut -d " " -f 20)
      [ -z "$started" ] || echo "$pid $started"
    done'
}

# still_there FILE: those of the snapshot in FILE that live.
still_there() {
  while read -r pid started; do
    now=$(sed 's/.*) //' "/proc/$init/root/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 20)
    [ "$now" != "$started" ] || echo "$pid"
  done <"$1"
}

# all_gone FILE
all_gone() {
  [ -z "$(still_there "$1")" ]
}

# web_started TIMES
web_started() {
  [ "$(grep -c '^start web' "$root/var/tmp/witness")" -ge "$1" ]
}

# main_is_not PID
main_is_not() {
  main=$(property MainPID)
  [ "$main" != 0 ] && [ "$main" != "$1" ] && is SubState running
}

# Of the pids that say LINE in the witness, the latest.
latest() {
  sed -n "s/^$1 //p" "$root/var/tmp/witness" | tail -n 1
}

# journal_has PRIORITY PATTERN
journal_has() {
  inside journalctl -q --no-pager -u holdfast -o cat -p "$1..$1" | grep -E "$2" >/dev/null
}

make_root
write_units
mkdir "$group"
unshare --pid --fork --kill-child --mount --uts --ipc --net \
  "$0" --boot "$root" "$group" >"$dir/console" 2>&1 &
outer=$!
until_true 10 pgrep -P "$outer" || fail 'systemd does not start'
init=$(pgrep -P "$outer")
until_true 60 inside systemctl is-system-running --wait || cat "$dir/console"
seen "$(inside systemctl --version | head -n 1), $(inside systemctl is-system-running)"

# ---- active once it is ready, and not before ----

inside systemctl start --no-block holdfast
until_true 10 is SubState start || fail 'it is not starting'
sleep 2
is ActiveState activating || fail "active before it is ready: $(property ActiveState)"
inside install -d -o holdfast -g holdfast /mnt/away/shared
until_true 30 is ActiveState active || fail 'it does not become active'
inside holdfast status >/dev/null || fail 'active, and not there'
until_true 20 web_started 1 || fail 'the services'
status_has() {
  property StatusText | grep -q "$1"
}
said=$(inside journalctl -q --no-pager -u holdfast -o cat | grep -c '^journal.*cannot open the shared directory')
[ "$said" = 1 ] || fail "storage that is away is told $said times"
until_true 10 status_has '3 of 3 services up' || fail "the status: $(property StatusText)"
seen "activating while its storage is away, active when it is there"
seen "systemctl status$(inside systemctl status holdfast | sed -n 's/^ *Status//p')"
starts=1

# ---- control groups ----

group_of() {
  inside sed -n 's/^0:://p' "/proc/$1/cgroup"
}
at=$(group_of "$(property MainPID)")
[ "$at" = /system.slice/holdfast.service/node ] || fail "the guardian is in $at"
at=$(group_of "$(latest 'start db')")
case $at in
/system.slice/holdfast.service/holdfast-*/w*) ;;
*) fail "db is in $at" ;;
esac
# A group with processes of its own could not hand on controllers.
[ -z "$(inside cat /sys/fs/cgroup/system.slice/holdfast.service/cgroup.procs)" ] ||
  fail 'processes beside the groups'
if inside grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
  [ "$(inside cat "/sys/fs/cgroup$at/memory.max")" = 67108864 ] || fail 'the limit of memory'
  seen "each in a group of its own; db may use 64M in $at"
else
  seen "each in a group of its own: $at; no controller of memory on this machine"
fi

# ---- the journal ----

until_true 5 journal_has 6 '^web\[[0-9]+\]: hello from web$' || fail 'priority of stdout'
journal_has 4 '^web\[[0-9]+\]: warning of web$' || fail 'priority of stderr'
journal_has 6 '^guardian\[[0-9]+\]: guardian: ready' || fail "priority of the node's own"
journal_has 3 '^journal\[[0-9]+\]: err: .*cannot open the shared directory' ||
  fail 'priority of errors'
seen 'the journal: errors err, units on stderr warning, the rest info, no <N> left'
inside journalctl -q --no-pager -u holdfast -o cat | grep -q '^<' && fail 'a prefix is left'

# ---- reload ----

generation() {
  inside holdfast status --json | sed -n 's/.*"reloads":{"done":\([0-9]*\).*/\1/p'
}
web=$(latest 'start web')
db=$(latest 'start db')
before=$(generation)
write_config 1
inside systemctl reload holdfast || fail 'reload'
[ "$(generation)" -gt "${before:-0}" ] || fail "reload returned before it was done: $(generation)"
is ActiveState active || fail 'not active after a reload'
until_true 20 web_started 2 || fail 'the changed unit is not started anew'
starts=2
[ "$(latest 'start db')" = "$db" ] || fail 'an unchanged unit was touched'
[ "$(latest 'start web')" != "$web" ] || fail 'the changed unit'
seen "systemctl reload returns when it is done (generation $(generation)), only web was started anew"

sed -i 's/ready = /reedy = /' "$root/etc/holdfast/holdfast.conf"
if inside systemctl reload holdfast 2>"$dir/err"; then
  fail 'a bad reload looks good'
fi
is ActiveState active || fail 'not active after a refused reload'
until_true 5 journal_has 3 '^/etc.*holdfast.conf:[0-9]+: error: .*reedy' || fail 'the reason'
inside kill -HUP "$(property MainPID)"
until_true 10 status_has 'reload was refused' || fail "the status: $(property StatusText)"
until_true 5 journal_has 3 '^guardian.*holdfast.conf:[0-9]+: error: .*reedy' || fail 'the reason'
seen "a refused reload: systemctl says \"$(head -n 1 "$dir/err")\", the journal: $(inside journalctl \
  -q --no-pager -u holdfast -o cat | grep -m 1 'error:')"
seen "status after a refused HUP$(inside systemctl status holdfast | sed -n 's/^ *Status//p')"
write_config 1
inside kill -HUP "$(property MainPID)"
until_true 10 status_has 'up$' || fail "the status: $(property StatusText)"
is SubState running || fail 'reloading for ever'

# ---- death of the guardian ----

inside holdfast submit long >/dev/null
until_true 10 status_has '1 jobs running' || fail "no job: $(property StatusText)"
for how in KILL STOP; do
  snapshot >"$dir/old"
  old=$(property MainPID)
  count=$(wc -l <"$dir/old")
  restarts=$(property NRestarts)
  began=$(now_ms)
  inside kill "-$how" "$old"
  # Frozen, it is ended after WatchdogSec.
  until_true 60 all_gone "$dir/old" || fail "left over: $(still_there "$dir/old")"
  gone=$(now_ms)
  until_true 30 main_is_not "$old" || fail "not restarted: $(property SubState)"
  starts=$((starts + 1))
  until_true 20 web_started $starts || fail 'the services are not back'
  [ "$(property NRestarts)" -gt "$restarts" ] || fail 'no restart counted'
  seen "guardian $how: all $count processes gone after $((gone - began)) ms, web back after $(($(now_ms) - began)) ms"
done
until_true 5 journal_has 3 'holdfast.service: Watchdog timeout' || fail 'no word about the watchdog'

# ---- stop ----

until_true 20 status_has '3 of 3 services up' || fail "the status: $(property StatusText)"
snapshot >"$dir/old"
: >"$root/var/tmp/witness"
began=$(now_ms)
inside systemctl stop --no-block holdfast
until_true 10 status_has 'stopping, waits for' || fail "the status: $(property StatusText)"
stopping=$(property StatusText)
until_true 30 is ActiveState inactive || fail "does not stop: $(property ActiveState)"
seen "systemctl stop took $(($(now_ms) - began)) ms, status was: $stopping"
order=$(sed -n 's/^stop \([a-z]*\) .*/\1/p' "$root/var/tmp/witness" | tr '\n' ' ')
[ "$order" = 'web app db ' ] || fail "the order: $order"
is Result success || fail "result $(property Result)"
is ExecMainStatus 0 || fail "exit $(property ExecMainStatus)"
all_gone "$dir/old" || fail "left over: $(still_there "$dir/old")"
journal_has 6 'supervisor: waits for (db|app|web) ' || fail 'nobody is named'
seen "stop order: $order; $(inside journalctl -q --no-pager -u holdfast -o cat |
  grep 'waits for' | sed 's/.*supervisor: \(waits for [a-z]*\).*/\1/' | uniq -c | tr -s ' \n' ' ')"

# ---- a configuration with errors ----

echo 'nonsense = 1;' >>"$root/etc/holdfast/holdfast.conf"
inside systemctl start holdfast 2>/dev/null && fail 'starts with errors'
sleep 2
is ActiveState failed || fail "tries a bad configuration again: $(property ActiveState)"
is ExecMainStatus 2 || fail "exit $(property ExecMainStatus)"
seen 'a configuration with errors: failed, exit 2, not tried again'
echo 'systemd: all seen'
