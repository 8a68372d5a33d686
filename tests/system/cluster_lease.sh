#!/bin/sh
# Nodes on one directory hold their leases through the death of any of their
# processes, give them back when they stop, and lose them when they are dead.
set -eu

HOLDFAST=${HOLDFAST:?names the program}
[ -e "/proc/$$/task/$$/children" ] || {
  echo 'cluster_lease: skipped, needs /proc/PID/task/PID/children' >&2
  exit 77
}

dir=$(mktemp -d)
mkdir "$dir/shared"

# ---- helpers ----

cleanup() {
  for node in 1 2 3 4 5; do
    [ -e "$dir/pid$node" ] || continue
    for pid in $(all "$node"); do
      kill -KILL "$pid" 2>/dev/null || :
    done
  done
  rm -rf "$dir"
}
trap cleanup EXIT

fail() {
  echo "cluster_lease: FAILED: $*" >&2
  "$HOLDFAST" lease "$dir/shared" >&2 || :
  for log in "$dir"/log*; do
    tail -n 40 "$log" | sed "s/^/${log##*/} | /" >&2
  done
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

configure() { # configure NUMBER NAME LEASE
  mkdir -p "$dir/state$1"
  cat >"$dir/$1.conf" <<END
node = "$2";
state = "$dir/state$1";
shared = "$dir/shared";
http = { listen = [ ]; };
cluster = { name = "test"; lease = "$3"; slots = 8; };
END
}

start() { # start NUMBER
  "$HOLDFAST" run -c "$dir/$1.conf" >>"$dir/log$1" 2>&1 &
  echo $! >"$dir/pid$1"
}

children() {
  cat "/proc/$1/task/$1/children" 2>/dev/null || :
}

guardian() {
  cat "$dir/pid$1"
}

supervisor() {
  children "$(guardian "$1")"
}

all() { # all NUMBER - its processes
  above=$(supervisor "$1")
  guardian "$1"
  echo "$above"
  # shellcheck disable=SC2086 # none or one
  children ${above:-0}
}

role() { # role NUMBER NAME
  # shellcheck disable=SC2046 # numbers
  for pid in $(children $(supervisor "$1")); do
    grep -qx "hf-$2" "/proc/$pid/comm" && echo "$pid"
  done
  return 0
}

shows() { # shows NAME FIELD - 3 state, 4 number, 5 generation
  "$HOLDFAST" lease "$dir/shared" | awk -v n="$1" -v f="$2" '$2 == n {print $f}'
}

is() { # is NAME FIELD VALUE
  [ "$(shows "$1" "$2")" = "$3" ]
}

is_in() { # is_in NAME
  case $(shows "$1" 3) in member | claiming | leading) ;; *) return 1 ;; esac
}

is_past() { # is_past NAME FIELD VALUE
  [ "$(shows "$1" "$2")" -gt "$3" ]
}

says() { # says NUMBER TEXT
  grep -q "$2" "$dir/log$1"
}

is_gone() {
  [ ! -e "/proc/$1" ]
}

kill_all() { # kill_all NUMBER SIGNAL
  # shellcheck disable=SC2046 # numbers
  kill "-$2" $(all "$1") 2>/dev/null || : # one may have ended by itself
}

# ---- three nodes ----

for node in 1 2 3; do
  configure "$node" "n$node" 2s
  start "$node"
done
for node in 1 2 3; do
  wait_for 20 "n$node joins" is_in "n$node"
done

# ---- a lease role dies: the next goes on ----

generation=$(shows n1 5)
number=$(shows n1 4)
kill -KILL "$(role 1 lease)"
wait_for 10 'another number' is_past n1 4 "$number"
wait_for 10 'n1 is in again' is_in n1
is n1 5 "$generation" || fail "a killed lease role cost the generation"

# ---- so does the whole node when its supervisor dies ----

generation=$(shows n2 5)
number=$(shows n2 4)
kill -KILL "$(supervisor 2)"
wait_for 10 'another number of n2' is_past n2 4 "$number"
wait_for 10 'n2 is in again' is_in n2
is n2 5 "$generation" || fail "a killed supervisor cost the generation"

# ---- a guardian dies: the lease is given back at once ----

kill -KILL "$(guardian 3)"
wait_for 1 'n3 is released' is n3 3 released
start 3
wait_for 10 'n3 is back' is_in n3

# ---- all of a node dies: the others find out, and it is back at once ----

