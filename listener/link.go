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
	now    func() time.Time
	jitter func() float64
}

// run returns the error of the first attempt to open a session, or nil when ctx ends.
func (l link[S]) run(ctx context.Context) error {
	session, err := l.open(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	wait := doubling{from: reconnectFrom, to: reconnectTo}
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
		for {
			if sleep(ctx, spread(wait.step(), l.jitter)) != nil {
				return nil
			}
			if session, err = l.open(ctx); err == nil {
				break
			}
			if ctx.Err() != nil {
				return nil
			}
			l.failed(ctx, err)
		}
	}
}
