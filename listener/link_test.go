package listener

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

func TestLinkFailsFast(t *testing.T) {
	err := link[int]{open: func(context.Context) (int, error) { return 0, errTest }}.run(t.Context())
	if !errors.Is(err, errTest) {
		t.Errorf("the first failure is %v", err)
	}
}

// A first failure that can be borne is reported, and another attempt made; one that cannot is the end.
func TestLinkBearsAFirstFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var events []string
	opened := 0
	err := link[int]{
		open: func(context.Context) (int, error) {
			if opened++; opened < 3 {
				return 0, errTest
			}
			return opened, nil
		},
		serve:  func(ctx context.Context, _ int) error { cancel(); return ctx.Err() },
		failed: func(_ context.Context, err error) { events = append(events, err.Error()) },
		bear:   func(err error) bool { return errors.Is(err, errTest) },
		now:    time.Now, jitter: func() float64 { return 0 },
	}.run(ctx)
	if err != nil || opened != 3 || len(events) != 2 {
		t.Errorf("%v after %d attempts, %q", err, opened, events)
	}
}

func TestLinkReportsAndGoesOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var events []string
	opened := 0
	err := link[int]{
		open: func(context.Context) (int, error) {
			if opened++; opened == 2 {
				return 0, errTest
			}
			return opened, nil
		},
		serve: func(ctx context.Context, n int) error {
			switch n {
			case 1:
				events = append(events, "served")
				return errTest
			case 3:
				events = append(events, "served again")
				return errSurveyAgain
			}
			events = append(events, "stopped")
			cancel()
			return ctx.Err()
		},
		lost:   func(error) { events = append(events, "lost") },
		failed: func(context.Context, error) { events = append(events, "failed") },
		now:    time.Now, jitter: func() float64 { return 0 },
	}.run(ctx)
	if want := []string{"served", "lost", "failed", "served again", "stopped"}; err != nil || !slices.Equal(events, want) {
		t.Errorf("%v, %v; want %v", events, err, want)
	}
}

func TestLinkEndsWhileItWaits(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	opened := 0
	err := link[int]{
		open: func(context.Context) (int, error) {
			if opened++; opened > 1 {
				return 0, errTest
			}
			return 1, nil
		},
		serve:  func(context.Context, int) error { return errTest },
		lost:   func(error) {},
		failed: func(context.Context, error) { cancel() },
		now:    time.Now, jitter: func() float64 { return 0 },
	}.run(ctx)
	if err != nil || opened != 2 {
		t.Errorf("opened %d times: %v", opened, err)
	}
}

func TestDoublingStopsAtItsLimitAndStartsAnew(t *testing.T) {
	d := doubling{from: 1, to: 5}
	var got []time.Duration
	for range 5 {
		got = append(got, d.step())
	}
	d.reset()
	got = append(got, d.step())
	if want := []time.Duration{1, 2, 4, 5, 5, 1}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
