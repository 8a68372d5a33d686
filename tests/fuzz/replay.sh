#!/bin/sh
# Every input kept in the corpora passes through its fuzz target unharmed.
set -eu

status=0
for target in $FUZZ_TARGETS; do
  corpus=$SRCDIR/tests/fuzz/corpus/${target##*/fuzz_}
  if [ ! -d "$corpus" ]; then
    echo "$target: no corpus" >&2
    status=1
    continue
  fi
  find "$corpus" -type f -exec "$BUILDDIR/$target" {} + || status=1
done
exit $status
