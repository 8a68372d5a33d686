# setup - what quickstart and check share: packages, then a build in ./build.
# Sourced, with the top of the source tree as working directory.

BUILD_PACKAGES='autoconf automake gcc libc6-dev libconfig-dev libjansson-dev
  liblmdb-dev libmicrohttpd-dev libsodium-dev make pkg-config'

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Runs a command with its output put away, and shown when it fails.
quietly() {
  quietly_log=$(mktemp)
  quietly_status=0
  "$@" >"$quietly_log" 2>&1 </dev/null || quietly_status=$?
  [ $quietly_status = 0 ] || cat "$quietly_log" >&2
  rm -f "$quietly_log"
  return $quietly_status
}

missing_packages() {
  for package; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
      grep -qx installed || printf ' %s' "$package"
  done
}

# Installs those of the packages named that are missing.
need() {
  if ! command -v dpkg-query >/dev/null; then
    echo "not Debian: trusting that these, or their like, are here: $*"
    return 0
  fi
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || die "Packages are missing.  As root, run

  apt-get update && apt-get install -y --no-install-recommends$missing

and then this again."

  echo "installing$missing"
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-get -q update || die 'apt-get update failed'
  # RUNLEVEL: what is installed for a test must not start as a service.
  # shellcheck disable=SC2086 # a list
  quietly env RUNLEVEL=1 apt-get -q install -y --no-install-recommends \
    $missing || die 'apt-get install failed'
}

needs_autoreconf() {
  [ -e configure ] || return 0
  [ -n "$(find configure.ac Makefile.am m4 -newer configure)" ]
}

# Builds the program in ./build; with a second run only what changed.
build() {
  [ ! -e config.status ] ||
    die 'The source tree itself is configured: run "make distclean" first.'
  if [ ! -e build/Makefile ]; then
    ! needs_autoreconf || quietly autoreconf -fi || return 1
    mkdir -p build
    (cd build && quietly ../configure -q) || return 1
  fi
  quietly make -s -C build -j"$(nproc)" all
}
