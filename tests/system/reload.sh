#!/bin/sh
# Ten mistakes give ten messages, each with its line and its cure, and a reload
# with them changes nothing; a good reload changes what has changed, no more.
set -eu

# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

say() {
  echo "$*"
}

# Says in the witness file who it is.
cat >"$dir/serve" <<'SCRIPT'
#!/bin/sh
# serve NAME...
trap 'exit 0' TERM
echo "$1 pid $$ token $HOLDFAST_TOKEN" >>"$WITNESS"
while :; do sleep 0.05; done
SCRIPT
# A job that ends when it is told to.
cat >"$dir/wait" <<'SCRIPT'
#!/bin/sh
echo "job token $HOLDFAST_TOKEN" >>"$WITNESS"
until [ -e "$GATE" ]; do sleep 0.05; done
echo done >"$HOLDFAST_OUTPUT"
SCRIPT
chmod +x "$dir/serve" "$dir/wait"
: >"$dir/witness"
cat >"$dir/jobs.conf" <<CONF
services = {
  web = { command = [ "$dir/serve", "web" ]; env = [ "WITNESS=$dir/witness" ]; after = [ "db" ]; };
  db = { command = [ "$dir/serve", "db" ]; env = [ "WITNESS=$dir/witness" ]; ready = "100ms"; };
};
jobs = {
  wait = { command = [ "$dir/wait" ]; output = "done";
    env = [ "WITNESS=$dir/witness", "GATE=$dir/gate" ]; };
};
CONF

saw() {
  grep -q "^$1 " "$dir/witness"
}

lives() {
  kill -0 "$(sed -n "s/^$1 pid \([0-9]*\) .*/\1/p" "$dir/witness" | tail -n 1)"
}

# How many times each was started: "db web".
starts() {
  echo "$(grep -c '^db ' "$dir/witness") $(grep -c '^web ' "$dir/witness")"
}

# mistake REPORT FILE LINE WHAT: is told, with its line.
mistake() {
  grep -F -A 1 -- "$2:$3: error: $4" "$1" >"$dir/one" ||
    fail "not told of $2:$3: $4; but: $(cat "$1")"
  grep -q "^ *$3 | " "$dir/one" || fail "$2:$3 is told without the line"
}

node_start
until_true 20 saw web || fail 'web does not start'
id=$(hold submit wait)
until_true 20 saw job || fail 'the job does not start'
cp "$dir/holdfast.conf" "$dir/good.conf"
cp "$dir/witness" "$dir/before"
expect 0 hold status
if grep -q '^config' "$dir/out"; then fail 'a refusal before any reload'; fi
say 'a node, two services, a job'

# ---- ten mistakes ----

