#!/bin/sh
# A job is tried again: later each time, with what the attempt before left in
# scratch and in its checkpoint; queued jobs of one key run one after another.
set -eu

# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

cat >"$dir/again" <<'SCRIPT'
#!/bin/sh
# Fails until the scratch directory remembers two attempts.
set -eu
date +%s%N >>"$WITNESS"
echo "$HOLDFAST_ATTEMPT ${HOLDFAST_STATE:-none}" >>"$WITNESS.state"
n=$(cat "$HOLDFAST_SCRATCH/tries" 2>/dev/null || echo 0)
n=$((n + 1))
echo $n >"$HOLDFAST_SCRATCH/tries"
if [ $n -lt 3 ]; then
  [ $n -gt 1 ] || echo "saved by $HOLDFAST_ATTEMPT" | "$HOLDFAST" checkpoint -
  exit "$1"
fi
cat "${HOLDFAST_STATE:-/dev/null}" >"$HOLDFAST_OUTPUT"
SCRIPT
cat >"$dir/one" <<'SCRIPT'
#!/bin/sh
set -eu
mkdir "$WITNESS.lock" || { echo two at once; exit 1; }
sleep 0.2
rmdir "$WITNESS.lock"
SCRIPT
chmod +x "$dir/again" "$dir/one"
cat >"$dir/jobs.conf" <<CONF
jobs = {
  fails = {
    command = [ "$dir/again", "1" ]; env = [ "WITNESS=$dir/w1", "HOLDFAST=$HOLDFAST" ];
    output = "out"; attempts = 3; backoff = "200ms"; resume = "checkpoint";
  };
  later = {
    command = [ "$dir/again", "75" ]; env = [ "WITNESS=$dir/w2", "HOLDFAST=$HOLDFAST" ];
    output = "out"; attempts = 1; backoff = "200ms";
  };
  one = {
    command = [ "$dir/one" ]; env = [ "WITNESS=$dir/w3" ];
    unique = "user"; when-busy = "queue";
  };
  tells = {
    command = [ "/bin/sh", "-c", "$HOLDFAST progress 25; exec 3>&-; $HOLDFAST progress 75 'three of four,\n  done'" ];
  };
  mess = {
    command = [ "/bin/sh", "-c", "seq 1000 >\$\$HOLDFAST_SCRATCH/x; echo s >\$\$HOLDFAST_CHECKPOINT; sleep 60" ];
  };
};
CONF
node_start

# Three attempts, the pause doubles, the checkpoint of the first is handed on.
expect 0 hold submit fails --wait
id=$(cat "$dir/out")
[ "$(hold fetch "$id" -o -)" = "saved by 1" ] || fail "wrong output"
awk 'NR > 1 { print ($1 - last) / 1e6 } { last = $1 }' "$dir/w1" >"$dir/pauses"
awk 'NR == 1 && $1 < 200 { bad = 1 } NR == 2 && $1 < 400 { bad = 1 }
  END { exit bad || NR != 2 }' "$dir/pauses" || fail "pauses: $(cat "$dir/pauses")"
[ "$(cut -d' ' -f1 "$dir/w1.state" | tr '\n' ' ')" = '1 2 3 ' ] ||
  fail "attempts: $(cat "$dir/w1.state")"
grep -q '^1 none$' "$dir/w1.state" || fail 'the first attempt has a state'
[ "$(grep -c "^[23] .*/state$" "$dir/w1.state")" = 2 ] ||
  fail "no state: $(cat "$dir/w1.state")"

# Exit 75 uses no attempt up, and without resume nothing is handed on.
expect 0 hold submit later --wait
grep -qv none "$dir/w2.state" && fail "a state: $(cat "$dir/w2.state")"

# Queued ones run one after another.
ids=
for _ in 1 2 3; do
  expect 0 hold submit one
  ids="$ids $(cat "$dir/out")"
done
[ "$(echo "$ids" | tr ' ' '\n' | sort -u | grep -c .)" = 3 ] || fail "they joined: $ids"
for id in $ids; do
  expect 0 hold wait -w 30 "$id"
done

# The same from inside by commands; outside they say what is missing.
expect 0 hold submit tells --wait
hold jobs --json >"$dir/list"
grep -q '"message":"three of four, done"' "$dir/list" || fail "no message: $(cat "$dir/list")"
for words in 'progress 10' 'checkpoint /dev/null'; do
  # shellcheck disable=SC2086 # words
  expect 1 env -u HOLDFAST_PROGRESS_FD -u NOTIFY_SOCKET "$HOLDFAST" $words
  grep -q 'meant for inside' "$dir/err" || fail "no reason: $(cat "$dir/err")"
done
for percent in -1 101 x '5 x' 1e3; do
  expect 2 "$HOLDFAST" progress "$percent"
done
expect 1 env "HOLDFAST_CHECKPOINT=$dir/c" "$HOLDFAST" checkpoint "$dir/none"
expect 0 env "HOLDFAST_CHECKPOINT=$dir/c" "$HOLDFAST" checkpoint "$dir/again"
cmp "$dir/c" "$dir/again" || fail 'the checkpoint differs'
expect 1 env "HOLDFAST_CHECKPOINT=$dir/none/c" "$HOLDFAST" checkpoint "$dir/again"

# What is cancelled leaves nothing but its log.
expect 0 hold submit mess
id=$(cat "$dir/out")
until_true 20 sh -c "ls $dir/shared/jobs/$id/*/checkpoint"
expect 0 hold cancel "$id"
expect 1 hold wait -w 20 "$id"
nothing_saved() {
  [ -z "$(find "$dir/shared/jobs" -path "*/$id/*" \( -name scratch -o -name checkpoint \))" ]
}
until_true 10 nothing_saved
