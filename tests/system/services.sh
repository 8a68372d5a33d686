#!/bin/sh
# Services start in order, come back after any death, stop in reverse order,
# and a reload leaves alone what has not changed.
set -eu

# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

# Each says in the witness file what happens to it, and when.
cat >"$dir/serve" <<'SCRIPT'
#!/bin/sh
# serve NAME [SECONDS] - stops after SECONDS when told to.
trap 'sleep ${2:-0}; echo "stop $1 $$" >>"$WITNESS"; exit 0' TERM
echo "start $1 $$" >>"$WITNESS"
echo "hello from $1"
echo "warning of $1" >&2
[ ! -e /proc/$$/fd/4 ] || echo ready >&4
while :; do sleep 0.05; done
SCRIPT
chmod +x "$dir/serve"
: >"$dir/witness"
cat >"$dir/jobs.conf" <<CONF
services = {
  web = { command = [ "$dir/serve", "web" ]; env = [ "WITNESS=$dir/witness" ];
    after = [ "app" ]; restart = "permanent"; backoff = "0s"; };
  app = { command = [ "$dir/serve", "app", "0.3" ]; env = [ "WITNESS=$dir/witness" ];
    after = [ "db" ]; ready = "fd:4"; backoff = "0s"; };
  db = { command = [ "$dir/serve", "db", "0.3" ]; env = [ "WITNESS=$dir/witness" ];
    ready = "fd:4"; backoff = "0s"; };
  once = { command = [ "/bin/sh", "-c", "echo \"start once \$\$\$\$\" >>$dir/witness" ]; restart = "transient"; };
  off = { command = [ "$dir/serve", "off" ]; env = [ "WITNESS=$dir/witness" ];
    enabled = false; };
};
CONF

saw() {
  grep -q "^$1 $2 " "$dir/witness"
}

count_of() {
  grep -c "^$1 $2 " "$dir/witness" || :
}

# started NAME TIMES
started() {
  [ "$(count_of start "$1")" -ge "$2" ]
}

latest() {
  sed -n "s/^start $1 //p" "$dir/witness" | tail -n 1
}

is_gone() {
  ! kill -0 "$1" 2>/dev/null
}

node_start
until_true 20 started web 1 || fail 'web does not start'
[ "$(cut -d' ' -f2 "$dir/witness" | grep -v once | tr '\n' ' ')" = 'db app web ' ] ||
  fail "the order: $(cat "$dir/witness")"

# What they print is named and stamped, and kept for a while.
until_true 20 grep -q 'Z web\[[0-9]*\]: hello from web$' "$dir/log" || fail 'no line of web'
expect 0 hold logs web
grep -q 'Z web\[[0-9]*\]: warning of web$' "$dir/out" || fail "logs: $(cat "$dir/out")"
hold logs -f web >"$dir/followed" 2>&1 &
follower=$!

# A crash: it alone is started again.
app=$(latest app)
kill -KILL "$(latest web)"
until_true 20 started web 2 || fail 'web does not come back'
[ "$(latest app)" = "$app" ] || fail 'app was started again'
until_true 20 sh -c "[ \$(grep -c 'hello from web' '$dir/followed') = 2 ]" ||
  fail "followed: $(cat "$dir/followed")"
kill "$follower"

# Roles die: the services do not notice.
web=$(latest web)
for role in control journal http; do
  pid=$(role_pid "$role" | head -n 1)
  kill -KILL "$pid"
  until_true 20 hold status -q || fail "no answer after $role died"
done
sleep 0.3
[ "$(latest web)" = "$web" ] || fail 'web was started again'

# A reload: who has changed is started again, who is new starts, who is gone
# stops; the others are not touched.
sed 's/"app", "0.3"/"app", "0.2"/; s/^  off = /  extra = { command = [ "\/bin\/sleep", "1000" ]; }; off = /; s/once = .*//' \
  "$dir/jobs.conf" >"$dir/jobs.new"
