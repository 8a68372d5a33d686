#!/bin/sh
# From a minimal Debian 12 with nothing but git and a root shell, quickstart
# shows a job to its end and check passes; a second run of each is fast.
#
# fresh-root.sh [COMMAND...] - runs each COMMAND (a string for sh) in a clone of
# the source tree's HEAD inside a new root; by default the four of above.
# Needs root and mmdebstrap.  ROOT names the directory to use, and is kept; a
# root that is already there is used as it is.
set -eu

SRCDIR=${SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
if [ "$(id -u)" != 0 ] || ! command -v mmdebstrap >/dev/null; then
  echo 'fresh-root: skipped, needs root and mmdebstrap' >&2
  exit 77
fi
[ $# != 0 ] || set -- \
  'contrib/quickstart --once' 'contrib/quickstart --once' \
  'contrib/check' 'contrib/check'

if [ -z "${ROOT-}" ]; then
  ROOT=$(mktemp -d)
  trap 'rm -rf --one-file-system "$ROOT"' EXIT
fi
if [ ! -e "$ROOT/bin/sh" ]; then
  mmdebstrap -q --variant=minbase --include=git,ca-certificates \
    "${SUITE:-bookworm}" "$ROOT"
fi

# What the host needs to reach its mirror, the root needs too.
cp -L /etc/resolv.conf /etc/hosts "$ROOT/etc/"
apt-config dump | grep -E '^Acquire::https?::Proxy' \
  >"$ROOT/etc/apt/apt.conf.d/99proxy" || true

rm -rf "$ROOT/srv/holdfast"
git -c safe.directory='*' clone -q --no-local "$SRCDIR" "$ROOT/srv/holdfast"

# Mounts and processes live in name spaces of their own: they end with them.
# shellcheck disable=SC2016 # expanded by the inner shells
exec_in_root='
  mount --make-rprivate /
  mount -t proc proc "$ROOT/proc"
  mount --rbind /sys "$ROOT/sys"
  mount --rbind /dev "$ROOT/dev"
  mount -t tmpfs tmpfs "$ROOT/dev/shm"
  mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
  mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
    chroot "$ROOT" sh -c "cd /srv/holdfast && $1" </dev/null'

status=0
for command; do
  echo "fresh-root: $command"
  start=$(date +%s)
  ROOT=$ROOT unshare --mount --pid --fork --kill-child \
    sh -euc "$exec_in_root" sh "$command" || status=1
  echo "fresh-root: $command: status $status, $(($(date +%s) - start)) s"
done
exit $status
