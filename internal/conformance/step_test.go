package conformance

import (
	"os"
	"slices"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// step is one statement and what it must lead to.
type step struct {
	name string
	do   enginetest.Statement
	// dirty are the connections that a mark covers before the drain, and changed those whose evidence the drain then
	// replaces; "=" in changed means the same ones. Nothing is dirty and nothing changes where they are empty: then no mark
	// may be left at all.
	dirty, changed string
	// guarded are connections that a foreign writer on SQLite makes dirty, too: its guards see one row at a time, and before the
	// statement knows what becomes of it.
	guarded string
	// gone are connections whose evidence the drain deletes.
	gone string
	// moved are connections that are another owner's now: to the former one they are gone.
	moved string
	// connectors are those whose manifest change the drain announces.
	connectors string
	// mark says that a mark is left although no connection is dirty: of a run that is nobody's.
	mark bool
	// refused says that the statement must fail, and leave nothing.
	refused bool
}

// does is a step that leaves connections dirty and changes the evidence of exactly these.
func does(name, dirty, sql string) step {
	return step{name: name, do: enginetest.Same(sql), dirty: dirty, changed: "="}
}

// guardedBy says whom a foreign writer on SQLite makes dirty beside.
func (s step) guardedBy(connections string) step {
	s.guarded = connections
	return s
}

// but says that the evidence of these alone changes.
func (s step) but(changed string) step {
	s.changed = changed
	return s
}

// from says that the former owner is told of its end.
func (s step) from(moved string) step {
	s.moved = moved
	return s
}

// marked says that nobody is dirty, and yet a mark is left.
func (s step) marked() step {
	s.mark = true
	return s
}

// nothing is a step that changes nothing that evidence or a manifest holds.
func nothing(name, sql string) step { return step{name: name, do: enginetest.Same(sql)} }

// everyone stands in dirty for every connection: the mark names none, or all are named.
const everyone = "*"

// player is an engine with the kind of writer that plays on it.
type player struct {
	*enginetest.Engine
	kind     enginetest.Kind
	versions map[string]string // as the last step left them
}

// play runs the steps on the fleet: by an ordinary writer on both engines, and on SQLite, where they are caught by other
// means, by foreign ones too. After each step all have derived the same bytes.
func play(t *testing.T, steps []step) {
	t.Helper()
	players := fleet(t)
	for i := range players {
		players[i].versions = versions(t, players[i].Engine)
	}
	for _, s := range steps {
		for i := range players {
			playStep(t, &players[i], s)
		}
		same(t, players, s.name, false)
	}
	same(t, players, "in the end", true)
}

// fleet opens the engines with the fixture in them, drained.
func fleet(t *testing.T) []player {
	t.Helper()
	f := enginetest.ReadFixture(t, "testdata/fleet.sql")
	return []player{
		{Engine: enginetest.OpenPostgres(t, pgtest.Shared(t), f), kind: enginetest.Ordinary},
		{Engine: enginetest.OpenSQLite(t, f), kind: enginetest.Ordinary},
		{Engine: enginetest.OpenSQLite(t, f), kind: enginetest.Foreign},
		{Engine: enginetest.OpenSQLite(t, f), kind: enginetest.Shell},
	}
}

func playStep(t *testing.T, p *player, s step) {
	t.Helper()
	e := p.Engine
	where := e.Name + ", " + string(p.kind) + " writer: " + s.name
	before, counter := p.versions, e.Counter(t)
	err := e.Do(t.Context(), p.kind, s.do.In(e))
	if refused := err != nil; refused != s.refused {
		t.Fatalf("%s: refused: %v (%v)", where, refused, err)
	}
	p.checkDirty(t, where, s, e.CheckG2(t).Dirty())
	changed := s.changed
	if changed == "=" {
		changed = s.dirty
	}
	p.versions = enginetest.Versions(e.CheckG3(t))
	if got, want := risen(before, p.versions), strings.Fields(changed); !slices.Equal(got, want) {
		t.Errorf("%s: changed %q, want %q", where, got, want)
	}
	if got, want := missing(before, p.versions), strings.Fields(s.gone); !slices.Equal(got, want) {
		t.Errorf("%s: gone %q, want %q", where, got, want)
	}
	announced(t, e, s, counter)
	if t.Failed() {
		t.FailNow()
	}
}

func (p *player) checkDirty(t *testing.T, where string, s step, found []string) {
	t.Helper()
	switch want := strings.Fields(s.dirty); {
	case s.dirty == everyone:
		if len(found) == 0 {
			t.Errorf("%s: nothing is dirty", where)
		}
	case p.Name == enginetest.SQLite && p.kind != enginetest.Ordinary && s.guarded != "":
		if allowed := append(want, strings.Fields(s.guarded)...); !within(found, allowed) || !within(want, found) {
			t.Errorf("%s: dirty %q, want %q and at most %q", where, found, want, allowed)
		}
	case !slices.Equal(found, want):
		t.Errorf("%s: dirty %q, want %q", where, found, want)
	case len(want) == 0 && s.connectors == "" && !s.mark:
		if n := p.Marks(t); n != 0 {
			t.Errorf("%s: %d marks, want none: nothing changed", where, n)
		}
	}
}

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(id string) bool { return !slices.Contains(all, id) })
}

// announced checks what returning clients are told of beside evidence: deletions and manifest changes, with new versions.
func announced(t *testing.T, e *enginetest.Engine, s step, since int64) {
	t.Helper()
	told, err := e.Announced(t.Context(), since)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Fields(s.gone + s.moved); !slices.Equal(told.Deletions, want) {
		t.Errorf("%s: %s: deletions told of: %q, want %q", e.Name, s.name, told.Deletions, want)
	}
	if want := strings.Fields(s.connectors); !slices.Equal(told.Connectors, want) {
		t.Errorf("%s: %s: manifests told of: %q, want %q", e.Name, s.name, told.Connectors, want)
	}
}

// dirty are the connections that marks cover.
func dirty(t *testing.T, e *enginetest.Engine) []string {
	t.Helper()
	return e.Load(t).Dirty()
}

// versions are those of the evidence rows.
func versions(t *testing.T, e *enginetest.Engine) map[string]string {
	t.Helper()
	return enginetest.Versions(e.Load(t))
}

func risen(before, after map[string]string) []string {
	var out []string
	for id, v := range after {
		if before[id] != v {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func missing(before, after map[string]string) []string {
	var out []string
	for id := range before {
		if _, there := after[id]; !there {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
