# What the tests of a single node share; to be sourced.
# shellcheck shell=sh
#
# Sets dir (private, removed at the end), port and socket.  The test writes
# $dir/jobs.conf, then calls node_start.

dir=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-test-XXXXXX")
socket=$dir/state/control
node_pid=

hold() {
  command=$1
  shift
  "$HOLDFAST" "$command" -s "$socket" "$@"
}

fail() {
  echo "FAILED: $*"
  echo "--- log of the node:"
  tail -n 40 "$dir/log" 2>/dev/null
  exit 1
}

# until_true SECONDS COMMAND...: or a minute, for a machine that does much else.
until_true() {
  end=$(($(date +%s) + ($1 > 60 ? $1 : 60)))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# expect CODE COMMAND...: what it prints goes to $dir/out and $dir/err.
expect() {
  expected=$1
  shift
  code=0
  "$@" >"$dir/out" 2>"$dir/err" || code=$?
  [ "$code" -eq "$expected" ] ||
    fail "$* gave $code, not $expected: $(cat "$dir/out" "$dir/err")"
}

node_write_config() {
  mkdir -p "$dir/state" "$dir/shared"
  {
    echo "node = \"test\"; user = \"$(id -un)\";"
    echo "shared = \"$dir/shared\"; state = \"$dir/state\";"
    echo "http = { listen = \"127.0.0.1:$port\"; base = \"/sub/\"; };"
    cat "$dir/jobs.conf"
  } >"$dir/holdfast.conf"
}

# Another port when somebody took the one we guessed.  Below 32768, where the
# kernel takes those of clients from: one might have it when a node starts anew.
node_start() {
  for try in 1 2 3 4 5; do
    port=$((20000 + ($$ * 7 + try * 1009) % 12000))
    node_write_config
    "$HOLDFAST" run -c "$dir/holdfast.conf" >>"$dir/log" 2>&1 &
    node_pid=$!
    until_true 15 node_is_up_or_gone || fail "the node is not ready"
    node_is_gone || return 0
    wait "$node_pid" 2>/dev/null || :
  done
  fail "the node does not start"
}

node_is_up_or_gone() {
  node_is_gone || hold status -q
}

node_stop() {
  [ -z "$node_pid" ] && return
  kill -TERM "$node_pid" 2>/dev/null || :
  until_true 20 node_is_gone || kill -KILL "$node_pid" 2>/dev/null || :
  wait "$node_pid" 2>/dev/null || :
  node_pid=
}

node_is_gone() {
  ! kill -0 "$node_pid" 2>/dev/null || grep -q '^State:.*Z' "/proc/$node_pid/status"
}

# The pid of a role, as the node tells it.
role_pid() {
  hold status --json |
    sed -n "s/.*\"role\":\"$1\",\"pid\":\([0-9]*\).*/\1/p"
}

cleanup() {
  node_stop
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP
