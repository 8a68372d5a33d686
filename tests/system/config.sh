#!/bin/sh
# Goal: `holdfast check` tells every mistake with its line, and `init` prints
# what `check` accepts.
set -eu

: "${HOLDFAST:=./holdfast}" "${SRCDIR:=.}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
unset XDG_CONFIG_HOME

fail() {
  echo "FAIL: $*"
  exit 1
}

# holds FILE TEXT: the file has a line with that text.
holds() {
  grep -qF -- "$2" "$1" || {
    cat "$1"
    fail "$1 lacks: $2"
  }
}

# expect CODE ARGUMENT...: runs holdfast, output in out and err.
expect() {
  want=$1
  shift
  code=0
  "$HOLDFAST" "$@" >out 2>err || code=$?
  [ "$code" -eq "$want" ] || {
    cat err
    fail "holdfast $* ended with $code, not $want"
  }
}

for word in help --help -h 'help help' '--help -h'; do
  # shellcheck disable=SC2086 # words
  expect 0 $word
  holds out 'usage: holdfast COMMAND'
  [ ! -s err ] || fail "$word complains"
done
commands=$(sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' out)
[ "$(echo "$commands" | wc -l)" -ge 30 ] || fail "few commands: $commands"
for command in $commands; do
  expect 0 help "$command"
  mv out told
  expect 0 "$command" --help
  cmp told out || fail "help $command is not $command --help"
  holds out "usage: holdfast $command"
  awk 'length > 80 || / $/ { exit 1 }' out || fail "lines of $command --help"
  grep -q "^\.It Cm .*\<$command\>" "$SRCDIR/src/man/holdfast.1" ||
    fail "the manual lacks $command"
done
for word in version --version -V; do
  expect 0 $word
  grep -q '^holdfast [0-9.]*$' out || fail "$word"
done
expect 2 no-such-command
holds err 'no command "no-such-command"'
expect 2 help no-such-command
expect 2

"$HOLDFAST" init >starter.conf
expect 0 check starter.conf
holds out '1 job'
[ ! -s err ] || fail 'check of the starter said something'

expect 0 check "$SRCDIR/tests/io/example.conf"
expect 0 check -q -c "$SRCDIR/tests/io/example.conf"
[ ! -s out ] || fail 'check -q said something'

# values FILE: what it says without where that came from.
values() {
  sed 's/ *# [^"]*$//' "$1"
}

expect 0 check -a "$SRCDIR/tests/io/example.conf"
holds out '  processes = 2;'
holds out '# example.conf:'
holds out '# default'
cp out effective.conf
values out >before
expect 0 check -a effective.conf
values out >after
cmp before after || fail 'what is in effect changes when read again'
grep -q '# default' out && fail 'a value has no line in a file of all values'

: >empty.conf
expect 0 check empty.conf

expect 2 check missing.conf
holds err 'missing.conf: error: cannot read it: No such file or directory'
expect 2 check .
holds err 'is a directory; name a file'

cat >bad.conf <<'END'
nod = "x";
jobs = {
  report = { comand = [ "/bin/true" ]; timeout = 3000; };
};
END
mkdir bad.conf.d
echo 'workers = 0;' >bad.conf.d/10.conf
printf 'http = {\n  listen = "127.0.0.1:8080"\n' >bad.conf.d/20.conf
expect 2 check bad.conf
[ "$(grep -c ': error: ' err)" -eq 5 ] || {
  cat err
  fail 'five mistakes are not five messages'
}
holds err 'bad.conf:1: error: nod: unknown key; did you mean "node"?'
holds err '     1 | nod = "x";'
holds err 'bad.conf:3: error: jobs.report.comand: unknown key; did you mean "command"?'
holds err 'bad.conf:3: error: jobs.report.timeout: a duration needs a unit: write "3s"'
holds err 'bad.conf.d/10.conf:1: error: workers: "0": out of range, from 1 to 1024'
holds err 'bad.conf.d/20.conf:1: error: the '"'{' of this line is never closed"

expect 2 run -c bad.conf
holds err 'bad.conf:1: error: nod: unknown key'

# shellcheck disable=SC2016 # the configuration expands it
echo 'node = "${NODE_NAME}"; workers = "${CORES:-2}";' >env.conf
unset NODE_NAME CORES
expect 2 check env.conf
NODE_NAME=n1 expect 0 check -a env.conf
holds out 'node = "n1";'
holds out 'workers = 2;'

expect 2 check one.conf two.conf
echo ok
