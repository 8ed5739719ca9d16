package summary

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPagesOfStreams: page after page tells every stream once, alike in all that is told per stream, though one goes away between
// two pages.
func TestPagesOfStreams(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stored []string
		for i := range rapid.IntRange(0, 12).Draw(t, "stored") {
			stored = append(stored, fmt.Sprintf("s%02d", 2*i))
		}
		read := func() Summary {
			return Synthesize(observed(func(o *Observation) {
				for _, name := range stored {
					o.Streams = append(o.Streams, StreamSize{Stream: name, RecordCount: 1})
				}
			}), noon, true)
		}
		first := read()
		limit := rapid.IntRange(1, len(first.Streams)+1).Draw(t, "limit")
		var told, gone []string
		var after *StreamPosition
		for pages := 0; ; pages++ {
			if pages > len(first.Streams) {
				t.Fatalf("page after page, without an end: %v", told)
			}
			s := read()
			whole := s.Streams
			after = s.PageStreams(after, limit)
			if len(s.Streams) > limit || after != nil && len(s.Streams) != limit || s.StreamCount != len(whole) {
				t.Fatalf("%d streams on a page of %d, of %d", len(s.Streams), limit, s.StreamCount)
			}
			for i, name := range s.Streams {
				if s.StreamRecords[i].Stream != name || s.CollectionReport[i].Stream != name || s.Verdict.Streams[i].StreamID != name {
					t.Fatalf("place %d tells of several streams: %+v", i, s)
				}
			}
			told = append(told, s.Streams...)
			if after == nil {
				break
			}
			if len(stored) > 0 && rapid.Bool().Draw(t, "one goes") {
				i := rapid.IntRange(0, len(stored)-1).Draw(t, "which")
				gone, stored = append(gone, stored[i]), slices.Delete(stored, i, i+1)
			}
		}
		for _, name := range first.Streams {
			n := len(slices.DeleteFunc(slices.Clone(told), func(s string) bool { return s != name }))
			if n > 1 || n == 0 && !slices.Contains(gone, name) {
				t.Fatalf("%s was told %d times in pages of %d: %v; gone: %v", name, n, limit, told, gone)
			}
		}
	})
}
