#!/bin/sh
# Whoever of a node is killed, its work is proven dead and the node comes back,
# or ends with nothing left behind.
set -eu

HOLDFAST=${HOLDFAST:?names the program}
[ -d "/proc/$$/task" ] || {
  echo 'roles: skipped, needs Linux and /proc' >&2
  exit 77
}
# Two lines read one file of /proc: the kernel may lack it.
[ -e "/proc/$$/task/$$/children" ] || {
  echo 'roles: skipped, needs /proc/PID/task/PID/children' >&2
  exit 77
}

dir=$(mktemp -d)
guardian=
port=$((20000 + $$ % 12000))

# ---- helpers ----

cleanup() {
  [ -z "$guardian" ] || kill -QUIT "$guardian" 2>/dev/null || :
  sleep 0.3
  for pid in $(lingering); do
    kill -KILL "$pid" 2>/dev/null || :
  done
  rm -rf "$dir"
}
trap cleanup EXIT

fail() {
  echo "roles: FAILED: $*" >&2
  sed 's/^/  | /' "$dir/log" >&2
  exit 1
}

# wait_for SECONDS WHAT COMMAND... - until COMMAND succeeds; a minute at least,
# for a machine that does much else.
wait_for() {
  tries=$((($1 > 60 ? $1 : 60) * 20))
  what=$2
  shift 2
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "waited in vain: $what"
    sleep 0.05
  done
}

# Processes of work, by the path of their script, an argument of its own.
lingering() {
  grep -lszx "$dir/\([l]inger\|[d]eaf\)" /proc/[0-9]*/cmdline |
    tr -dc '0-9\n'
}

are() { # are COUNT - so many processes of work live, all of them deaf
  [ "$(lingering | wc -l)" -eq "$1" ] &&
    [ "$(grep -lszx "$dir/[d]eaf" /proc/[0-9]*/cmdline | wc -l)" -eq "$1" ]
}

children() {
  cat "/proc/$1/task/$1/children" 2>/dev/null || :
}

# child PARENT NAME - the first child of that short name.
child() {
  for pid in $(children "$1"); do
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]; then
      echo "$pid"
      return
    fi
  done
}

supervisor() {
  child "$guardian" hf-supervisor
}

