# `make` alone lists what there is. Needs Go; the tests also need what `make tools` fetches.

GO ?= go
BIN := bin/tidemark

# Every test runs on the oldest PostgreSQL supported; what touches Postgres runs on the newest too.
PG_OLDEST := 15
PG_NEWEST := 18
# The packages whose tests start a server: those that pgtest or pgcluster is built into. One of them makes clusters by the dozen, and
# what it tests does not depend on the version.
PG_ONCE := tidemark/internal/servers
PG_PACKAGES ?= $(shell $(GO) list -test -f '{{if .ForTest}}{{.ForTest}} {{.Deps}}{{end}}' ./... | \
	sed -nE 's,^([^ ]+) .*tidemark/internal/pg(test|cluster)[] ].*,\1,p' | grep -vx $(PG_ONCE) | sort -u)

# What has nothing of Postgres in it runs once, too: tests with SQLite in their names, and subtests that are named after that engine.
ON_SQLITE := SQLite|/^sqlite$$|//^sqlite$$

TEST_TIMEOUT ?= 20m
TEST_FLAGS ?=
# One fuzz target gets this long in `make fuzz`; `make soak` goes on for so long; `make mutate` tries only mutations with these words.
FUZZTIME ?= 30s
SOAK ?= 10m
MUTATE ?=
BENCH_FLAGS ?=
ADDR ?= 127.0.0.1:8080

.DEFAULT_GOAL := help
.PHONY: help run build test test-race lint bench fuzz mutate soak tools clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## serve demo data on the embedded SQLite (ADDR=127.0.0.1:8080)
	$(BIN) serve --demo --addr $(ADDR)

build: ## build bin/tidemark
	$(GO) build -trimpath -o $(BIN) ./cmd/tidemark

test: tools ## all tests on PostgreSQL 15, then those that touch Postgres on 18
	TIDEMARK_TEST_PG_MAJOR=$(PG_OLDEST) $(GO) test -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) ./...
	TIDEMARK_TEST_PG_MAJOR=$(PG_NEWEST) $(GO) test -timeout $(TEST_TIMEOUT) -skip '$(ON_SQLITE)' $(TEST_FLAGS) $(PG_PACKAGES)

test-race: tools ## all tests under the race detector
	TIDEMARK_TEST_PG_MAJOR=$(PG_OLDEST) $(GO) test -race -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) ./...

lint: ## formatting, vet, staticcheck, import directions, house rules
	scripts/lint.sh
	scripts/lint_test.sh

bench: build tools ## the performance bars of SPEC.md, measured here (BENCH_FLAGS=…)
	$(BIN) bench $(BENCH_FLAGS)

fuzz: ## every fuzz target for FUZZTIME=30s
	GO=$(GO) scripts/fuzz.sh $(FUZZTIME)

mutate: tools ## remove each mechanism in turn and demand red (MUTATE="name …" for some)
	TIDEMARK_TEST_PG_MAJOR=$(PG_OLDEST) $(GO) run ./internal/mutate $(MUTATE)

soak: tools ## the long tests (build tag soak), for SOAK=10m
	TIDEMARK_SOAK=$(SOAK) $(GO) test -tags=soak -run='^TestSoak' -count=1 -timeout 24h -v $(TEST_FLAGS) ./...

tools: ## fetch what tests need into a cache outside the repository
	@scripts/tools.sh

clean: ## remove what was built
	rm -rf bin
	$(GO) clean -testcache
