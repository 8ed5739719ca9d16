#!/bin/sh
# Sees to it that tests find pgbouncer, the pooler of many installations (internal/pgcluster/pooler.go looks in the same
# places). Not installed, because Debian's package starts a service: its files, and those of the libraries that a machine may
# lack, go into the cache.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

cached=$TOOLS/pgbouncer
libraries() { find "$1/usr/lib" -name '*.so.*' -exec dirname {} \; 2>/dev/null | sort -u | paste -sd: -; }
holds() { LD_LIBRARY_PATH=$(libraries "$1") "$1/usr/sbin/pgbouncer" --version >/dev/null 2>&1; }

if command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ] || holds "$cached"; then exit 0; fi
new=$(scratch)
trap 'rm -rf "$new"' EXIT
deb_unpack pgbouncer "$new"
for library in $(apt-cache depends pgbouncer | sed -n 's/^ *Depends: \(libevent[^ ]*\|libc-ares[^ ]*\)$/\1/p'); do
	deb_unpack "$library" "$new"
done
settle "$new" "$cached"
holds "$cached" || die "pgbouncer in $cached does not run; install it (on Debian: apt-get install pgbouncer)"
