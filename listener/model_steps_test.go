package listener

// Who takes a step: a writer or a server, from 1, or one of these.
type actor struct {
	kind   string
	number int
}

var (
	anyone   = actor{kind: "anyone"}
	database = actor{kind: "database"}
)

// next calls emit for every step that some process can take, with the state after it.
func (s state) next(r rules, emit func(actor, string, state)) {
	for i, w := range s.writers {
		if w.at != wIdle || s.open() < r.writers {
			s.nextWriter(r, i, func(step string, n state) { emit(actor{"writer", i + 1}, step, n) })
		}
	}
	for i := range s.servers {
		s.nextServer(r, i, func(step string, n state) { emit(actor{"server", i + 1}, step, n) })
	}
	if s.left {
		// A read with fresh=true, a rebuild, the command line, a server whose connection was cut off: drains that leave
		// the flag alone.
		n := s
		n.left = false
		emit(anyone, "strayDrain", n)
	}
	if s.crashes > 0 {
		s.crashDatabase(emit)
	}
}

// nextWriter: transactions of any program, of any number of statements, one after the other.
func (s state) nextWriter(r rules, i int, emit func(string, state)) {
	to := func(step string, at writerAt, change func(n *state, w *writer)) {
		n := s
		n.writers[i].at = at
		change(&n, &n.writers[i])
		emit(step, n)
	}
	switch w := s.writers[i]; w.at {
	case wIdle: // a REPEATABLE READ transaction keeps the snapshot of its first statement
		to("begin", wBegun, func(_ *state, w *writer) { w.snapshot = r.tableFlag && s.flag })
	case wBegun:
		if w.xid == 0 {
			to("writeElsewhere", wBegun, func(n *state, w *writer) { w.xid = n.newXid() })
		}
		if r.flagBeforeMark {
			s.readFlag(r, i, wRead, emit)
		} else {
			s.insertMark(i, wMarked, emit)
		}
	case wRead: // only under flagBeforeMark
		s.insertMark(i, wDone, emit)
	case wMarked:
		s.readFlag(r, i, wDone, emit)
	case wDone:
		to("nextStatement", wBegun, func(*state, *writer) {})
		if w.nested {
			to("rollBackToSavepoint", wDone, func(_ *state, w *writer) { w.nested, w.saved, w.sawUp = false, false, w.saved })
		} else {
			to("savepoint", wBegun, func(_ *state, w *writer) { w.nested, w.saved = true, w.sawUp })
		}
		end := func(n *state, w *writer) {
			n.complete(w.xid)
			*w = writer{}
		}
		to("abort", wIdle, end)
		step := "commit"
		if w.sawUp {
			step = "commitAndNotify"
		}
		to(step, wIdle, func(n *state, w *writer) {
			end(n, w)
			n.left = true
			for j := range n.servers {
				me := &n.servers[j]
				me.flight = me.flight || me.listening && step == "commitAndNotify"
			}
		})
	}
}

// insertMark assigns the transaction its id, if nothing before did.
func (s state) insertMark(i int, then writerAt, emit func(string, state)) {
	if s.writers[i].at = then; s.writers[i].xid == 0 {
		s.writers[i].xid = s.newXid()
	}
	emit("insertMark", s)
}

func (s state) readFlag(r rules, i int, then writerAt, emit func(string, state)) {
	up := s.flag
	if r.tableFlag {
		up = s.writers[i].snapshot
	}
	s.writers[i].at, s.writers[i].sawUp = then, up || s.writers[i].sawUp
	if up {
		emit("readFlagUp", s)
	} else {
		emit("readFlagDown", s)
	}
}

