package summary

import (
	"cmp"
	"slices"
)

// StreamSize is one row of retained_size_stream: what one stream of one connection retains. Bytes are octets.
type StreamSize struct {
	Stream      string   `json:"stream"`
	RecordCount int64    `json:"record_count"` // live
	RecordBytes int64    `json:"record_bytes"`
	ChangeCount int64    `json:"change_count"` // record_changes
	ChangeBytes int64    `json:"change_bytes"`
	BlobCount   int64    `json:"blob_count"`
	BlobBytes   int64    `json:"blob_bytes"`
	NewestAt    *Instant `json:"newest_emitted_at"` // newest live emitted_at
}

// Empty reports whether nothing is retained; such a stream has no row.
func (s StreamSize) Empty() bool {
	return s.RecordCount == 0 && s.RecordBytes == 0 && s.ChangeCount == 0 && s.ChangeBytes == 0 && s.BlobCount == 0 && s.BlobBytes == 0
}

// impossible reports whether no source rows could give this.
func (s StreamSize) impossible() bool {
	return min(s.RecordCount, s.RecordBytes, s.ChangeCount, s.ChangeBytes, s.BlobCount, s.BlobBytes) < 0 ||
		s.RecordCount == 0 && s.RecordBytes != 0 || s.ChangeCount == 0 && s.ChangeBytes != 0 || s.BlobCount == 0 && s.BlobBytes != 0
}

// SortStreams orders streams by the bytes of their name, the order in which both engines keep them.
func SortStreams(streams []StreamSize) {
	slices.SortFunc(streams, func(a, b StreamSize) int { return cmp.Compare(a.Stream, b.Stream) })
}

// Folded is the outcome of Fold.
type Folded struct {
	// Streams that retain something, sorted by name.
	Streams []StreamSize
	// NewestUnknown names the streams whose NewestAt deltas cannot give: the newest live record went. Counts and bytes of
	// these are exact all the same.
	NewestUnknown []string
	// Drifted is set if the sums are impossible (negative, overflow): the evidence was wrong and must be recounted.
	Drifted bool
}

// Fold adds deltas to what streams retained. The result equals a recount of the source tables in the snapshot in which
// all of the deltas, and no others, were pending (SPEC G2), except for what NewestUnknown names.
func Fold(streams []StreamSize, deltas map[string]Delta) Folded {
	if len(deltas) == 0 {
		return Folded{Streams: streams}
	}
	var out Folded
	seen := make(map[string]bool, len(streams))
	fold := func(s StreamSize, d Delta) {
		s, exact, ok := s.apply(d)
		if !ok {
			out.Drifted = true
		}
		if s.Empty() {
			return
		}
		if !exact {
			out.NewestUnknown = append(out.NewestUnknown, s.Stream)
		}
		out.Streams = append(out.Streams, s)
	}
	for _, s := range streams {
		seen[s.Stream] = true
		fold(s, deltas[s.Stream])
	}
	for name, d := range deltas {
		if !seen[name] {
			fold(StreamSize{Stream: name}, d)
		}
	}
	SortStreams(out.Streams)
	slices.Sort(out.NewestUnknown)
	return out
}

// apply adds d. exact is false if the newest time cannot be told; ok is false if no source rows could give the result.
func (s StreamSize) apply(d Delta) (r StreamSize, exact, ok bool) {
	ok = true
	s.RecordCount = add(s.RecordCount, d.Records, &ok)
	s.RecordBytes = add(s.RecordBytes, d.RecordBytes, &ok)
	s.ChangeCount = add(s.ChangeCount, d.Changes, &ok)
	s.ChangeBytes = add(s.ChangeBytes, d.ChangeBytes, &ok)
	s.BlobCount = add(s.BlobCount, d.Blobs, &ok)
	s.BlobBytes = add(s.BlobBytes, d.BlobBytes, &ok)
	if s.RecordCount == 0 {
		s.NewestAt = nil
		return s, true, ok && !s.impossible()
	}
	s.NewestAt = Later(s.NewestAt, d.Gained)
	// What was gained may itself have been lost again, so a loss at the newest time leaves it open.
	exact = d.Lost == nil || s.NewestAt != nil && d.Lost.Before(*s.NewestAt)
	return s, exact, ok && !s.impossible()
}
