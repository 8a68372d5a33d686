#!/bin/sh
# Jobs are submitted, watched, joined, cancelled and fetched from the command
# line, with the exit codes that were promised, and while roles are killed.
set -eu

# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"

cat >"$dir/jobs.conf" <<CONF
jobs = {
  hello = {
    command = [ "/bin/sh", "-c", "echo \"50 half\" >&3; printf \"hello %s\" \"\$\$HOLDFAST_PARAM_NAME\" >\"\$\$HOLDFAST_OUTPUT\"" ];
    params = { name = { match = "[a-z]+"; required = true; }; };
    output = "hello-\${param.name}.txt"; type = "text/plain"; unique = "none";
  };
  big = {
    command = [ "/bin/sh", "-c", "seq 1000000 >\"\$\$HOLDFAST_OUTPUT\"" ];
    output = "big.txt"; unique = "none";
  };
  broken = {
    command = [ "/bin/sh", "-c", "echo 'it has gone wrong' >&2; exit 3" ];
    attempts = 1; unique = "none";
  };
  slow = { command = [ "/bin/sleep", "600" ]; unique = "user"; };
  steps = {
    command = [ "/bin/sh", "-c", "i=0; while [ \$\$i -lt 20 ]; do echo \"\$\$((i * 5)) step \$\$i\" >&3; sleep 0.1; i=\$\$((i + 1)); done" ];
    unique = "none";
  };
  archive = {
    command = [ "$SRCDIR/contrib/jobs/archive", "\${param.dir}" ];
    params = { dir = { required = true; }; };
    output = "archive.tar.gz"; unique = "user";
  };
};
CONF

expect 4 hold jobs
expect 2 hold submit
expect 2 hold submit hello name
expect 2 hold watch --nonsense id
node_start
expect 0 hold health

# A file comes back under the name it was given.
expect 0 hold submit hello name=world --wait
id=$(cat "$dir/out")
(cd "$dir" && expect 0 hold fetch "$id")
[ "$(cat "$dir/hello-world.txt")" = "hello world" ] || fail "wrong file"
[ "$(hold fetch "$id" -o -)" = "hello world" ] || fail "wrong output"
(cd "$dir" && expect 1 hold fetch "$id")
expect 0 hold watch "$id"
expect 0 hold wait --json "$id"
grep -q '"state":"ready"' "$dir/out" || fail "wait --json shows no job"

# Whoever shows no terminal gets lines.
expect 0 hold submit steps --watch
grep -q '^steps: .*%' "$dir/out" || fail "no line of progress"
tail -n 1 "$dir/out" | grep -q '^ready' || fail "no last word"

# Refusals.
expect 5 hold submit nothing
expect 1 hold submit hello name=WORLD
grep -q name "$dir/err" || fail "the parameter is not named"
expect 5 hold watch 00000000000000000000000000
expect 1 hold submit broken --wait
grep -q 'it has gone wrong' "$dir/err" || fail "no reason given"

# One at a time: the second joins; it waits, is cancelled, is forgotten.
expect 0 hold submit slow
slow=$(cat "$dir/out")
expect 0 hold submit slow
[ "$(cat "$dir/out")" = "$slow" ] || fail "the second did not join"
expect 7 hold wait -w 0.5 "$slow"
expect 1 hold fetch "$slow"
expect 0 hold cancel "$slow"
expect 1 hold wait -w 20 "$slow"
grep -q cancelled "$dir/err" || fail "not cancelled"
expect 0 hold cancel "$slow"
expect 5 hold watch "$slow"
expect 0 hold jobs
grep -q "$id.*ready" "$dir/out" || fail "not in the list"
! grep -q "$slow" "$dir/out" || fail "not forgotten"

# The same key gives the same job.
expect 0 hold submit hello name=key --key k --wait
first=$(cat "$dir/out")
expect 0 hold submit hello name=key --key k --wait
[ "$(cat "$dir/out")" = "$first" ] || fail "a key made two jobs"

# A broken fetch goes on where it stopped: the byte that was changed in the
# part proves that it was not fetched again.
expect 0 hold submit big --wait
id=$(cat "$dir/out")
(ulimit -f 200 && hold fetch -q "$id" -o "$dir/big") 2>/dev/null &&
  fail "the limit had no effect"
part=$(find "$dir" -name 'big.*.part')
[ -s "$part" ] || fail "no part is left"
printf X | dd of="$part" conv=notrunc 2>/dev/null
expect 0 hold fetch -q "$id" -o "$dir/big"
[ "$(head -c 1 "$dir/big")" = X ] || fail "fetched from the start"
seq 1000000 | tail -c +2 >"$dir/rest"
tail -c +2 "$dir/big" | cmp - "$dir/rest" || fail "the rest differs"

# An archive holds what find finds.
if [ -x "$SRCDIR/contrib/jobs/archive" ]; then
  mkdir -p "$dir/tree/a/b"
  seq 1000 >"$dir/tree/a/one"
  seq 2000 >"$dir/tree/a/b/two"
  expect 0 hold submit archive "dir=$dir/tree" --watch
  id=$(head -n 1 "$dir/out")
  expect 0 hold fetch "$id" -o "$dir/archive.tar.gz"
  tar -tzf "$dir/archive.tar.gz" | sed 's,/$,,; s,.*tree,tree,' | sort >"$dir/had"
  (cd "$dir" && find tree | sort) >"$dir/wanted"
  cmp "$dir/had" "$dir/wanted" || fail "the archive is not complete"
fi

# A watch outlives any role.
for role in control journal supervisor; do
  hold submit steps --watch -w 120 >"$dir/watched" 2>&1 &
  watch=$!
  until_true 20 grep -q % "$dir/watched" || fail "nothing to watch: $(cat "$dir/watched")"
  kill -KILL "$(role_pid $role)"
  wait "$watch" || fail "the watch ended with $role: $(cat "$dir/watched")"
done

# And the node itself: its guardian is killed, another one takes over.
hold submit steps --watch -w 120 >"$dir/watched" 2>&1 &
watch=$!
until_true 20 grep -q % "$dir/watched" || fail "nothing to watch: $(cat "$dir/watched")"
kill -KILL "$node_pid"
wait "$node_pid" 2>/dev/null || :
sleep 0.5
"$HOLDFAST" run -c "$dir/holdfast.conf" >>"$dir/log" 2>&1 &
node_pid=$!
wait "$watch" || fail "the watch ended with the node: $(cat "$dir/watched")"
grep -q 'the daemon is away' "$dir/watched" || fail "it did not say so"
