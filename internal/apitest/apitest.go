// Package apitest puts the HTTP interface before an engine under test.
package apitest

import (
	"sync"
	"testing"
	"time"

	"tidemark/internal/apicheck"
	"tidemark/internal/enginetest"
	"tidemark/server"
	"tidemark/summary"
)

// Owners are those that New makes a token for. The secret is the owner's name.
var Owners = []string{"ada", "bob", "nobody"}

var checker = sync.OnceValues(func() (*apicheck.Checker, error) {
	document, err := server.OpenAPI()
	if err != nil {
		return nil, err
	}
	return apicheck.New(document)
})

// Checker is what answers and events are held against: the OpenAPI document of the server.
func Checker(t testing.TB) *apicheck.Checker {
	t.Helper()
	c, err := checker()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// New returns a server of the engine with a clock of the test's. Changes may be nil.
func New(t testing.TB, e *enginetest.Engine, changes server.Changes, clock func() time.Time) *server.Server {
	t.Helper()
	for _, owner := range Owners {
		token := summary.Token{TokenID: owner, Owner: owner, Scopes: summary.Scopes, CreatedAt: summary.NewInstant(enginetest.Clock)}
		if err := e.CreateToken(t.Context(), token, summary.HashToken(owner)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := server.New(server.Config{Store: e, Changes: changes, Clock: clock, Settle: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
