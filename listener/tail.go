package listener

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
)

const (
	// tailName is how the leader's replication connection shows in pg_stat_activity and pg_stat_replication.
	tailName = "tidemark wal"
	// pendingAfter is how long the slot may take to be made before status says that it is waited for.
	pendingAfter = 100 * time.Millisecond
)

// tail follows the marks in the WAL, beside the leader's own connection, and says when a transaction has committed some. It
// reads on while the leader drains, and keeps nothing but who committed.
type tail struct {
	connect *pgx.ConnConfig
	failed  func(error) // told of the end of a stream, or of one that could not be had
	now     func() time.Time
	jitter  func() float64
	// wake yields when there is news: a commit, or the state has changed. Its buffer of one loses nothing.
	wake chan struct{}

	mu    sync.Mutex
	state tailState
	heard unseen
}

// tailState says whether commits are heard of.
type tailState struct {
	live  bool
	times int64  // how often it has become live
	why   Reason // where it is not
}

func newTail(cfg Config, failed func(error)) *tail {
	return &tail{
		connect: cfg.Connect, failed: failed, now: cfg.Now, jitter: cfg.Jitter, wake: make(chan struct{}, 1),
		state: tailState{why: ReasonSlotPending},
	}
}

// run follows until ctx ends. What fails is told and tried again, later and later.
func (t *tail) run(ctx context.Context) {
	wait := doubling{from: reconnectFrom, to: reconnectTo}
	for {
		since := t.now()
		err := t.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		t.become(false, ReasonSlotUnavailable)
		t.failed(err)
		if t.now().Sub(since) >= healthyAfter {
			wait.reset()
		}
		if sleep(ctx, spread(wait.step(), t.jitter)) != nil {
			return
		}
	}
}

// follow makes a slot and reads until it ends.
func (t *tail) follow(ctx context.Context) error {
	s, err := dialStream(ctx, t.connect, tailName)
	if err != nil {
		return err
	}
	defer s.close()
	waits := time.AfterFunc(pendingAfter, func() { t.become(false, ReasonSlotPending) })
	err = s.createSlot(ctx)
	waits.Stop()
	if err != nil {
		return err
	}
	if err := s.begin(ctx, marksPublication); err != nil {
		return err
	}
	t.become(true, "")
	return t.read(ctx, s)
}

// read takes note of every transaction that left marks. All of the stream is confirmed as it is read: what this process
// does not drain any more, the next finds in the table.
func (t *tail) read(ctx context.Context, s *stream) error {
	var xid uint32
	all := func(received pglogrepl.LSN) pglogrepl.LSN { return received }
	for {
		data, err := s.next(ctx, all)
		if err != nil {
			return err
		}
		switch pglogrepl.MessageType(data[0]) {
		case pglogrepl.MessageTypeBegin:
			var begin pglogrepl.BeginMessage
			if err := begin.Decode(data[1:]); err != nil {
				return err
			}
			xid = begin.Xid
		case pglogrepl.MessageTypeCommit:
			t.committed(xid)
		}
	}
}

func (t *tail) committed(xid uint32) {
	t.mu.Lock()
	t.heard.add(xid)
	t.mu.Unlock()
	t.ring()
}

func (t *tail) become(live bool, why Reason) {
	t.mu.Lock()
	changed := t.state.live != live || t.state.why != why
	if t.state.live, t.state.why = live, why; live && changed {
		t.state.times++
	}
	t.mu.Unlock()
	if changed {
		t.ring()
	}
}

func (t *tail) ring() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *tail) status() tailState {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}

// take hands over who has committed until now, and with it the news that wake may still hold.
func (t *tail) take() unseen {
	select {
	case <-t.wake: // before the handing over: who commits after it rings again
	default:
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	heard := t.heard
	t.heard = unseen{}
	return heard
}
