package summary

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = NewInstant(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))

func second(seconds int) *Instant {
	i := epoch.Add(time.Duration(seconds) * time.Second)
	return &i
}

// liveRecord is what Fold needs to know of a source row.
type liveRecord struct{ bytes, at int }

// count is the recount that Fold must agree with: of the rows, not of deltas.
func count(stream string, rows []liveRecord) StreamSize {
	s := StreamSize{Stream: stream}
	for _, r := range rows {
		s.RecordCount++
		s.RecordBytes += int64(r.bytes)
		s.NewestAt = Later(s.NewestAt, second(r.at))
	}
	return s
}

// Any sequence of changes, summed as deltas in any order, folds into what a count of the rows gives; only the newest time may
// be left open, and only when the newest row went.
func TestFoldEqualsRecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []liveRecord
		row := rapid.Custom(func(t *rapid.T) liveRecord {
			return liveRecord{rapid.IntRange(0, 50).Draw(t, "bytes"), rapid.IntRange(0, 5).Draw(t, "at")}
		})
		rows = rapid.SliceOfN(row, 0, 5).Draw(t, "before")
		before := []StreamSize{count("s", rows)}
		if before[0].Empty() {
			before = nil
		}
		var deltas []Delta
		for range rapid.IntRange(0, 8).Draw(t, "changes") {
			if len(rows) == 0 || rapid.Bool().Draw(t, "insert") {
				r := row.Draw(t, "row")
				rows = append(rows, r)
				deltas = append(deltas, Delta{Records: 1, RecordBytes: int64(r.bytes), Gained: second(r.at)})
				continue
			}
			i := rapid.IntRange(0, len(rows)-1).Draw(t, "victim")
			r := rows[i]
			rows = slices.Delete(rows, i, i+1)
			deltas = append(deltas, Delta{Records: -1, RecordBytes: -int64(r.bytes), Lost: second(r.at)})
		}
		deltas = rapid.Permutation(deltas).Draw(t, "order")
		p := Pending{}
		stream := "s"
		for _, d := range deltas {
			p.Add(Mark{Component: Records, Stream: &stream, Delta: d, MarkedAt: second(0)})
		}
		got := Fold(before, p.Deltas)
		if got.Drifted {
			t.Fatalf("drifted: %+v", got)
		}
		want := []StreamSize{count("s", rows)}
		if want[0].Empty() {
			want = nil
		}
		if len(got.NewestUnknown) > 0 {
			if len(want) == 0 {
				t.Fatal("the newest time of nothing is left open")
			}
			got.Streams[0].NewestAt = want[0].NewestAt
		}
		if text(got.Streams) != text(want) {
			t.Fatalf("folded %s, counted %s", text(got.Streams), text(want))
		}
	})
}

func text(streams []StreamSize) string {
	var e encoder
	return e.text(nonNil(streams))
}

func TestFoldKnowsNewestWhereItCan(t *testing.T) {
	before := []StreamSize{{Stream: "s", RecordCount: 2, RecordBytes: 2, NewestAt: second(10)}}
	for _, c := range []struct {
		name    string
		delta   Delta
		want    *Instant
		unknown bool
	}{
		{"insert older", Delta{Records: 1, RecordBytes: 1, Gained: second(5)}, second(10), false},
		{"insert newer", Delta{Records: 1, RecordBytes: 1, Gained: second(11)}, second(11), false},
		{"delete older", Delta{Records: -1, RecordBytes: -1, Lost: second(9)}, second(10), false},
		{"delete newest", Delta{Records: -1, RecordBytes: -1, Lost: second(10)}, second(10), true},
		{"move newest on", Delta{Gained: second(12), Lost: second(10)}, second(12), false},
		{"gain and lose the newest", Delta{Gained: second(12), Lost: second(12)}, second(12), true},
		{"delete all", Delta{Records: -2, RecordBytes: -2, Lost: second(10)}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Fold(before, map[string]Delta{"s": c.delta})
			if (len(got.NewestUnknown) > 0) != c.unknown {
				t.Errorf("left open: %v, want %v", got.NewestUnknown, c.unknown)
			}
			var newest *Instant
			if len(got.Streams) > 0 {
				newest = got.Streams[0].NewestAt
			}
			if !c.unknown && !same(newest, c.want) {
				t.Errorf("newest %v, want %v", newest, c.want)
			}
		})
	}
}

