package listener

import "slices"

type (
	writerAt uint8
	serverAt uint8
	xid      uint8 // 0: none. Only the order matters
)

const (
	wIdle writerAt = iota
	wBegun
	wRead
	wMarked
	wDone
)

const (
	sFollow serverAt = iota
	sRepair
	sListen
	sDrain
	sBeginRaise
	sRaise
	sCommitRaise
	sHorizon
	sCheckHorizon
	sCheckPending
	sAsleep
	sLower
	sResign
	sResigned
)

// writer is one transaction at a time.
type writer struct {
	at       writerAt
	xid      xid
	sawUp    bool // it read the flag up, so that its commit notifies
	nested   bool // after a savepoint
	saved    bool // sawUp as of the savepoint: rolling back to it takes a NOTIFY back
	snapshot bool // the flag as the transaction's snapshot has it; only under tableFlag
}

// server is a follower or the leader.
type server struct {
	at        serverAt
	ghost     bool // the process has died or its cable is cut, and the database has not noticed: the session is still there
	listening bool
	flight    bool // a NOTIFY is committed, but not delivered
	inbox     bool // a NOTIFY is delivered, but not read
	passed    bool // the horizon had passed when it was looked at
	looked    bool // only under drainFirst: marks have been looked for
	raise     xid  // of the transaction that raises the flag
	horizon   xid
}

// state is everything that the next step depends on.
type state struct {
	writers [writers]writer
	servers [servers]server
	flag    bool
	left    bool // some committed mark has not been drained
	holder  int  // of the leader lock: the server's number from 1, or 0
	crashes int  // still to come
	latest  xid  // the youngest finished transaction; only under xmaxHorizon
}

// open counts the transactions that are open.
func (s *state) open() int {
	open := 0
	for _, w := range s.writers {
		if w.at != wIdle {
			open++
		}
	}
	return open
}

func initial() state { return state{crashes: crashes} }

// stranded: a mark waits, and nothing that is under way will have it drained.
func (s *state) stranded() bool {
	if !s.left {
		return false
	}
	for i, me := range s.servers {
		asleep := me.at == sAsleep && me.listening && !me.flight && !me.inbox
		follows := me.at == sFollow && s.holder != 0 && s.holder != i+1
		if me.ghost || !asleep && !follows {
			return false
		}
	}
	return true
}

// lost: a mark waits, and nobody will ever do anything again, if no writer begins.
func (s *state) lost() bool {
	return s.open() == 0 && s.stranded()
}

func (s *state) newXid() xid {
	youngest := s.latest
	for _, w := range s.writers {
		youngest = max(youngest, w.xid)
	}
	for _, me := range s.servers {
		youngest = max(youngest, me.raise, me.horizon)
	}
	return youngest + 1
}

func (s *state) complete(x xid) { s.latest = max(s.latest, x) }

// normalize makes states equal that differ in nothing that matters: transaction ids become small numbers in the same
// order, and the writers, who are all alike, are sorted.
func (s *state) normalize(r rules) {
	s.rank(r.xmaxHorizon)
	for i := 1; i < len(s.writers); i++ {
		for j := i; j > 0 && s.writers[j].bits() < s.writers[j-1].bits(); j-- {
			s.writers[j], s.writers[j-1] = s.writers[j-1], s.writers[j]
		}
	}
}

// rank renumbers the ids. Only where the horizon is a snapshot's xmax does the order of the writers among each other, and
// of what has finished, matter; otherwise it is enough to know who is older than which horizon.
func (s *state) rank(whole bool) {
	if !whole {
		s.latest = 0
		for i := range s.servers {
			s.servers[i].raise = min(s.servers[i].raise, 1) // told apart from nothing, no more
		}
	}
	marks := make([]xid, 0, 2*servers+writers+1)
	for _, me := range s.servers {
		marks = append(marks, me.horizon)
		if whole {
			marks = append(marks, me.raise)
		}
	}
	if whole {
		marks = append(marks, s.latest)
		for _, w := range s.writers {
			marks = append(marks, w.xid)
		}
	}
	slices.Sort(marks)
	marks = slices.Compact(slices.DeleteFunc(marks, func(x xid) bool { return x == 0 }))
	renumber := func(x *xid) {
		if *x == 0 {
			return
		}
		// Odd: between two of marks; even: one of them.
		at, exact := slices.BinarySearch(marks, *x)
		*x = xid(2*at + 1)
		if exact {
			*x++
		}
	}
	for i := range s.writers {
		renumber(&s.writers[i].xid)
	}
	for i := range s.servers {
		renumber(&s.servers[i].horizon)
		if whole {
			renumber(&s.servers[i].raise)
		}
	}
	renumber(&s.latest)
}

// key is a state in few bits.
type key struct{ writers, servers uint64 }

func (s *state) key() key {
	var k key
	for _, w := range s.writers {
		k.writers = k.writers<<16 | uint64(w.bits())
	}
	for _, me := range s.servers {
		k.servers = k.servers<<20 | uint64(me.bits())
	}
	k.servers = k.servers<<6 | bit(s.flag, 0) | bit(s.left, 1) | uint64(s.holder)<<2 | uint64(s.crashes)<<4
	k.writers |= uint64(s.latest) << 56
	return k
}

func (w writer) bits() uint16 {
	return uint16(w.at) | uint16(w.xid)<<3 |
		uint16(bit(w.sawUp, 8)|bit(w.snapshot, 9)|bit(w.nested, 10)|bit(w.saved, 11))
}

func (me server) bits() uint32 {
	return uint32(me.at) | uint32(me.raise)<<4 | uint32(me.horizon)<<9 |
		uint32(bit(me.listening, 14)|bit(me.flight, 15)|bit(me.inbox, 16)|bit(me.passed, 17)|bit(me.looked, 18)|bit(me.ghost, 19))
}

func bit(b bool, at int) uint64 {
	if b {
		return 1 << at
	}
	return 0
}
