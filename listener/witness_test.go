package listener

import (
	"testing"

	"github.com/jackc/pglogrepl"
)

// No position is confirmed beyond the oldest transaction that is still to be looked into.
func TestNothingIsConfirmedBeforeItIsLookedInto(t *testing.T) {
	s := newSuspects()
	changed := map[*audited]*suspicion{&auditedTables[0]: {all: true, by: 7}}
	expect := func(when string, want pglogrepl.LSN) {
		t.Helper()
		if got := s.confirm(100); got != want {
			t.Errorf("%s %d is confirmed, want %d", when, got, want)
		}
	}
	expect("with nothing suspected", 100)
	s.raise(7, 40, changed)
	s.raise(8, 50, changed)
	expect("with two suspected", 40)
	s.take()
	expect("while they are looked into", 40)
	s.raise(9, 60, changed)
	expect("with a third", 40)
	s.done()
	expect("after the two", 60)
	s.take()
	s.done()
	expect("after all", 100)
}

func TestSuspicionsAreBounded(t *testing.T) {
	var s suspicion
	for i := range 3 * mostNamed {
		s.name(string(rune('A'+i%20))+string(rune(i)), uint32(i), i%2 == 0)
	}
	if !s.all || len(s.ids) > 0 {
		t.Errorf("%d are remembered, all: %v", len(s.ids), s.all)
	}
}

func FuzzChange(f *testing.F) {
	f.Add([]byte("I\x00\x00\x00\x01N\x00\x02t\x00\x00\x00\x01xn"))
	f.Add([]byte("U\x00\x00\x00\x01K\x00\x01t\x00\x00\x00\x00N\x00\x01u"))
	f.Add([]byte("D\x00\x00\x00\x01O\x00\x01b\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		c, err := parseChange(data)
		if err != nil {
			return
		}
		for i := range 3 {
			column(c.new, i)
			column(c.old, i)
		}
	})
}
