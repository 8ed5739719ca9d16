package listener

import (
	"context"
	"errors"
	"time"
)

// link keeps a session with the server: it opens one, has it served until it ends, and opens the next.
type link[S any] struct {
	open func(context.Context) (S, error)
	// serve uses the session and closes it. It returns why it ended.
	serve func(context.Context, S) error
	// lost is told of a session that ended for err, failed of an attempt to open one.
	lost   func(err error)
	failed func(ctx context.Context, err error)
	// bear reports whether even the first attempt may fail for err and be followed by another; nil: it may not.
	bear   func(err error) bool
	now    func() time.Time
	jitter func() float64
}

// run returns the error of the first attempt to open a session, unless it can be borne, or nil when ctx ends.
func (l link[S]) run(ctx context.Context) error {
	wait := doubling{from: reconnectFrom, to: reconnectTo}
	session, err := l.open(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		if l.bear == nil || !l.bear(err) {
			return err
		}
		l.failed(ctx, err)
		if session, err = l.reopen(ctx, &wait); err != nil {
			return nil
		}
	}
	for {
		since := l.now()
		err := l.serve(ctx, session)
		if ctx.Err() != nil {
			return nil
		}
		if l.now().Sub(since) >= healthyAfter {
			wait.reset()
		}
		if !errors.Is(err, errSurveyAgain) {
			l.lost(err)
		}
		if session, err = l.reopen(ctx, &wait); err != nil {
			return nil
		}
	}
}

// reopen tries until it has a session. The error is that of ctx.
func (l link[S]) reopen(ctx context.Context, wait *doubling) (session S, err error) {
	for {
		if err := sleep(ctx, spread(wait.step(), l.jitter)); err != nil {
			return session, err
		}
		session, err = l.open(ctx)
		if err == nil || ctx.Err() != nil {
			return session, err
		}
		l.failed(ctx, err)
	}
}