func TestFoldFindsTheImpossible(t *testing.T) {
	before := []StreamSize{{Stream: "s", RecordCount: 1, RecordBytes: 10, NewestAt: second(1)}}
	for _, d := range []Delta{
		{Records: -2}, {RecordBytes: -11}, {Records: -1}, {Blobs: -1}, {Changes: 1<<63 - 1, RecordBytes: 1<<63 - 1},
	} {
		if got := Fold(before, map[string]Delta{"s": d}); !got.Drifted {
			t.Errorf("%+v folded into %+v", d, got.Streams)
		}
	}
}

func TestPendingAsksForWhatMarksSay(t *testing.T) {
	stream := "s"
	for _, c := range []struct {
		mark Mark
		want string
	}{
		{Mark{Component: Records, Stream: &stream}, "[] false"},
		{Mark{Component: RetainedBytes, Stream: &stream}, "[] false"},
		{Mark{Component: Records, Recount: true}, "[records retained_bytes] true"},
		{Mark{Component: Records, Recount: true, Stream: &stream}, "[records retained_bytes] false"},
		{Mark{Component: RetainedBytes, Recount: true}, "[retained_bytes] true"},
		{Mark{Component: Identity, Recount: true}, "[identity runs] false"},
		{Mark{Component: Gaps, Recount: true}, "[gaps] false"},
		{Mark{Component: All, Recount: true}, fmt.Sprint(EvidenceComponents) + " true"},
	} {
		p := Pending{}
		p.Add(c.mark)
		if got := fmt.Sprint(p.Recount.Sorted(), p.AllStreams); got != c.want {
			t.Errorf("%+v asks for %s, want %s", c.mark, got, c.want)
		}
	}
}

// Sums that do not fit 64 bits say nothing: the stream is recounted.
func TestFoldAsksForARecountWhereSumsOverflow(t *testing.T) {
	stream := "s"
	for _, d := range []Delta{{Records: 1<<62 + 1}, {RecordBytes: -1<<62 - 1}, {BlobBytes: 1 << 62}} {
		p := Pending{}
		p.Add(Mark{Component: Records, Stream: &stream, Delta: d, MarkedAt: second(0)})
		if len(p.Recount) > 0 {
			t.Fatalf("%+v alone asks for %v", d, p.Recount.Sorted())
		}
		p.Add(Mark{Component: Records, Stream: &stream, Delta: d, MarkedAt: second(0)})
		if !p.Recount[Records] || !p.Streams[stream] {
			t.Errorf("twice %+v asks for %v of %v, want a recount of the stream", d, p.Recount.Sorted(), p.Streams)
		}
		if since := p.Asked[Records]; since != *second(0) {
			t.Errorf("asked for since %v", since)
		}
	}
}

// What is parked says the same as what was taken.
func TestPendingMarksRoundTrip(t *testing.T) {
	stream := "s"
	p := Pending{}
	p.Add(Mark{Component: Records, Stream: &stream, Delta: Delta{Records: 2, RecordBytes: 7, Gained: second(3)}, MarkedAt: second(2)})
	p.Add(Mark{Component: RetainedBytes, Stream: &stream, Delta: Delta{Blobs: 1, BlobBytes: 9}, MarkedAt: second(1)})
	p.Add(Mark{Component: Gaps, Recount: true, MarkedAt: second(4)})
	var again Pending
	for _, m := range p.Marks() {
		again.Add(m)
	}
	if fmt.Sprint(again.Deltas["s"].Records, again.Deltas["s"].BlobBytes, again.Recount.Sorted(), again.Since) !=
		fmt.Sprint(int64(2), int64(9), []Component{Gaps}, second(1)) || !again.Parked {
		t.Errorf("parked and taken again: %+v", again)
	}
}
