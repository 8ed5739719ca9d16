#!/bin/sh
# fuzz.sh TIME: runs every fuzz target of the repository for TIME; go test takes one at a time.
set -eu
cd "$(dirname "$0")/.."
go=${GO:-go}

targets=$(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's|^\(.*\)/[^/]*:[0-9]*:func |\1 |' | sort)
if [ -z "$targets" ]; then
	echo 'fuzz: no targets' >&2
	exit 1
fi
# Each line is "./package FuzzName"; stdin of go test is closed, or it would eat the list.
printf '%s\n' "$targets" | while read -r package name; do
	echo "fuzz: $package $name"
	"$go" test -run='^$' -fuzz="^$name\$" -fuzztime="$1" "$package" </dev/null
done
