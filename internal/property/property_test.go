package property

import (
	"flag"
	"os"
	"testing"

	"pgregory.net/rapid"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// sequences says how many random sequences, of how many steps on average, unless rapid's own flags do.
func sequences(t *testing.T, checks, steps string) {
	t.Helper()
	set := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { set[f.Name] = true })
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps} {
		if !set[name] {
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
	sequences(t, "25", "40")
	holdPostgres(t, false)
}

// Prepared transactions keep their locks and their xid: the cursor must not pass them by.
func TestPostgresPrepared(t *testing.T) {
	sequences(t, "10", "40")
	holdPostgres(t, true, pgtest.Setting("max_prepared_transactions", "8"))
}

func TestSQLite(t *testing.T) {
	sequences(t, "25", "40")
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