is_gone() {
  [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

all_gone() {
  for pid; do
    is_gone "$pid" || return 1
  done
}

# differs OLD COMMAND... - COMMAND prints something, and not OLD.
differs() {
  old=$1
  shift
  new=$("$@")
  [ -n "$new" ] && [ "$new" != "$old" ]
}

logged() {
  grep -q "$1" "$dir/log"
}

configure() { # configure NAME - a configuration file
  cat >"$dir/$1.conf" <<END
node = "test";
state = "$dir/$1";
shared = "$dir/$1-shared";
workers = 16;
http = { listen = "127.0.0.1:$port"; };
jobs = {
  linger = {
    command = [ "$dir/work" ];
    attempts = 1000;
    stop-timeout = "60s";
    unique = "none";
  };
  once = {
    command = [ "/bin/sleep", "1000" ];
    attempts = 1;
    unique = "none";
  };
};
END
}

start() {
  : >"$dir/log"
  "$HOLDFAST" run -c "$dir/node.conf" 2>"$dir/log" &
  guardian=$!
  wait_for 10 'ready' logged 'ready after_ms'
}

# stopped EXIT SECONDS - the node ends by itself, with nothing left.
stopped() {
  wait_for "$2" 'guardian ends' is_gone "$guardian"
  rc=0
  wait "$guardian" || rc=$?
  guardian=
  [ "$rc" -eq "$1" ] || fail "exit $rc, not $1"
  are 0 || fail "left: $(lingering)"
}

submit() {
  "$HOLDFAST" submit -c "$dir/node.conf" linger >/dev/null ||
    fail 'submit'
  wait_for 10 'work runs' are 2
}

once() { # once - prints the jobs that have one attempt and run
  "$HOLDFAST" jobs -c "$dir/node.conf" --type once --state processing |
    sed -n 's/ *once .*//p'
}

eight_once() {
  [ "$(once | wc -l)" -eq 8 ]
}

say() {
  echo "roles: $*"
}

# Neither goes by a polite signal; one leaves its parent, session and group.
cat >"$dir/linger" <<'END'
#!/bin/sh
trap '' TERM HUP INT
exec "${0%/*}/deaf" "$1"
END
cat >"$dir/deaf" <<'END'
#!/bin/sh
while :; do
  sleep 1
done
END
cat >"$dir/work" <<END
#!/bin/sh
(setsid sh -c '"$dir/linger" away & exit 0' &)
exec "$dir/linger" here
END
chmod +x "$dir/linger" "$dir/deaf" "$dir/work"

# ---- start ----

configure node
until "$HOLDFAST" run -c "$dir/node.conf" 2>"$dir/log" & guardian=$! &&
  sleep 0.5 && ! logged 'another program listens'; do
  wait "$guardian" || :
  port=$((port + 1))
  configure node
done
wait_for 10 'ready' logged 'ready after_ms'
sed -n 's/.*guardian: ready/roles: ready/p' "$dir/log"

# ---- a second node in the same place, or at the same address ----

if "$HOLDFAST" run -c "$dir/node.conf" 2>"$dir/second"; then
  fail 'a second node was let in'
fi
grep -q "$dir/node is in use by another holdfast pid=$guardian" \
  "$dir/second" || fail "unclear: $(cat "$dir/second")"
configure other
if "$HOLDFAST" run -c "$dir/other.conf" 2>"$dir/second"; then
  fail 'a second node listens'
fi
grep -q "127.0.0.1:$port\"; another program listens there" "$dir/second" ||
  fail "unclear: $(cat "$dir/second")"
say 'a second node is refused'

# ---- reload ----

cp "$dir/node.conf" "$dir/good.conf"
echo 'workers = "many";' >>"$dir/node.conf"
kill -HUP "$guardian"
wait_for 10 'refusal' logged 'reload refused'
logged "node.conf:.*: error: " || fail 'a bad file without its line'
cp "$dir/good.conf" "$dir/node.conf"
kill -HUP "$guardian"
wait_for 10 'reload' logged 'reloaded generation=1'
say 'a bad file is refused, a good one taken'

# ---- every role ----

for role in journal control http; do
  old=$(child "$(supervisor)" "hf-$role")
  kill -KILL "$old"
  wait_for 5 "$role is restarted" \
    differs "$old" child "$(supervisor)" "hf-$role"
  wait_for 10 "$role answers" \
    "$HOLDFAST" jobs -q -c "$dir/node.conf" >/dev/null 2>&1
  say "$role killed and restarted"
done

# ---- worker: its work dies, and is run anew ----

submit
old=$(lingering)
kill -KILL "$(child "$(supervisor)" hf-worker)"
# shellcheck disable=SC2086 # one word each
wait_for 5 'work of a dead worker dies' all_gone $old
wait_for 10 'another attempt' are 2
say 'worker killed, its work died and runs anew'

# ---- supervisor: killed, and hung ----

old=$(lingering)
old_supervisor=$(supervisor)
kill -KILL "$old_supervisor"
# shellcheck disable=SC2086
wait_for 3 'work of a dead supervisor dies' all_gone $old
wait_for 3 'another supervisor' differs "$old_supervisor" supervisor
wait_for 10 'another attempt' are 2
sed -n 's/.*guardian: all work/roles: supervisor killed, all work/p' \
  "$dir/log"

old=$(lingering)
old_supervisor=$(supervisor)
kill -STOP "$old_supervisor"
wait_for 20 'a hung supervisor is replaced' \
  differs "$old_supervisor" supervisor
# shellcheck disable=SC2086
all_gone $old || fail "work of a hung supervisor lives: $old"
wait_for 10 'another attempt' are 2
say 'supervisor hung and replaced'

# ---- guardian: all goes; the next one finds a free place ----

for _ in 1 2 3 4 5 6 7 8; do
  "$HOLDFAST" submit -c "$dir/node.conf" once >/dev/null || fail 'submit'
done
wait_for 10 'all of them run' eight_once
old="$(lingering) $(supervisor) $(children "$(supervisor)")"
kill -KILL "$guardian"
wait "$guardian" || :
# shellcheck disable=SC2086
wait_for 5 'all of a dead guardian dies' all_gone $old
start
wait_for 10 'the job goes on' are 2
wait_for 10 'jobs that have one attempt go on' eight_once
for id in $(once); do
  "$HOLDFAST" cancel -q -c "$dir/node.conf" "$id" || fail 'cancel'
done
say 'guardian killed, all ended, and began anew'

old="$(lingering) $(children "$(supervisor)")"
kill -KILL "$guardian" "$(supervisor)"
wait "$guardian" || :
start
# shellcheck disable=SC2086
wait_for 5 'all of both dies' all_gone $old
wait_for 10 'the job goes on' are 2
say 'guardian and supervisor killed at once, and began anew'

# ---- the end: at once, in order with patience cut short, in order ----

kill -QUIT "$guardian"
stopped 0 10
[ ! -e "$dir/node/control" ] || fail 'control socket left behind'
say 'QUIT ends at once'

start
wait_for 10 'the job goes on' are 2
kill -TERM "$guardian"
wait_for 5 'stop begins' logged 'stopping wish=1'
sleep 0.5
is_gone "$guardian" && fail 'did not wait for its work'
kill -TERM "$guardian"
stopped 0 10
say 'a second TERM cuts the wait short'

start
wait_for 10 'the job goes on' are 2
for id in $("$HOLDFAST" jobs -c "$dir/node.conf" | sed -n 's/ *linger .*//p'); do
  "$HOLDFAST" cancel -c "$dir/node.conf" "$id" >/dev/null || :
done
# It ignores TERM for its 60 s, so the guardian has to wait; spare the time.
for pid in $(lingering); do
  kill -KILL "$pid" 2>/dev/null || :
done
wait_for 10 'work is gone' are 0
kill -TERM "$guardian"
stopped 0 10
say 'TERM ends in order'

# ---- PID 1 ----

unshare='unshare -pf --mount-proc --kill-child'
[ "$(id -u)" = 0 ] || unshare="$unshare -Ur"
if ! $unshare true 2>/dev/null; then
  say 'no name spaces here, PID 1 not tried'
  exit 0
fi
: >"$dir/log"
$unshare "$HOLDFAST" run -c "$dir/node.conf" 2>"$dir/log" &
guardian=$!
wait_for 10 'ready as PID 1' logged 'guardian\[1\]: guardian: ready'
submit
inner=$(child "$guardian" hf-guardian)
old_supervisor=$(child "$inner" hf-supervisor)
kill -KILL "$old_supervisor"
wait_for 3 'another supervisor' differs "$old_supervisor" \
  child "$inner" hf-supervisor
wait_for 10 'another attempt' are 2
kill -QUIT "$inner"
stopped 0 10
say 'the same as PID 1'
