package server

import (
	"strconv"

	"tidemark/summary"
)

// maxQueued is how many events a client may be behind before it is told to read anew.
const maxQueued = 512

// noteKind is the kind of a note.
type noteKind uint8

const (
	noteEvidence noteKind = iota
	noteManifest
	noteTime
	noteDeleted
)

var noteKinds = map[summary.EventKind]noteKind{
	summary.EventEvidence: noteEvidence, summary.EventManifest: noteManifest, summary.EventDeleted: noteDeleted,
}

// note is one event on its way to a client.
type note struct {
	connection string
	version    int64
	kind       noteKind
}

// resync tells a client to read anew: events were lost, or cannot be told.
type resync string

// Why a client has to read anew: a closed set.
const (
	resyncTooOld    resync = "too_old"    // what its last event's successors deleted may be forgotten
	resyncUnknownID resync = "unknown_id" // its last event is none of this database
	resyncTooMany   resync = "too_many"   // too much has changed
	resyncOverflow  resync = "overflow"   // it was too slow
	resyncRestarted resync = "restarted"  // the database was, or another took its place
	resyncCapture   resync = "capture"    // whether capture is trusted has changed, and with it every summary
)

// stream is one client that listens. All fields but the channels are guarded by the feed's lock.
type stream struct {
	owner  string
	token  string // its id
	ready  bool   // it has a place in the order of versions
	began  int64  // its first place
	seen   int64  // everything up to this version is queued or told
	queue  []note
	resync resync // to be told before the queue; empty if there is nothing
	lost   int64  // the version up to which the resync makes up for everything
	from   origin // of what was told last
	wake   chan struct{}
}

// origin is what gave versions their meaning: where it is another one, what was told before may not hold.
type origin struct {
	server  string
	capture summary.Instant
}

func originOf(e summary.Events) origin { return origin{e.Server, e.Capture} }

func newStream(owner, token string) *stream {
	return &stream{owner: owner, token: token, wake: make(chan struct{}, 1)}
}

// offer queues notes; too many are one resync.
func (s *stream) offer(notes ...note) {
	if len(notes) == 0 || s.resync == resyncOverflow {
		return
	}
	if len(s.queue)+len(notes) > maxQueued {
		s.lose(resyncOverflow, 0)
		return
	}
	s.queue = append(s.queue, notes...)
	s.rouse()
}

// lose makes the client read anew; what was queued before is part of that.
func (s *stream) lose(why resync, version int64) {
	s.queue, s.resync, s.lost = nil, why, version
	s.rouse()
}

func (s *stream) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// appendNotes writes notes as server-sent events. An event's id is the version up to which the client has been told
// everything: notes of one version belong together, and only the last carries it. Time has no version.
func appendNotes(b []byte, notes []note) []byte {
	for i, n := range notes {
		if n.kind != noteTime && (i+1 == len(notes) || notes[i+1].version != n.version || notes[i+1].kind == noteTime) {
			b = appendID(b, n.version)
		}
		name, reason := "summary.changed", `,"reason":"evidence"`
		switch n.kind {
		case noteManifest:
			reason = `,"reason":"manifest"`
		case noteTime:
			reason = `,"reason":"time"`
		case noteDeleted:
			name, reason = "summary.deleted", ""
		}
		b = append(append(append(b, "event: "...), name...), "\ndata: {\"connection_id\":"...)
		b = appendQuoted(b, n.connection)
		b = strconv.AppendInt(append(b, `,"version":`...), n.version, 10)
		b = append(append(b, reason...), "}\n\n"...)
	}
	return b
}

func appendID(b []byte, version int64) []byte {
	return append(strconv.AppendInt(append(b, "id: "...), version, 10), '\n')
}

// appendResync writes the order to read anew; what is told from version on is not part of that.
func appendResync(b []byte, why resync, version int64) []byte {
	b = append(appendID(b, version), "event: resync\ndata: {\"reason\":"...)
	return append(appendQuoted(b, string(why)), "}\n\n"...)
}

// appendQuoted appends text as a JSON string, on one line.
func appendQuoted(b []byte, text string) []byte {
	quoted, err := marshal(text)
	if err != nil {
		quoted = []byte(`""` + "\n") // a string cannot fail
	}
	return append(b, quoted[:len(quoted)-1]...)
}
