package listener

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"tidemark/drain"
)

// scripted is a drainer that does what it is told, one answer per drain; then it finds nothing.
type scripted struct {
	answers []answer
	drains  int
	pending func() (bool, error)
}

type answer struct {
	result drain.Result
	err    error
}

func found(marks int64) answer { return answer{result: drain.Result{Marks: marks}} }

func (s *scripted) Drain(ctx context.Context) (drain.Result, error) {
	s.drains++
	if len(s.answers) == 0 {
		return drain.Result{}, ctx.Err()
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	return next.result, next.err
}

func (s *scripted) Pending(context.Context) (bool, error) {
	if s.pending == nil {
		return false, nil
	}
	return s.pending()
}

// paced is ground that records the pauses and does not wait.
type paced struct {
	solid
	pauses []time.Duration
}

func (p *paced) pause(ctx context.Context, d time.Duration) error {
	p.pauses = append(p.pauses, d)
	return ctx.Err()
}

func newTestWorker(d Drainer) *worker {
	return newWorker(d, slog.New(slog.DiscardHandler), time.Now, func() float64 { return 1 })
}

func milliseconds(n ...int) []time.Duration {
	var out []time.Duration
	for _, n := range n {
		out = append(out, time.Duration(n)*time.Millisecond)
	}
	return out
}

func TestBusyDrainsAreModerated(t *testing.T) {
	s := &scripted{answers: slices.Repeat([]answer{found(1)}, 9)}
	w, g := newTestWorker(s), &paced{}
	for range 2 { // the second finds nothing, and so begins anew
		if err := w.drainDry(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	if want := milliseconds(1, 2, 4, 8, 16, 32, 64, 80, 80); !slices.Equal(g.pauses, want) {
		t.Errorf("pauses %v, want %v", g.pauses, want)
	}
	s.answers = []answer{found(1), found(1)}
	g.pauses = nil
	if err := w.drainDry(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if want := milliseconds(1, 2); !slices.Equal(g.pauses, want) {
		t.Errorf("after an empty drain: pauses %v, want %v", g.pauses, want)
	}
	if st := w.snapshot(); st.Drains != 14 || st.Marks != 11 {
		t.Errorf("%d drains, %d marks", st.Drains, st.Marks)
	}
}

func TestBoundedDrainsAreNotModerated(t *testing.T) {
	more := answer{result: drain.Result{Marks: 1000, More: true}}
	g := &paced{}
	w := newTestWorker(&scripted{answers: []answer{more, more, more, found(7)}})
	if err := w.drainDry(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if want := milliseconds(1); !slices.Equal(g.pauses, want) {
		t.Errorf("pauses %v, want %v", g.pauses, want)
	}
	last := w.snapshot().LastResult
	if last == nil || last.Marks != 7 || last.More {
		t.Errorf("the last result is %+v", last)
	}
}

// A drain that takes nothing but says that there is more must not spin.
func TestDrainWithoutProgressIsModerated(t *testing.T) {
	stuck := answer{result: drain.Result{More: true}}
	g := &paced{}
	if err := newTestWorker(&scripted{answers: []answer{stuck, stuck}}).drainDry(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if want := milliseconds(1, 2); !slices.Equal(g.pauses, want) {
		t.Errorf("pauses %v, want %v", g.pauses, want)
	}
}

func TestFailingDrainsBackOff(t *testing.T) {
	s := &scripted{answers: slices.Repeat([]answer{{err: errTest}}, 8)}
	w, g := newTestWorker(s), &paced{}
	if err := w.drainDry(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if want := milliseconds(100, 200, 400, 800, 1600, 3200, 5000, 5000); !slices.Equal(g.pauses, want) {
		t.Errorf("pauses %v, want %v", g.pauses, want)
	}
	st := w.snapshot()
	if st.Failing != 0 || st.Drains != 1 || st.LastError == nil || st.LastError.Code != FaultDrain || st.LastError.Message != errTest.Error() {
		t.Errorf("status %+v, last error %+v", st, st.LastError)
	}
	s.answers, g.pauses = []answer{{err: errTest}}, nil
	if err := w.drainDry(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if want := milliseconds(100); !slices.Equal(g.pauses, want) {
		t.Errorf("after a success: pauses %v, want %v", g.pauses, want)
	}
}

func TestPendingThatFailsIsWorthADrain(t *testing.T) {
	s := &scripted{pending: func() (bool, error) { return false, errTest }}
	w := newTestWorker(s)
	if !w.checkPending(t.Context()) {
		t.Error("nobody knows whether there are marks, and none are looked for")
	}
	if f := w.snapshot().LastError; f == nil || f.Code != FaultPending {
		t.Errorf("last error %+v", f)
	}
}

func TestSpreadStaysInRange(t *testing.T) {
	for _, r := range []float64{0, 0.5, 0.999} {
		if got := spread(time.Second, func() float64 { return r }); got < time.Second/2 || got > time.Second {
			t.Errorf("jitter %v gives %v", r, got)
		}
	}
}
