#!/bin/sh
# Writes a C source that holds the files named: embed.sh FILE... >assets_data.c
# Needs od, sed and cksum, nothing else.
set -eu
export LC_ALL=C

type_of() {
  case $1 in
  *.html) echo 'text/html; charset=utf-8' ;;
  *.js) echo 'text/javascript; charset=utf-8' ;;
  *.css) echo 'text/css; charset=utf-8' ;;
  *.svg) echo 'image/svg+xml' ;;
  *)
    echo "embed.sh: $1: no content type known" >&2
    exit 1
    ;;
  esac
}

echo '/* Made by src/web/embed.sh: do not edit. */'
echo '#include "io/assets.h"'
echo
echo 'extern const struct asset assets_data[];'

n=0
table=
for file in "$@"; do
  name=${file##*/}
  type=$(type_of "$name")
  sum=$(cksum <"$file" | tr ' ' -)
  echo
  echo "static const unsigned char data_${n}[] = {"
  od -An -v -tx1 "$file" |
    sed 's/^ *//; s/ *$//; s/  */, 0x/g; s/^/	0x/; s/$/,/'
  echo '};'
  table="$table	{ \"$name\", \"$type\", \"\\\"$sum\\\"\", data_$n, sizeof(data_$n) },
"
  n=$((n + 1))
done

echo
echo 'const struct asset assets_data[] = {'
printf '%s' "$table"
echo '	{ .name = NULL },'
echo '};'
