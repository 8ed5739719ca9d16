#!/bin/sh
# Proves that `make lint` finds what it is for: a rule whose pattern matches no file any more would be silent for ever.
# Makes a small module that is clean, then one fault of each kind, and wants each of them named.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R scripts tools .depguard.yml "$work"
cd "$work"
printf 'module tidemark\n\ngo 1.26\n' >go.mod

file() { # PATH [LINE…]: a Go file, with its package clause
	path=$1
	shift
	mkdir -p "$(dirname "$path")"
	name=$(basename "$(dirname "$path")")
	case $path in cmd/*) name=main ;; esac
	printf '%s\n' "package $name" "$@" | gofmt >"$path"
}

importing() { # PATH IMPORT
	file "$1" "import _ \"$2\""
}

fail() {
	printf 'lint_test: %s\n%s\n' "$1" "$found"
	exit 1
}

# What is allowed.
for package in summary drain migrations console server triggers listener sqlitecompat db internal/pgtest; do
	file $package/doc.go
done
importing db/allowed.go tidemark/summary
importing server/allowed.go tidemark/console
importing db/allowed_test.go tidemark/internal/pgtest
importing internal/pgcluster/allowed.go os
importing bench/allowed.go tidemark/internal/pgcluster
file cmd/tidemark/main.go 'import "os"' 'func main() { os.Exit(0) }'
found=$(scripts/lint.sh 2>&1) || fail 'faults in what is clean:'

# What is not.
importing summary/bad.go tidemark/console
importing summary/impure.go net/http
file summary/clock.go 'import "time"' '// Now is a clock.' 'func Now() time.Time { return time.Now() }'
importing drain/bad.go tidemark/listener
importing ingest/bad.go tidemark/migrations
importing db/bad.go tidemark/triggers
importing triggers/bad.go tidemark/server
importing triggers/bad_test.go tidemark/console
importing listener/bad.go tidemark/sqlitecompat
importing sqlitecompat/bad.go tidemark/server
importing server/bad.go tidemark/migrations
importing server/engine.go database/sql
importing console/bad.go tidemark/bench
importing bench/bad.go tidemark/internal/pgtest
file bench/exit.go 'import "os"' '// Exit ends.' 'func Exit() { os.Exit(0) }'
file bench/sleep_test.go 'import ("testing"; "time")' 'func TestSleep(t *testing.T) { time.Sleep(1) }'
file bench/skip_test.go 'import "testing"' 'func TestSkip(t *testing.T) { t.Skip("no") }'
file bench/vet.go 'import "fmt"' '// Vet is wrong.' 'func Vet() { fmt.Printf("%d", "x") }'
file bench/static.go 'func unused() {}'
file bench/soak_test.go 'func alsoUnused() {}'
sed -i '1i //go:build soak\n' bench/soak_test.go
file bench/long.go && yes '// A line.' | head -400 >>bench/long.go
file bench/format.go && echo '  var  X = 1' >>bench/format.go
printf 'if\n' >scripts/broken.sh

if found=$(scripts/lint.sh 2>&1); then fail 'found nothing'; fi
for fault in summary/bad.go summary/impure.go 'time.Now.*summary/clock.go' drain/bad.go ingest/bad.go db/bad.go triggers/bad.go \
	triggers/bad_test.go listener/bad.go sqlitecompat/bad.go server/bad.go server/engine.go console/bad.go bench/bad.go \
	'os.Exit.*bench/exit.go' 'time.Sleep.*bench/sleep_test.go' 't.Skip.*bench/skip_test.go' 'bench/vet.go.*%d' \
	'bench/static.go.*unused' 'bench/soak_test.go.*unused' '401 ./bench/long.go' '^./bench/format.go' 'scripts/broken.sh'; do
	printf '%s\n' "$found" | grep -q -e "$fault" || fail "did not find $fault in:"
done
if printf '%s\n' "$found" | grep -q -e '/allowed.*[.]go' -e cmd/tidemark; then fail 'what is allowed is no fault:'; fi
echo 'lint_test: every rule bites'
