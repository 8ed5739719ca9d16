#!/bin/sh
# Everything that `make lint` demands. Runs all checks, and fails if any did.
set -u
cd "$(dirname "$0")/.."

# Tests that only soak runs are looked at too.
GOFLAGS="${GOFLAGS:-} -tags=soak"
export GOFLAGS
failed=0

check() { # NAME OUTPUT: what was found, if anything
	[ -z "$2" ] && return
	printf '%s:\n%s\n\n' "$1" "$2"
	failed=1
}

run() { # NAME COMMAND…
	name=$1
	shift
	# A tool that fails without a word has failed all the same.
	out=$("$@" 2>&1) || check "$name" "${out:-failed}"
}

tool() { go tool -modfile=tools/go.mod "$@"; }

go_files=$(find . -name '*.go' -not -path '*/testdata/*' -not -path './.git/*')

# shellcheck disable=SC2086 # one word per file
check gofmt "$(gofmt -l $go_files)"
run 'go vet' go vet ./...
run staticcheck tool staticcheck ./...
[ -f .depguard.yml ] || check depguard 'its rules, .depguard.yml, are missing'
run depguard tool depguard ./...

# forbidigo names identifiers, and this says where each is forbidden.
used=$(tool forbidigo '^os\.Exit$' '^log\.Fatal(f|ln)?$' '^time\.(Sleep|Now|Since|Until|After|AfterFunc|Tick|NewTicker|NewTimer)$' \
	'\.Skip(f|Now)?$' -- ./... 2>&1) || check forbidigo "$used"
check 'forbidden here' "$(printf '%s\n' "$used" | sort -u | awk -v root="$PWD/" '
	{ file = $0; sub(/.* at /, "", file); sub(/:.*/, "", file) }
	index(file, root) != 1 { next } # such as the main functions that go test writes
	{ test = file ~ /_test\.go$/; line = $0; sub(root, "", line) }
	test && /`time\.Sleep`/ { print line "; wait for a signal" }
	/\.Skip(f|Now)?` forbidden/ && (test || file ~ /\/internal\//) { print line "; a test runs or fails" }
	!test && /`(os\.Exit|log\.Fatal(f|ln)?)`/ && file !~ "^" root "(cmd/tidemark|internal/mutate)/main.go$" { print line "; return an error" }
	!test && /`time\./ && file ~ /\/summary\/[^\/]*$/ { print line "; the clock is an argument" }')"

# shellcheck disable=SC2086
check 'over 400 lines; split by idea' "$(wc -l $go_files | awk '$2 != "total" && $1 > 400')"

for script in $(find . -name "*.sh" -not -path "./.git/*"); do
	run "$script" sh -n "$script"
done

[ "$failed" -eq 0 ] && echo 'lint: clean'
exit "$failed"
