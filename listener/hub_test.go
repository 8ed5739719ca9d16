package listener

import (
	"slices"
	"sync"
	"testing"
)

// receive takes what is queued for a subscriber.
func receive(s *Subscription) []Event {
	var events []Event
	for {
		select {
		case e, open := <-s.Events():
			if !open {
				return events
			}
			events = append(events, e)
		default:
			return events
		}
	}
}

func versions(events []Event) []int64 {
	var out []int64
	for _, e := range events {
		if e.Resync != "" {
			out = append(out, -1)
			continue
		}
		out = append(out, e.Change.Version)
	}
	return out
}

func TestHubTellsEverySubscriberInOrder(t *testing.T) {
	h := NewHub(8)
	first := h.Subscribe()
	h.Publish(Change{Version: 1, IDs: []string{"a"}})
	second := h.Subscribe()
	h.Publish(Change{Version: 2})
	h.Resync(ResyncConnected)
	if got, want := versions(receive(first)), []int64{1, 2, -1}; !slices.Equal(got, want) {
		t.Errorf("the first received %v, want %v", got, want)
	}
	if got, want := versions(receive(second)), []int64{2, -1}; !slices.Equal(got, want) {
		t.Errorf("the second received %v, want %v", got, want)
	}
	first.Close()
	first.Close()
	h.Publish(Change{Version: 3})
	if _, open := <-first.Events(); open {
		t.Error("a closed subscription receives")
	}
	if got, want := h.Stats(), (HubStats{Subscribers: 1, Changes: 3, Resyncs: 1}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	second.Close()
}

func TestSlowSubscriberIsToldToReadAnew(t *testing.T) {
	h := NewHub(3)
	slow, quick := h.Subscribe(), h.Subscribe()
	defer slow.Close()
	defer quick.Close()
	var heard []int64
	for v := int64(1); v <= 5; v++ {
		h.Publish(Change{Version: v})
		heard = append(heard, versions(receive(quick))...)
	}
	events := receive(slow)
	if got, want := versions(events), []int64{1, 2, 3, -1}; !slices.Equal(got, want) {
		t.Errorf("the slow one received %v, want %v", got, want)
	}
	if why := events[3].Resync; why != ResyncOverflow {
		t.Errorf("because of %q", why)
	}
	h.Publish(Change{Version: 6})
	if got, want := versions(receive(slow)), []int64{6}; !slices.Equal(got, want) {
		t.Errorf("once it has caught up it receives %v, want %v", got, want)
	}
	if want := []int64{1, 2, 3, 4, 5}; !slices.Equal(heard, want) {
		t.Errorf("the quick one received %v, want %v", heard, want)
	}
	if got := h.Stats().Overflows; got != 1 {
		t.Errorf("%d overflows", got)
	}
}

func TestHubOfTheSmallestBuffer(t *testing.T) {
	h := NewHub(1)
	s := h.Subscribe()
	defer s.Close()
	for v := int64(1); v <= 3; v++ {
		h.Publish(Change{Version: v})
	}
	if got, want := versions(receive(s)), []int64{1, -1}; !slices.Equal(got, want) {
		t.Errorf("received %v, want %v", got, want)
	}
}

// Whatever the interleaving, a subscriber hears versions in order, and is told before it hears of one after a gap.
func TestHubUnderConcurrency(t *testing.T) {
	const published = 5000
	h := NewHub(16)
	var readers sync.WaitGroup
	for range 8 {
		s := h.Subscribe()
		readers.Go(func() {
			defer s.Close()
			last, told := int64(0), false
			for e := range s.Events() {
				v := e.Change.Version
				if e.Resync == "" && (v <= last || v > last+1 && !told) {
					t.Errorf("heard %d after %d", v, last)
				}
				if told = e.Resync != ""; !told {
					last = v
				}
				if last >= published {
					return
				}
			}
		})
	}
	for v := int64(1); v <= published || h.Stats().Subscribers > 0; v++ { // the last ones may be among those dropped
		h.Publish(Change{Version: v})
		if v%100 == 0 {
			h.Subscribe().Close()
		}
	}
	readers.Wait()
}
