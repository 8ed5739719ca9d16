package property

import (
	"flag"
	"os"
	"testing"

	"pgregory.net/rapid"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	os.Exit(pgtest.Main(m))
}

// given are the flags of the command line.
var given = map[string]bool{}

// sequences says how many random sequences, of how many steps on average, unless rapid's own flags do.
func sequences(t *testing.T, checks, steps string) {
	t.Helper()
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps} {
		if !given[name] {
			if err := flag.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// hold runs one sequence and drains what is left: G2 all along, G3 at the end.
func hold(rt *rapid.T, e *enginetest.Engine, canPrepare bool) {
	w := newWorld(rt, e)
	rt.Cleanup(func() {
		if err := w.close(); err != nil {
			rt.Errorf("%v", err)
		}
	})
	w.canHold = canPrepare
	rt.Repeat(w.actions())
	w.quiet(rt)
	e.CheckG3(rt)
}

func holdPostgres(t *testing.T, canPrepare bool, opts ...pgtest.Option) {
	cluster := pgtest.Shared(t, opts...)
	rapid.Check(t, func(rt *rapid.T) {
		e, discard, err := enginetest.FreshPostgres(rt.Context(), t, cluster)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		rt.Cleanup(func() {
			if err := discard(); err != nil {
				rt.Errorf("%v", err)
			}
		})
		hold(rt, e, canPrepare)
	})
}

func TestPostgres(t *testing.T) {
	sequences(t, "20", "40")
	holdPostgres(t, false)
}

// Prepared transactions keep their locks and their xid: the cursor must not pass them by.
func TestPostgresPrepared(t *testing.T) {
	sequences(t, "8", "40")
	holdPostgres(t, true, pgtest.Setting("max_prepared_transactions", "8"))
}

func TestSQLite(t *testing.T) {
	sequences(t, "40", "40")
	holdSQLite(t)
}

func holdSQLite(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e, discard, err := enginetest.FreshSQLite(rt.Context(), t)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		rt.Cleanup(func() {
			if err := discard(); err != nil {
				rt.Errorf("%v", err)
			}
		})
		hold(rt, e, false)
	})
}
