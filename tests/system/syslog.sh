#!/bin/sh
# Lines of the node and of its units reach the log daemon, before and after it
# was started anew; without one stderr has them, and a stuck one holds nobody up.
set -eu

# A /dev of our own, so that /dev/log is ours.
if [ "${SYSLOG_TEST:-}" != private ]; then
  command -v python3 >/dev/null || exit 77
  options=-m
  [ "$(id -u)" -eq 0 ] || options=-rm
  if ! unshare $options true 2>/dev/null; then
    echo 'syslog: skipped, no mount namespace' >&2
    exit 77
  fi
  SYSLOG_TEST=private exec unshare $options --propagation private "$0"
fi

# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

# Removed after the node, which comes last.
mkdir "$dir/dev"
mount -t tmpfs -o mode=755 tmpfs "$dir/dev"
for device in null zero full random urandom; do
  : >"$dir/dev/$device"
  mount --bind "/dev/$device" "$dir/dev/$device"
done
ln -s /proc/self/fd "$dir/dev/fd"
mkdir "$dir/dev/shm"
mount --rbind "$dir/dev" /dev
umount -R -l "$dir/dev"

cat >"$dir/daemon" <<'SCRIPT'
import os, socket, sys
if os.path.exists('/dev/log'):
    os.unlink('/dev/log')
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind('/dev/log')
os.chmod('/dev/log', 0o666)
while True:
    line = heard.recv(65536)
    with open(sys.argv[1], 'ab') as out:
        out.write(line + b'\n')
SCRIPT

daemon_pid=
daemon_start() {
  python3 "$dir/daemon" "$dir/syslog" &
  daemon_pid=$!
  until_true 10 test -S /dev/log || fail 'no daemon'
}

daemon_stop() {
  kill -KILL "$daemon_pid"
  wait "$daemon_pid" 2>/dev/null || :
  daemon_pid=
  rm -f /dev/log
}

trap 'test -z "$daemon_pid" || kill -KILL "$daemon_pid"; cleanup' EXIT

cat >"$dir/speak" <<'SCRIPT'
#!/bin/sh
# speak - says what is written into the file beside it.
tail -n +1 -f "$1" &
echo 'a warning' >&2
wait
SCRIPT
chmod +x "$dir/speak"
: >"$dir/words"
cat >"$dir/jobs.conf" <<CONF
log = { format = "syslog"; };
services = {
  web = { command = [ "$dir/speak", "$dir/words" ]; };
  own = { command = [ "/bin/sh", "-c", "echo to a file; exec sleep 1000" ];
    log = "file:$dir/own.log"; };
};
CONF

has() {
  grep -qE "$1" "$dir/syslog"
}

daemon_start
node_start
until_true 10 has '^<30>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} holdfast/guardian\[[0-9]+\]: guardian: ready' ||
  fail "the node's lines: $(cat "$dir/syslog")"
until_true 10 has '^<28>[A-Z][a-z]{2} .* web\[[0-9]+\]: a warning' ||
  fail "a unit's stderr: $(cat "$dir/syslog")"
echo hello >>"$dir/words"
until_true 10 has '^<30>.* web\[[0-9]+\]: hello' || fail "a unit's stdout"
until_true 10 grep -q 'to a file' "$dir/own.log" || fail 'a file stays a file'
has 'to a file' && fail 'a line in two places'
[ -s "$dir/log" ] && fail 'lines on stderr beside a daemon'
hold logs web | grep -q hello || fail 'holdfast logs'

# Away: stderr has the lines, told once of the unit and nothing is lost.
daemon_stop
echo without >>"$dir/words"
until_true 10 grep -qE '^<6>web\[[0-9]+\]: without' "$dir/log" || fail 'no fallback'
daemon_start
sleep 0.3
echo again >>"$dir/words"
until_true 10 has 'web\[[0-9]+\]: again' || fail 'the new daemon is not found'

# Stuck: the unit talks on, and what was too much is said.
kill -STOP "$daemon_pid"
seq -f 'flood %g, a line of some length so that not too many of them fit' 5000 >>"$dir/words"
until_true 10 sh -c "'$HOLDFAST' logs -s '$socket' web | grep -q 'flood 5000'" ||
  fail 'the unit is held up'
expect 0 hold restart web
kill -CONT "$daemon_pid"
until_true 15 has 'lines dropped' || fail 'the drop is not told'
echo after >>"$dir/words"
until_true 15 has 'web\[[0-9]+\]: after' || fail 'after the flood'

# The node stops as well while nobody listens.
kill -STOP "$daemon_pid"
node_stop
kill -CONT "$daemon_pid"
daemon_stop

# None from the start: one clear message.
: >"$dir/log"
node_start
until_true 10 grep -q 'web\[[0-9]*\]: a warning' "$dir/log" || fail 'no fallback at start'
# Of this guardian: an earlier one may have found its port taken.
[ "$(grep -c "guardian\[$node_pid\].*cannot reach /dev/log" "$dir/log")" -eq 1 ] ||
  fail 'the message'
grep 'cannot reach' "$dir/log" | grep -v '^<4>guardian' && fail 'the message, twice'
node_stop

# The system's journal reads stderr: it learns severities, and stamps itself.
: >"$dir/log"
sed -i '/^log = /d' "$dir/jobs.conf"
JOURNAL_STREAM=$(stat -c %d:%i "$dir/log")
export JOURNAL_STREAM
node_start
until_true 10 grep -qE '^<4>web\[[0-9]+\]: a warning' "$dir/log" || fail 'units under the journal'
grep -qE '^<6>guardian\[[0-9]+\]: guardian: ready' "$dir/log" || fail 'the node under the journal'
echo 'nonsense = 1;' >>"$dir/holdfast.conf"
kill -HUP "$node_pid"
until_true 10 grep -qE '^<3>guardian.*holdfast.conf:[0-9]+: error: ' "$dir/log" ||
  fail 'mistakes under the journal'
grep -v '^<[0-7]>' "$dir/log" && fail 'lines without severity'
expect 2 "$HOLDFAST" check -c "$dir/holdfast.conf"
if grep -q '^<' "$dir/err"; then
  fail 'a prefix where no journal reads'
fi