mkdir "$dir/holdfast.conf.d"
{
  sed '/^services/,$d' "$dir/good.conf"
  cat <<'CONF'
workers = four;
services = {
  web = { command = "/usr/bin/web --port 8081"; after = [ "bd" ]; };
  db = { comand = [ "/usr/bin/db" ];
    stop-timeout = 10; restart = always; };
};
CONF
} >"$dir/holdfast.conf"
at=$(grep -n '^workers' "$dir/holdfast.conf" | cut -d: -f1)
cat >"$dir/holdfast.conf.d/20-jobs.conf" <<'CONF'
jobs = {
  report = { command = [ "/usr/bin/report", "${param.mnth}" ];
    params = { month = { match = "[0-9]{4}-[0-9]{2}"; }; }; };
  db = { command = [ "/bin/true" ]; };
};
singletons = {
  sweep = { command = [ "/usr/bin/sweep" ]; cron = "61 * * * *"; };
CONF

ten() {
  [ "$(grep -c ': error: ' "$1")" = 10 ] ||
    fail "ten mistakes are not ten messages: $(cat "$1")"
  mistake "$1" holdfast.conf "$at" 'workers: "four": a whole number is needed'
  mistake "$1" holdfast.conf $((at + 2)) \
    'services.web.command: a list: [ "...", "..." ] is needed, this is a string: write [ "/usr/bin/web", "--port", "8081" ]'
  mistake "$1" holdfast.conf $((at + 2)) \
    'services.web.after: there is no service or singleton "bd"; did you mean "db"?'
  mistake "$1" holdfast.conf $((at + 3)) \
    'services.db.comand: unknown key; did you mean "command"?'
  mistake "$1" holdfast.conf $((at + 4)) \
    'services.db.stop-timeout: a duration needs a unit: write "10ms" if these are milliseconds, "10s" if seconds'
  mistake "$1" holdfast.conf $((at + 4)) \
    'services.db.restart: "always": write "permanent", "transient" or "temporary"'
  mistake "$1" 20-jobs.conf 2 \
    "jobs.report.command: \${param.mnth}: no such parameter; did you mean \"month\"?"
  mistake "$1" 20-jobs.conf 4 'jobs.db: there is a unit of this name already, in '
  mistake "$1" 20-jobs.conf 6 "the '{' of this line is never closed"
  mistake "$1" 20-jobs.conf 7 \
    'singletons.sweep.cron: "61 * * * *": minute 61 is beyond 59'
}

expect 2 "$HOLDFAST" check "$dir/holdfast.conf"
ten "$dir/err"
say 'ten mistakes are ten messages, with line and cure'

# What runs goes on: the same processes, tokens and jobs.
unchanged() {
  cmp -s "$dir/before" "$dir/witness" ||
    fail "$1 changed something: $(cat "$dir/witness")"
  lives web || fail "$1 ended web"
  lives db || fail "$1 ended db"
}

lines=$(wc -l <"$dir/log")
kill -HUP "$node_pid"
until_true 20 grep -q 'reload refused' "$dir/log" || fail 'a bad file is not refused'
tail -n +$((lines + 1)) "$dir/log" | sed 's/^guardian[^ ]* err: //' >"$dir/logged"
ten "$dir/logged"
expect 2 hold reload
ten "$dir/err"
grep -q 'the node refused it and goes on as before' "$dir/err" ||
  fail "reload: $(cat "$dir/err")"
unchanged 'a refused reload'
expect 0 hold status
grep -q '^config .*was refused' "$dir/out" || fail "status: $(cat "$dir/out")"
hold status --json | grep -q '"reloads":{"done":0,"refused":2,"refused_at":"20' ||
  fail "status: $(hold status --json)"
expect 0 hold events -a
[ "$(grep -c ' reload-refused ' "$dir/out")" = 2 ] || fail "events: $(cat "$dir/out")"
say 'a reload with them changes nothing, and is told as refused'

# ---- mended ----

cp "$dir/good.conf" "$dir/holdfast.conf"
cat >"$dir/holdfast.conf.d/20-jobs.conf" <<'CONF'
jobs = { more = { command = [ "/bin/true" ]; }; };
CONF
expect 0 hold reload
unchanged 'a reload of the same services'
expect 0 hold status
if grep -q '^config' "$dir/out"; then fail "still refused: $(cat "$dir/out")"; fi
expect 0 hold submit more --wait
: >"$dir/gate"
expect 0 hold wait "$id"
say 'a mended file is taken, the job has gone on'

# ---- one service changes ----

sed 's/ready = "100ms"/ready = "101ms"/' "$dir/good.conf" >"$dir/holdfast.conf"
expect 0 hold reload
until_true 20 sh -c "[ \$(grep -c '^db ' '$dir/witness') = 2 ]" || fail 'db is not started again'
until_true 20 lives db || fail 'db does not live'
sleep 0.3
[ "$(starts)" = '2 1' ] || fail "others were touched: $(cat "$dir/witness")"
lives web || fail 'web has ended'
say 'a reload that changes one service starts that one again, no other'

# ---- what only a start changes ----

# Directories and sockets are those of the start: told, and kept.
cp "$dir/witness" "$dir/before"
sed "s/^node = \"test\"/node = \"other\"; workers = 7/
     s|^shared = .*|shared = \"$dir/other\"; state = \"$dir/other/state\";|
     s/listen = \"127.0.0.1:/listen = \"127.0.0.2:/
     s/\"100ms\"/\"101ms\"/" "$dir/good.conf" >"$dir/holdfast.conf"
expect 0 hold reload
grep -q '^reloaded; at the next start of the node: node, shared, state, http.listen$' "$dir/out" ||
  fail "reload: $(cat "$dir/out")"
expect 0 hold status
grep -q '^config .* next start of the node: node, shared, state, http.listen$' "$dir/out" ||
  fail "status: $(cat "$dir/out")"
expect 0 hold submit more --wait
has_seven() {
  hold status --json | grep -q '"workers":7,'
}
until_true 20 has_seven || fail "the rest is not taken: $(hold status --json)"
hold status --json | grep -q '"node":"test"' || fail 'the node changed its name'
expect 0 hold reload
unchanged 'what waits for a start'
sed 's/"100ms"/"101ms"/' "$dir/good.conf" >"$dir/holdfast.conf"
expect 0 hold reload
[ "$(cat "$dir/out")" = reloaded ] || fail "still waits: $(cat "$dir/out")"
say 'what only a start changes waits for it, and is told'

# ---- what the caller sees differently ----

# A variable that only the caller lacks is no reason to refuse.
node_stop
: >"$dir/witness"
cat >"$dir/holdfast.conf.d/20-jobs.conf" <<'CONF'
log = { level = "${TEST_LEVEL}"; };
CONF
TEST_LEVEL=info "$HOLDFAST" run -c "$dir/holdfast.conf" >>"$dir/log" 2>&1 &
node_pid=$!
until_true 20 hold status -q || fail 'no start'
expect 0 hold reload
TEST_LEVEL=loud expect 0 hold reload
say 'the environment of the node counts, not that of the caller'
