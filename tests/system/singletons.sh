#!/bin/sh
# Singletons: one at a time, whatever dies; at their times; stopped, started,
# disabled by operators, kept over restarts of the node; what they save comes
# back.
set -eu

command -v curl >/dev/null || exit 77
command -v promtool >/dev/null || exit 77
# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

# Tells when it begins and ends; an end that is missing was a kill.
cat >"$dir/alone" <<'SCRIPT'
#!/bin/sh
# alone NAME [SECONDS] - saves how often it ran; takes so long to stop.
runs=0
[ -z "${HOLDFAST_STATE-}" ] || runs=$(cat "$HOLDFAST_STATE")
exec 9>"$WITNESS.$1.lock"
flock -n 9 || echo "two $1 $$" >>"$WITNESS"
[ -z "${HOLDFAST_CHECKPOINT-}" ] || echo $((runs + 1)) | "$HOLDFAST" checkpoint -
trap 'echo "stop $1 $$" >>"$WITNESS"; sleep "${2-0}"; exit 0' TERM
echo "start $1 $$ $((runs + 1)) $HOLDFAST_TOKEN" >>"$WITNESS"
while :; do sleep 0.05; done
SCRIPT
chmod +x "$dir/alone"
: >"$dir/witness"
witness='env = [ "WITNESS='$dir/witness'", "HOLDFAST='$(realpath "$HOLDFAST")'" ]; backoff = "0s";'
write_units() {
  cat >"$dir/jobs.conf" <<CONF
singletons = {
  keeper = { command = [ "$dir/alone", "keeper" ]; $witness };
  after = { command = [ "$dir/alone", "after" ]; $witness after = [ "web", "keeper" ]; };
  tick = { command = [ "/bin/sh", "-c", "echo \"tick \$\$HOLDFAST_TOKEN\" >>$dir/witness" ]; every = "300ms"; };
  nightly = { command = [ "/bin/sh", "-c", "echo nightly >>$dir/witness; echo said; exit 3" ]; cron = "15 3 29 2 *"; };
  $1
};
services = { web = { command = [ "/bin/sleep", "1000" ]; ready = "200ms"; }; };
CONF
}
write_units ''

count_of() {
  grep -c "^$1" "$dir/witness" || :
}

at_least() {
  [ "$(count_of "$2")" -ge "$1" ]
}

latest() {
  sed -n "s/^start $1 \([0-9]*\) .*/\1/p" "$dir/witness" | tail -n 1
}

state_is() {
  hold status "$1" | grep -q "^singleton $1 *$2 "
}

# Ready says that it was started, its line that it hears what it is sent.
speaks() {
  state_is "$1" ready && kill -0 "$(latest "$1")"
}

node_start
until_true 20 at_least 1 'start after' || fail 'the one that waits does not start'
until_true 20 at_least 3 tick || fail 'it does not run at its times'

# Where it is, and in numbers.
expect 0 hold whereis keeper
grep -q '^test' "$dir/out" || fail "$(cat "$dir/out")"
expect 3 hold whereis nightly
expect 5 hold whereis kepper
expect 0 hold names
grep -q '^keeper *singleton *ready *test' "$dir/out" || fail "$(cat "$dir/out")"
grep -q '^web *service *ready *test' "$dir/out" || fail "$(cat "$dir/out")"
curl -s --unix-socket "$socket" http://x/metrics >"$dir/metrics"
grep -q '^holdfast_singleton_held{singleton="keeper"} 1' "$dir/metrics" || fail "$(cat "$dir/metrics")"
promtool check metrics <"$dir/metrics" >"$dir/out" 2>&1 || fail "$(cat "$dir/out")"

# Killed, it starts again in place, under the same token.
kill -KILL "$(latest keeper)"
until_true 20 at_least 2 'start keeper' || fail 'it is not started again'
[ "$(sed -n 's/^start keeper .* //p' "$dir/witness" | uniq | wc -l)" = 1 ] ||
  fail "another token: $(cat "$dir/witness")"
grep -q '^start keeper [0-9]* 2 ' "$dir/witness" || fail "nothing was saved: $(cat "$dir/witness")"

# The roles die, it goes on; the supervisor dies, it comes back under another.
pid=$(latest keeper)
kill -KILL "$(role_pid journal)"
until_true 20 at_least 6 tick || fail 'no more times after the journal died'
kill -0 "$pid" || fail 'it was stopped though it was not its affair'
[ "$(latest keeper)" = "$pid" ] || fail 'it was started again'
kill -KILL "$(role_pid supervisor)"
until_true 30 at_least 3 'start keeper' || fail 'not back after the supervisor died'
grep -q '^start keeper [0-9]* 3 ' "$dir/witness" || fail "not all was saved: $(cat "$dir/witness")"

# Operators.
expect 0 hold stop keeper
state_is keeper stopped || fail "$(hold status keeper)"
until_true 20 at_least 1 'stop keeper' || fail 'it was not told to stop'
expect 0 hold disable tick
expect 1 hold start tick
expect 5 hold start kepper
grep -q 'Did you mean keeper' "$dir/err" || fail "$(cat "$dir/err")"
expect 0 hold start nightly
until_true 20 at_least 1 nightly || fail 'start does not run it now'
said() {
  hold logs nightly | grep -q said && hold status nightly | grep -q 'failed exit 3'
}
until_true 10 said || fail "$(hold logs nightly) $(hold status nightly)"

# What they said holds after a restart.
until_true 20 speaks after || fail "$(hold status)"
node_stop
[ "$(count_of 'stop after')" -ge 1 ] || fail 'not stopped with the node'
ticks=$(count_of tick)
node_start
is_back() {
  state_is after ready || state_is after waiting
}
until_true 20 is_back || fail "$(hold status)"
state_is keeper stopped || fail 'started, though it was stopped'
state_is tick disabled || fail 'enabled, though it was disabled'
expect 0 hold start keeper
expect 0 hold enable tick
until_true 20 at_least $((ticks + 2)) tick || fail 'no more times'
until_true 20 state_is after ready || fail "$(hold status)"

# A reload touches what has changed alone.
until_true 20 speaks keeper || fail "$(hold status)"
pid=$(latest keeper)
write_units 'more = { command = [ "/bin/sleep", "1000" ]; };'
node_write_config
expect 0 hold reload
until_true 20 state_is more ready || fail 'what is new does not start'
[ "$(latest keeper)" = "$pid" ] || fail 'what has not changed was started again'

# One that always ran and gets times ends, and runs at them.
write_units "more = { command = [ \"/bin/sh\", \"-c\", \"echo more >>$dir/witness\" ]; every = \"300ms\"; };"
node_write_config
expect 0 hold reload
until_true 20 at_least 2 more || fail "it does not run at its new times: $(hold status more)"
write_units ''
node_write_config
expect 0 hold reload
is_unknown() {
  ! hold status more
}
until_true 20 is_unknown || fail 'what is gone is still there'

# A service that becomes a singleton, and is one again: never both at once.
mover="mover = { command = [ \"$dir/alone\", \"mover\", \"0.5\" ]; $witness };"
as_service() {
  write_units ''
  sed "s|^services = {|& $mover|" "$dir/jobs.conf" >"$dir/with"
  mv "$dir/with" "$dir/jobs.conf"
}
as_service
node_write_config
expect 0 hold reload
until_true 20 at_least 1 'start mover' || fail "no mover: $(hold status)"
write_units "$mover"
node_write_config
expect 0 hold reload
until_true 20 at_least 2 'start mover' || fail "no singleton of it: $(hold status)"
as_service
node_write_config
expect 0 hold reload
until_true 20 at_least 3 'start mover' || fail "no service of it: $(hold status)"
write_units ''
node_write_config
expect 0 hold reload

# All that is known is lost below the node: what runs ends before it runs again.
pid=$(role_pid journal)
kill -STOP "$pid"
rm -rf "$dir/shared/journal" "$dir"/state/view*
kill -KILL "$pid"
runs=$(count_of 'start keeper')
until_true 20 at_least $((runs + 1)) 'start keeper' || fail "keeper is not back: $(hold status)"

# All dies while one runs that is configured no more when it comes back, and
# then is again.
until_true 20 state_is keeper ready || fail "$(hold status)"
kill -KILL "$node_pid"
wait "$node_pid" 2>/dev/null || :
is_free() {
  flock -n "$dir/witness.keeper.lock" true
}
until_true 20 is_free || fail 'it outlives the node'
sed 's/^  keeper = .*//; s/, "keeper" \]/ ]/' "$dir/jobs.conf" >"$dir/without"
mv "$dir/without" "$dir/jobs.conf"
node_start
! hold status keeper || fail 'it is there though nobody configured it'
write_units ''
node_write_config
expect 0 hold reload
until_true 20 state_is keeper ready || fail "it never runs again: $(hold status)"

! grep '^two' "$dir/witness" || fail 'two at once'
[ -z "$(sed -n 's/^tick //p' "$dir/witness" | sort | uniq -d)" ] || fail 'a token was used twice'
node_stop