generation=$(shows n3 5)
: >"$dir/log1"
kill_all 3 KILL
wait_for 10 'n3 is dead' says 1 'node n3 is dead'
start 3
wait_for 10 'n3 joins anew' is_past n3 5 "$generation"
generation=$(shows n3 5)
wait_for 10 'n3 is in' is_in n3
kill_all 3 KILL
wait "$(guardian 3)" || : # else it still has the state directory
: >"$dir/log3"
start 3
wait_for 10 'n3 takes its slot back' says 3 'takes its slot back'
wait_for 10 'n3 joins again' is_past n3 5 "$generation"

# ---- a node that slept through its lease ----

wait_for 10 'n1 is in' is_in n1
generation=$(shows n1 5)
kill_all 1 STOP
sleep 2.2
kill_all 1 CONT
wait_for 10 'n1 begins a new generation' is_past n1 5 "$generation"

# ---- who does not fit stays out, and says why ----

configure 4 n4 3s
start 4
wait_for 10 'n4 says why' says 4 'differs from the configuration in its lease'
sleep 1.2
[ "$(grep -c 'differs from' "$dir/log4")" = 1 ] || fail "n4 says it again"
"$HOLDFAST" nodes -c "$dir/4.conf" >/dev/null || fail "n4 does not answer"
[ -z "$(shows n4 3)" ] || fail "n4 has a slot"
kill -TERM "$(guardian 4)"
wait_for 10 'n4 stops' is_gone "$(guardian 4)"

# ---- a copy of a node ----

number=$(shows n2 4)
configure 5 n2 2s
cp -R "$dir/state2/." "$dir/state5"
start 5
wait_for 20 'the copy says why' says 5 'renewed by somebody else'
is n2 4 "$number" || fail "the copy disturbed n2"
kill -TERM "$(guardian 5)"
wait_for 10 'the copy stops' is_gone "$(guardian 5)"
is n2 4 "$number" || fail "the copy disturbed n2 when it left"

# ---- an orderly stop gives the leases back ----

for node in 1 2 3; do
  kill -TERM "$(guardian "$node")"
done
for node in 1 2 3; do
  wait_for 20 "n$node ends" is_gone "$(guardian "$node")"
  is "n$node" 3 released || fail "n$node did not give its lease back"
done

# ---- leased work dies in time, whoever hangs; services live on ----

cat >>"$dir/1.conf" <<END
singletons = { held = { command = [ "/bin/sleep", "12345.$$" ]; }; };
services = { kept = { command = [ "/bin/sleep", "54321.$$" ]; }; };
END

sleeper() { # sleeper SECONDS - its process, by an argument of its own
  grep -lszx "$1[.]$$" /proc/[0-9]*/cmdline | tr -dc '0-9\n'
}

runs() {
  [ -n "$(sleeper "$1")" ]
}

runs_anew() { # runs_anew SECONDS BEFORE
  now=$(sleeper "$1")
  [ -n "$now" ] && [ "$now" != "$2" ]
}

: >"$dir/log1"
start 1
wait_for 20 'the singleton runs' runs 12345
wait_for 20 'the service runs' runs 54321
held=$(sleeper 12345)
kept=$(sleeper 54321)
hung=$(role 1 lease)
kill -STOP "$hung"
wait_for 10 'the supervisor ends it' is_gone "$held"
says 1 'deadline: killing all leased work' || fail "who ended it?"
kill -CONT "$hung"
wait_for 20 'the singleton runs again' runs_anew 12345 "$held"
[ "$(sleeper 54321)" = "$kept" ] || fail "the service was touched"

held=$(sleeper 12345)
kill -STOP "$(role 1 lease)" "$(supervisor 1)"
wait_for 10 'the guardian ends it' is_gone "$held"
wait_for 10 'it says so' says 1 'guardian: leased work has outlived its time'
wait_for 20 'the singleton runs after that' runs_anew 12345 "$held"
kill -TERM "$(guardian 1)"
wait_for 20 'n1 ends' is_gone "$(guardian 1)"
is n1 3 released || fail "n1 did not give its lease back"

# ---- storage that is not there yet ----

mv "$dir/shared" "$dir/away"
: >"$dir/log1"
start 1
wait_for 10 'n1 says what is missing' says 1 'lease: cannot make'
mv "$dir/away" "$dir/shared"
wait_for 10 'n1 joins' is_in n1
kill -TERM "$(guardian 1)"
wait_for 10 'n1 ends' is_gone "$(guardian 1)"
