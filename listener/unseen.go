package listener

import (
	"errors"
	"strconv"
	"strings"
)

// mostHeard bounds how many transactions are remembered one by one.
const mostHeard = 4096

// unseen are transactions whose commit has been read in the WAL, or may have been written before anybody read, and which a
// snapshot may not show yet: a commit is in the WAL before it is visible, and with synchronous replication long before.
// Whoever drained too early must look again, or would wait for the next commit.
type unseen struct {
	xids map[uint32]struct{} // as pgoutput gives them, without their epoch
	// many: more than were remembered; a horizon taken now is younger than all of them.
	many bool
	// below: all that are older than this.
	below horizon
}

// add remembers a transaction.
func (u *unseen) add(xid uint32) {
	if len(u.xids) >= mostHeard {
		u.xids, u.many = nil, true
	}
	if u.many {
		return
	}
	if u.xids == nil {
		u.xids = map[uint32]struct{}{}
	}
	u.xids[xid] = struct{}{}
}

// merge takes over what v remembers.
func (u *unseen) merge(v unseen) {
	u.many, u.below = u.many || v.many, max(u.below, v.below)
	for xid := range v.xids {
		u.add(xid)
	}
}

// settle forgets the transactions that a snapshot shows, and reports whether none is left.
func (u *unseen) settle(s snapshot) bool {
	for xid := range u.xids {
		if s.shows(xid) {
			delete(u.xids, xid)
		}
	}
	return len(u.xids) == 0 && !u.many && s.xmin >= u.below
}

// snapshot is a pg_snapshot.
type snapshot struct {
	xmin, xmax horizon
	running    map[horizon]struct{}
}

// parseSnapshot reads xmin:xmax:xid,xid,…
func parseSnapshot(text string) (snapshot, error) {
	s := snapshot{running: map[horizon]struct{}{}}
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return s, errors.New("not a snapshot: " + strconv.Quote(text))
	}
	for i, list := range parts {
		for number := range strings.SplitSeq(list, ",") {
			if number == "" {
				continue
			}
			xid, err := strconv.ParseUint(number, 10, 64)
			if err != nil {
				return s, errors.New("not a snapshot: " + strconv.Quote(text))
			}
			switch i {
			case 0:
				s.xmin = horizon(xid)
			case 1:
				s.xmax = horizon(xid)
			default:
				s.running[horizon(xid)] = struct{}{}
			}
		}
	}
	return s, nil
}

// shows reports whether the snapshot sees a transaction as ended.
func (s snapshot) shows(xid uint32) bool {
	full := horizon(s.full(xid)) //nolint:gosec // an id
	_, runs := s.running[full]
	return full < s.xmax && !runs
}

// full is the transaction id with these 32 bits that is nearest to the snapshot.
func (s snapshot) full(xid uint32) int64 {
	return int64(s.xmax) + int64(int32(xid-uint32(s.xmax))) //nolint:gosec // the distance may be negative: that is the point
}
