package listener

import (
	"sync"

	"github.com/jackc/pglogrepl"
)

// mostNamed bounds what is remembered of one table by name; beyond it the whole table is suspected.
const mostNamed = 1000

// suspicion is what transactions without a fitting mark have changed of one table.
type suspicion struct {
	// ids are connections, runs or connectors, with the last transaction that touched each.
	ids map[string]uint32
	// moved are those among them whose rows may have belonged to others before.
	moved map[string]bool
	// all: any row may have changed, by transaction by (the last).
	all bool
	by  uint32
}

func (s *suspicion) name(id string, xid uint32, moved bool) {
	if s.all {
		return
	}
	if _, known := s.ids[id]; !known && len(s.ids) >= mostNamed {
		s.whole(xid)
		return
	}
	if s.ids == nil {
		s.ids, s.moved = map[string]uint32{}, map[string]bool{}
	}
	s.ids[id] = xid
	if moved {
		s.moved[id] = true
	}
}

func (s *suspicion) whole(xid uint32) { *s = suspicion{all: true, by: xid} }

// add takes over what t suspects.
func (s *suspicion) add(t *suspicion) {
	if t.all {
		s.whole(t.by)
		return
	}
	for id, xid := range t.ids {
		s.name(id, xid, t.moved[id])
	}
}

// batch is what is suspected of all tables.
type batch struct {
	tables map[*audited]*suspicion
	unseen unseen // the transactions
	// first is where the oldest of them committed: what comes after it must not be confirmed yet.
	first pglogrepl.LSN
	count int64
}

func (b *batch) of(a *audited) *suspicion {
	if b.tables == nil {
		b.tables = map[*audited]*suspicion{}
	}
	if b.tables[a] == nil {
		b.tables[a] = &suspicion{}
	}
	return b.tables[a]
}

// suspects hands what the stream found to who looks into it, who may be busy: what comes meanwhile is put together.
type suspects struct {
	ring chan struct{} // buffer 1

	mu   sync.Mutex
	open batch
	busy pglogrepl.LSN // first of the batch that is looked into; 0: none
}

func newSuspects() *suspects { return &suspects{ring: make(chan struct{}, 1)} }

// raise adds what one transaction changed.
func (s *suspects) raise(xid uint32, at pglogrepl.LSN, changed map[*audited]*suspicion) {
	s.mu.Lock()
	if s.open.count == 0 {
		s.open.first = at
	}
	s.open.count++
	s.open.unseen.add(xid)
	for a, c := range changed {
		s.open.of(a).add(c)
	}
	s.mu.Unlock()
	select {
	case s.ring <- struct{}{}:
	default:
	}
}

// take hands over what is suspected. done must follow when it has been settled.
func (s *suspects) take() batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.open
	s.open, s.busy = batch{}, b.first
	return b
}

func (s *suspects) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = 0
}

// confirm is the position up to which nothing is suspected any more.
func (s *suspects) confirm(received pglogrepl.LSN) pglogrepl.LSN {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.busy != 0:
		return min(received, s.busy)
	case s.open.count > 0:
		return min(received, s.open.first)
	}
	return received
}
