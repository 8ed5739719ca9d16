package listener

// The wake-up protocol, explored exhaustively: every interleaving of three writers, two servers and one crash. A step of
// a leader has the name of the method that does it (session.go, notify.go). What a step may rely on is PostgreSQL's:
//
//   - a sequence's value is visible the moment setval wrote it, to every snapshot;
//   - LISTEN counts from its commit; a NOTIFY reaches a listening session when its transaction commits, or later;
//   - a commit becomes visible, and its transaction id stops being in progress, at one moment;
//   - a session's lock ends with the session, after its last statement.
//
// There is no safety poll in the model: NOTIFY alone must do.

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	writers = 3
	servers = 2
	crashes = 1
)

// openAtOnce is all writers, or one less where time is short or the race detector makes it so.
func openAtOnce() int {
	if testing.Short() || raceDetector {
		return writers - 1
	}
	return writers
}

// rules are the protocol, or one way to get it wrong.
type rules struct {
	writers int // transactions that may be open at once

	xmaxHorizon      bool // the horizon is pg_snapshot_xmax
	horizonFirst     bool // the horizon is taken before the flag is raised
	tableFlag        bool // the flag is a row of a table, and writers are REPEATABLE READ
	listenLate       bool // LISTEN after arming
	drainFirst       bool // the last look for marks comes before the look at the horizon
	foreignClear     bool // a server that drains without leading clears the flag, too
	resignEarly      bool // a leader that stops frees the lock before it clears the flag
	flagBeforeMark   bool // a writer reads the flag before it inserts its mark
	horizonUnchecked bool // the leader sleeps without waiting for the horizon
}

// verdict is what an exploration found.
type verdict struct {
	states int
	steps  map[string]bool // the steps that were ever taken
	// lost is the shortest way to a committed mark with every process blocked forever; empty if there is none.
	lost []string
	// stranded is the shortest way to a committed mark while the leader sleeps and no NOTIFY is under way, although a
	// transaction that is still open might yet send one.
	stranded []string
}

// explore visits every state that can be reached, breadth first; if stopWhenLost, up to the first lost wake-up.
func explore(r rules, stopWhenLost bool) verdict {
	type seen struct {
		from int32
		who  actor
		step string
	}
	first := initial()
	index := map[key]int32{first.key(): 0}
	queue := []state{first}
	trail := []seen{{from: -1}}
	v := verdict{steps: map[string]bool{}}
	path := func(i int32) []string {
		var steps []string
		for ; trail[i].from >= 0; i = trail[i].from {
			steps = append(steps, fmt.Sprintf("%s %d: %s", trail[i].who.kind, trail[i].who.number, trail[i].step))
		}
		slices.Reverse(steps)
		return steps
	}
	for at := int32(0); int(at) < len(queue); at++ {
		current := queue[at]
		if v.stranded == nil && current.stranded() {
			v.stranded = path(at)
		}
		if v.lost == nil && current.lost() {
			v.lost = path(at)
			if stopWhenLost {
				break
			}
		}
		current.next(r, func(who actor, step string, s state) {
			v.steps[step] = true
			s.normalize(r)
			k := s.key()
			if _, known := index[k]; !known {
				index[k] = int32(len(queue))
				queue = append(queue, s)
				trail = append(trail, seen{from: at, who: who, step: step})
			}
		})
	}
	v.states = len(queue)
	return v
}

// TestModelLosesNoWakeUp is the proof, for this many processes.
func TestModelLosesNoWakeUp(t *testing.T) {
	v := explore(rules{writers: openAtOnce()}, false)
	t.Logf("%d states", v.states)
	if v.lost != nil {
		t.Errorf("a wake-up is lost:\n%s", list(v.lost))
	}
	if v.stranded != nil {
		t.Errorf("a mark waits for a NOTIFY that is not under way:\n%s", list(v.stranded))
	}
	// A protocol that never sleeps loses nothing either.
	for _, step := range []string{
		"begin", "writeElsewhere", "insertMark", "readFlagDown", "readFlagUp", "nextStatement", "savepoint",
		"rollBackToSavepoint", "commit", "abort", "commitAndNotify", "deliver", "tryLead", "listen", "repairFlag",
		"drainSome", "drainNothing", "beginRaise", "raiseFlag", "commitRaise", "takeHorizon", "checkHorizonPassed",
		"checkHorizonNotYet", "checkPendingFound", "checkPendingNone", "sleep", "wake", "crowded", "lowerFlag", "stop",
		"resignLower", "resignUnlock", "crash", "lastStatement", "sessionEnds", "crashAndForgetFlag", "strayDrain",
	} {
		if !v.steps[step] {
			t.Errorf("step %s was never taken", step)
		}
	}
}

// TestModelFindsWhatIsWrong keeps the model honest: each rule is there because without it a wake-up is lost.
func TestModelFindsWhatIsWrong(t *testing.T) {
	for name, r := range map[string]rules{
		"horizon from pg_snapshot_xmax":          {xmaxHorizon: true},
		"horizon taken before the flag":          {horizonFirst: true},
		"table flag under REPEATABLE READ":       {tableFlag: true},
		"LISTEN after arming":                    {listenLate: true},
		"drain before the horizon check":         {drainFirst: true},
		"clear by someone who is not the leader": {foreignClear: true},
		"clear by a leader that has resigned":    {resignEarly: true},
		"writer reads the flag before it marks":  {flagBeforeMark: true},
		"sleep without a look at the horizon":    {horizonUnchecked: true},
	} {
		t.Run(name, func(t *testing.T) {
			r.writers = openAtOnce()
			v := explore(r, true)
			if v.lost == nil {
				t.Errorf("no lost wake-up in %d states", v.states)
			}
			t.Logf("%d states until:\n%s", v.states, list(v.lost))
		})
	}
}

func list(steps []string) string {
	var b strings.Builder
	for i, step := range steps {
		fmt.Fprintf(&b, "%3d %s\n", i+1, step)
	}
	return b.String()
}