// nextServer: follow, lead, drainDry, armAndSleep, resign.
func (s state) nextServer(r rules, i int, emit func(string, state)) {
	me := s.servers[i]
	to := func(step string, at serverAt, change func(n *state, me *server)) {
		n := s
		n.servers[i].at = at
		if change != nil {
			change(&n, &n.servers[i])
		}
		emit(step, n)
	}
	if me.flight {
		to("deliver", me.at, func(_ *state, me *server) { me.flight, me.inbox = false, true })
	}
	if me.ghost {
		s.nextGhost(i, to)
		return
	}
	switch me.at {
	case sFollow:
		if s.holder == 0 {
			to("tryLead", sRepair, func(n *state, _ *server) { n.holder = i + 1 })
		}
		if r.foreignClear {
			to("strayClear", sFollow, func(n *state, _ *server) { n.left, n.flag = false, false })
		}
	case sRepair: // a leader that crashed may have left the flag up
		to("repairFlag", sListen, func(n *state, _ *server) { n.flag = false })
	case sListen:
		to("listen", sDrain, func(_ *state, me *server) { me.listening = !r.listenLate })
	case sDrain:
		switch {
		case s.left:
			to("drainSome", sDrain, func(n *state, _ *server) { n.left = false })
		case r.horizonFirst:
			to("drainNothing", sHorizon, nil)
		default:
			to("drainNothing", sBeginRaise, nil)
		}
	case sBeginRaise: // setval assigns its transaction an id before it writes
		to("beginRaise", sRaise, func(n *state, me *server) { me.raise = n.newXid() })
	case sRaise:
		to("raiseFlag", sCommitRaise, func(n *state, _ *server) { n.flag = n.flag || !r.tableFlag })
	case sCommitRaise:
		then := sHorizon
		if r.horizonFirst {
			then = sCheckHorizon
		}
		to("commitRaise", then, func(n *state, me *server) {
			n.flag = true
			n.complete(me.raise)
			me.raise = 0
		})
	case sHorizon:
		then := sCheckHorizon
		if r.horizonFirst {
			then = sBeginRaise
		}
		to("takeHorizon", then, func(n *state, me *server) {
			if r.xmaxHorizon {
				me.horizon = n.latest + 1 // every id above the youngest finished one
				return
			}
			me.horizon = n.newXid()
			n.complete(me.horizon)
		})
	case sCheckHorizon:
		s.checkHorizon(r, me, to)
	case sCheckPending:
		s.checkPending(r, me, to)
	case sAsleep:
		if r.listenLate && !me.listening {
			to("listen", sAsleep, func(_ *state, me *server) { me.listening = true })
		}
	case sLower:
		to("lowerFlag", sDrain, func(n *state, me *server) { n.flag, me.inbox, me.horizon = false, false, 0 })
	case sResign:
		if r.resignEarly {
			to("resignUnlock", sResigned, func(n *state, _ *server) { n.holder = 0 })
		} else {
			to("resignLower", sResigned, func(n *state, _ *server) { n.flag = false })
		}
	case sResigned:
		if r.resignEarly {
			to("resignLower", sFollow, func(n *state, me *server) { n.flag, *me = false, server{} })
		} else {
			to("resignUnlock", sFollow, func(n *state, me *server) { n.holder, *me = 0, server{} })
		}
	}
	if me.inbox && (me.at == sCheckHorizon || me.at == sAsleep) { // the two places where await is called
		to("wake", sLower, func(_ *state, me *server) { me.inbox = false })
	}
	if me.at == sDrain || me.at == sCheckHorizon || me.at == sAsleep { // ctx ends
		to("stop", sResign, nil)
	}
	if me.at == sCheckHorizon || me.at == sAsleep { // the notification queue is too full
		to("crowded", sLower, nil)
	}
	if s.crashes > 0 && me.at != sFollow {
		to("crash", me.at, func(n *state, me *server) { n.crashes, me.ghost = n.crashes-1, true })
	}
}

// nextGhost: the session of a server that has died. A statement that it has sent may still be executed; then the lock is
// freed and the server, or the one that is started in its place, follows.
func (s state) nextGhost(i int, to transition) {
	me := s.servers[i]
	switch me.at {
	case sBeginRaise, sRaise, sCommitRaise:
		to("lastStatement", sAsleep, func(n *state, me *server) {
			n.flag = true
			n.complete(me.raise)
			me.raise = 0
		})
	case sRepair, sLower, sResign:
		to("lastStatement", sAsleep, func(n *state, _ *server) { n.flag = false })
	}
	to("sessionEnds", sFollow, func(n *state, me *server) {
		if n.holder == i+1 {
			n.holder = 0
		}
		n.complete(me.raise)
		*me = server{}
	})
}

// crashDatabase ends every session and every open transaction. The flag was written without waiting for the disk: it may
// come back as it was before.
func (s state) crashDatabase(emit func(actor, string, state)) {
	n := state{left: s.left, crashes: s.crashes - 1, latest: s.latest}
	emit(database, "crashAndForgetFlag", n)
	n.flag = true
	emit(database, "crash", n)
}

// transition emits a step of one server.
type transition func(step string, at serverAt, change func(n *state, me *server))

func (s state) checkHorizon(r rules, me server, to transition) {
	passed := true
	for _, w := range s.writers {
		passed = passed && (w.xid == 0 || w.xid >= me.horizon)
	}
	switch {
	case !passed && !r.horizonUnchecked:
		to("checkHorizonNotYet", sCheckPending, func(_ *state, me *server) { me.looked = false })
	case r.drainFirst && me.looked:
		to("checkHorizonPassed", sAsleep, func(_ *state, me *server) { me.looked, me.horizon = false, 0 })
	default:
		to("checkHorizonPassed", sCheckPending, func(_ *state, me *server) { me.passed = !r.drainFirst })
	}
}

func (s state) checkPending(r rules, me server, to transition) {
	switch {
	case s.left:
		to("checkPendingFound", sLower, func(_ *state, me *server) { me.passed, me.looked = false, false })
	case me.passed:
		to("sleep", sAsleep, func(_ *state, me *server) { me.passed, me.horizon = false, 0 })
	default:
		to("checkPendingNone", sCheckHorizon, func(_ *state, me *server) { me.looked = r.drainFirst })
	}
}