cp "$dir/jobs.new" "$dir/jobs.ok"
mv "$dir/jobs.new" "$dir/jobs.conf"
node_write_config
kill -HUP "$node_pid"
until_true 20 started app 2 || fail 'app is not started again'
until_true 20 pgrep -f '/bin/sleep 1000' || fail 'extra does not start'
[ "$(count_of start db) $(count_of start web)" = '1 2' ] ||
  fail "the reload touched others: $(cat "$dir/witness")"
echo 'services = { web = { comand = 1; }; };' >"$dir/jobs.conf"
node_write_config
kill -HUP "$node_pid"
until_true 20 grep -q 'reload refused' "$dir/log" || fail 'a bad file is not refused'

# Operators: what they are told is what is so.
expect 0 hold status
grep -q '^service *web *ready' "$dir/out" || fail "status: $(cat "$dir/out")"
db=$(latest db)
expect 0 hold restart web
expect 0 hold stop web
is_gone "$(latest web)" || fail 'stopped, but it lives'
expect 0 hold start web
expect 5 hold start wbe
grep -q 'Did you mean web?' "$dir/err" || fail "no help: $(cat "$dir/err")"
expect 1 hold start off
expect 2 hold reload
grep -q 'did you mean "command"' "$dir/err" || fail "the mistake is not shown: $(cat "$dir/err")"
[ "$(latest db)" = "$db" ] || fail 'another service was touched'
expect 0 hold events -a
for event in unit-started unit-ready unit-exited unit-stopped unit-done reloaded reload-refused; do
  grep -q " $event " "$dir/out" || fail "no event $event: $(cat "$dir/out")"
done
curl -sf "http://127.0.0.1:$port/sub/metrics" >"$dir/metrics"
grep -q '^holdfast_service_ready{service="web"} 1$' "$dir/metrics" || fail 'no metric of web'
if command -v promtool >/dev/null; then
  expect 0 promtool check metrics <"$dir/metrics"
fi
[ "$(curl -s -o /dev/null -w '%{http_code}' -X POST \
  "http://127.0.0.1:$port/sub/v1/services/web/stop")" = 403 ] || fail 'anybody may stop it'

# What is disabled stays so over a restart of the node, and what is enabled.
expect 0 hold disable extra
expect 1 hold start extra
expect 0 hold enable off
until_true 20 started off 1 || fail 'off does not start'
node_stop
cp "$dir/jobs.ok" "$dir/jobs.conf"
node_start
until_true 20 started off 2 || fail 'off is not enabled any more'
until_true 20 sh -c "'$HOLDFAST' status -s '$socket' | grep -q '^service *extra *disabled'" ||
  fail "extra: $(hold status)"
expect 0 hold disable off
until_true 20 sh -c "'$HOLDFAST' status -s '$socket' | grep -q '^service *web *ready'" ||
  fail "web: $(hold status)"

# The supervisor dies: all its work is killed, proven dead, and started anew.
web=$(latest web)
count=$(count_of start web)
kill -KILL "$(role_pid supervisor)"
until_true 20 started web $((count + 1)) || fail 'web does not start under the new supervisor'
is_gone "$web" || fail 'the old web lives'

# The stop: in reverse order, each when those after it are gone.
: >"$dir/witness"
node_stop
[ "$(sed -n 's/^stop \([a-z]*\) .*/\1/p' "$dir/witness" | tr '\n' ' ')" = 'web app db ' ] ||
  fail "the order of the stop: $(cat "$dir/witness")"
! pgrep -f "$dir/serve" || fail 'something is left'
! saw start off || fail 'a disabled service ran'

# The node goes with what is essential, and with its exit code.
cat >"$dir/jobs.conf" <<CONF
services = {
  heart = { command = [ "/bin/sh", "-c", "sleep 0.5; exit 23" ]; essential = true;
    max-restarts = 1; backoff = "10ms"; };
};
CONF
node_start
code=0
wait "$node_pid" || code=$?
node_pid=
[ $code = 23 ] || fail "exit $code instead of the child's 23"
