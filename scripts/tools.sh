#!/bin/sh
# Fetches what tests need and the repository does not hold into the cache directory (scripts/lib.sh), each thing only if
# it is missing. Asks nothing; may run twice at the same time.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

mkdir -p "$TOOLS"
if command -v flock >/dev/null 2>&1; then
	exec 9>"$TOOLS/.lock"
	flock -w 900 9 || die "another run holds $TOOLS/.lock"
fi

scripts/postgres.sh 15
scripts/postgres.sh 18
scripts/inputs.sh
scripts/pgbouncer.sh
scripts/sqlite3.sh
go mod download -modfile=tools/go.mod || die 'the Go tools could not be fetched'
