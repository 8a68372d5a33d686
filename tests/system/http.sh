#!/bin/sh
# Goal: a node answers plain HTTP clients: submit, long poll, file with resume,
# errors as problem documents, refusals of what is hostile; also while it
# reloads, and after its http processes were killed.
set -eu

: "${HOLDFAST:=./holdfast}" "${SRCDIR:=.}"
command -v curl >/dev/null || exit 77
command -v python3 >/dev/null || exit 77
dir=$(mktemp -d)
pid=
trap 'test -z "$pid" || kill "$pid" 2>/dev/null || :; wait; rm -rf "$dir"' EXIT
cd "$dir"

fail() {
  echo "FAIL: $*"
  cat "$dir/log" 2>/dev/null || :
  exit 1
}

# until_true COMMAND...: within a minute.
until_true() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 1200 ] || fail "never came true: $*"
    sleep 0.05
  done
}

# ask STATUS CURL-ARGUMENT...: the answer in body and head.
ask() {
  want=$1
  shift
  got=$(curl -s -m 30 -o body -D head -w '%{http_code}' "$@") || fail "curl $*"
  [ "$got" = "$want" ] || {
    cat body
    fail "$* answered $got, not $want"
  }
}

# member NAME: of the JSON in body.
member() {
  python3 -c 'import json,sys
value = json.load(open("body"))
for name in sys.argv[1].split("."):
    value = value[name]
print(value)' "$1"
}

port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
url=http://127.0.0.1:$port
mkdir shared state
printf 's3cret-token\n' >token
configure() {
  cat >h.conf <<EOF
node = "node-a"; shared = "$dir/shared"; state = "$dir/state"; workers = 2;
http = { listen = "127.0.0.1:$port"; processes = 2; token-file = "$dir/token";
  max-body = "4K"; };
jobs = {
  copy = {
    command = [ "/bin/sh", "-c", "echo 50 half >&3; while [ ! -e go ]; do sleep 0.05; done; echo said >&2; cat \$\$HOLDFAST_PARAM_FILE >\$\$HOLDFAST_OUTPUT" ];
    dir = "$dir"; params = { file = { required = true; match = "[a-z]+"; }; };
    output = "copy of \${param.file}.bin"; unique = "user";
  };
  $1
};
EOF
}
configure ''
"$HOLDFAST" run -c h.conf >log 2>&1 &
pid=$!
is_ready() { curl -s -f -o /dev/null "$url/readyz"; }
until_true is_ready
python3 -c 'import random
random.seed(7)
open("data", "wb").write(random.randbytes(3000000))'

# A job by form and by JSON; the second joins.
ask 202 -c jar -X POST "$url/v1/jobs" -H 'Content-Type: application/json' \
  -d '{"type":"copy","params":{"file":"data"}}'
id=$(member id)
grep -qi "^location: /v1/jobs/$id" head || fail 'no Location'
ask 202 -b jar -X POST "$url/v1/jobs" -H 'Content-Type: application/json' \
  -d '{"type":"copy","params":{"file":"data"}}'
[ "$(member joined) $(member id)" = "True $id" ] || fail 'the second did not join'
ask 303 -b jar -X POST "$url/v1/jobs" -d 'type=copy&param.file=data'
grep -qi "^location: /#$id" head || fail 'the form does not lead to the page'

# Long poll: held while nothing changes, answered when it does.
half() {
  ask 200 -b jar "$url/v1/jobs/$id"
  [ "$(member progress.percent)" = 50 ]
}
until_true half
tag=$(sed -n 's/^etag: *\(.*\)\r$/\1/ip' head)
ask 304 -b jar -H "If-None-Match: $tag" "$url/v1/jobs/$id?wait=200ms"
ask 409 -b jar "$url/v1/jobs/$id/output"
curl -s -m 30 -b jar -H "If-None-Match: $tag" -o polled "$url/v1/jobs/$id?wait=25s" &
poll=$!
sleep 0.2
: >go
wait "$poll"
grep -q '"version"' polled || fail 'the poll was not answered with the job'
is_ready_job() {
  ask 200 -b jar "$url/v1/jobs/$id?wait=5s"
  [ "$(member state)" = ready ]
}
until_true is_ready_job

# The file: whole, in parts, resumed; nobody else's.
ask 200 -b jar "$url/v1/jobs/$id/output"
cmp body data || fail 'the file differs'
grep -qi "filename\*=UTF-8''copy%20of%20data.bin" head || fail 'no name'
head -c 1000000 data >part
curl -s -C - -b jar -o part "$url/v1/jobs/$id/output" || fail 'no resume'
cmp part data || fail 'the resumed file differs'
ask 416 -b jar -H 'Range: bytes=3000000-' "$url/v1/jobs/$id/output"
ask 404 "$url/v1/jobs/$id/output"
ask 200 -b jar "$url/v1/jobs/$id/log?tail=5"
grep -q said body || fail 'no log'
ask 200 -H 'Authorization: Bearer s3cret-token' "$url/v1/jobs/$id"
ask 401 -H 'Authorization: Bearer s3cret-toke' "$url/v1/jobs/$id"

# Hostile and broken: each is refused, and the node goes on.
ask 422 -b jar -X POST "$url/v1/jobs" -H 'Content-Type: application/json' -d '{"type":"copy","params":{"file":"../etc"}}'
[ "$(member field)" = file ] || fail 'the field is not named'
ask 403 -b jar -X POST -H 'Sec-Fetch-Site: cross-site' "$url/v1/jobs" -d type=copy
ask 413 -X POST "$url/v1/jobs" --data-binary @data -H 'Expect:'
ask 400 -X POST "$url/v1/jobs" -H 'Content-Type: application/json' -d '{'
ask 404 --path-as-is "$url/v1/jobs/../../etc/passwd"
ask 404 --path-as-is "$url/..%2f..%2fetc%2fpasswd"
ask 405 -X PUT "$url/v1/jobs"
ask 431 -H "X: $(head -c 20000 /dev/zero | tr '\0' x)" "$url/v1/jobs"
ask 200 -H "Cookie: x=$(head -c 4000 /dev/zero | tr '\0' x)" "$url/v1/jobs"
ask 200 "$url/"
grep -qi '^content-security-policy: default-src' head || fail 'no policy'
ask 200 --unix-socket state/control http://x/v1/status
member roles >/dev/null || fail 'operators see no roles'

# A reload shows in all processes.
configure 'extra = { command = [ "/bin/true" ]; };'
kill -HUP "$pid"
has_extra() { curl -s "$url/v1/status" | grep -q '"type":"extra"'; }
until_true has_extra
until_true has_extra
token_gone() {
  [ "$(curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer s3cret-token' "$url/v1/status")" = 401 ]
}
printf 'another-token\n' >token
kill -HUP "$pid"
until_true token_gone

# kill -9 of the http processes: the next ones know cookie and job.
for victim in $(curl -s --unix-socket state/control http://x/v1/status |
  python3 -c 'import json, sys
print(*[r["pid"] for r in json.load(sys.stdin)["roles"] if r["role"] == "http"])'); do
  kill -9 "$victim"
done
until_true is_ready
ask 200 -b jar "$url/v1/jobs/$id"
ask 204 -b jar -X DELETE "$url/v1/jobs/$id"
ask 404 -b jar "$url/v1/jobs/$id"

kill "$pid"
wait "$pid" || fail 'the node did not stop well'
pid=
