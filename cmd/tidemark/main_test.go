package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tidemark/internal/pgtest"
)

// The test binary is also the program: tests run it as `tidemark`, a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(pgtest.Runner(m), map[string]func(){"tidemark": main})
}
