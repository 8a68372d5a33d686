#!/bin/sh
# The example jobs do real work: a video is converted with progress, and rows
# too old are deleted from a database while others are inserted, never by one
# that was overtaken.
set -eu

# shellcheck source=tests/system/node.sh
. "$SRCDIR/tests/system/node.sh"
# shellcheck source=tests/system/lib.sh
. "$SRCDIR/tests/system/lib.sh"

jobs=$SRCDIR/contrib/jobs

test_convert() {
  ffmpeg -v error -f lavfi -i testsrc=size=320x240:rate=25:duration=8 \
    "$dir/in file.avi"
  expect 0 hold submit convert "video=$dir/in file.avi" --watch
  id=$(head -n 1 "$dir/out")
  grep -q '^convert: .*%' "$dir/out" || fail "no progress: $(cat "$dir/out")"
  expect 0 hold fetch "$id" -o "$dir/out.mp4"
  [ "$(ffprobe -v error -show_entries stream=codec_name,height -of csv=p=0 \
    "$dir/out.mp4")" = "h264,120" ] || fail 'not an H.264 video of that height'
  expect 1 hold submit convert "video=$dir/jobs.conf" --wait
  grep -q 'cannot read jobs.conf' "$dir/err" || fail "no reason: $(cat "$dir/err")"
}

rows() {
  sqlite3 -cmd '.timeout 5000' "$dir/db" "SELECT count(*) FROM $1"
}

test_clean() {
  sqlite3 "$dir/db" "CREATE TABLE session (id INTEGER PRIMARY KEY, seen INTEGER);
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999)
    INSERT INTO session (seen) SELECT strftime('%s', 'now') - 1000 - i FROM n;
    INSERT INTO session (seen) VALUES (strftime('%s', 'now'));"
  i=0
  while [ $i -lt 100 ]; do
    echo "INSERT INTO session (seen) VALUES (strftime('%s', 'now'));"
    i=$((i + 1))
  done | sqlite3 -cmd '.timeout 5000' "$dir/db" &
  inserter=$!
  expect 0 env HOLDFAST_TOKEN=12884901889 "$jobs/clean-sqlite" "$dir/db" session seen 600
  grep -q 'deleted 3000 rows' "$dir/out" || fail "deleted: $(cat "$dir/out")"
  wait $inserter || fail 'an insertion failed'
  [ "$(rows session)" = 101 ] || fail "$(rows session) rows are left"

  sqlite3 "$dir/db" "UPDATE session SET seen = 0"
  expect 75 env HOLDFAST_TOKEN=12884901888 "$jobs/clean-sqlite" "$dir/db" session seen 600
  grep -q 'overtaken by token 12884901889' "$dir/err" || fail 'not refused'
  [ "$(rows session)" = 101 ] || fail 'one that was overtaken deleted'
  expect 2 "$jobs/clean-sqlite" "$dir/db" 'session; DROP TABLE session' seen 1
  expect 1 "$jobs/clean-sqlite" "$dir/none" session seen 1
  expect 1 "$jobs/clean-sqlite" "$dir/db" nothing seen 1
}

command -v ffmpeg >/dev/null || skip 'no ffmpeg'
command -v sqlite3 >/dev/null || skip 'no sqlite3'
cat >"$dir/jobs.conf" <<CONF
jobs = {
  convert = {
    command = [ "$jobs/convert", "\${param.video}", "120" ];
    params = { video = { required = true; }; };
    output = "video.mp4"; type = "video/mp4"; unique = "none"; attempts = 1;
  };
};
CONF
test_clean
node_start
test_convert
