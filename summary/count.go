package summary

import (
	"cmp"
	"encoding/json"
	"slices"
)

// The states of a count.
const (
	CountKnown      = "known"
	CountKnownZero  = "known_zero"
	CountUnobserved = "unobserved"
	CountStale      = "stale"
	CountUnknown    = "unknown"
)

// The declaration states of a stream.
const (
	Declared     = "declared"
	Dormant      = "dormant"     // stored, not in a readable manifest
	Undeclarable = "unavailable" // the manifest cannot be read
)

// MaxListStreams is how many streams a list row shows.
const MaxListStreams = 50

// StreamRecord is one of stream_records in JSON. RecordCount and RetainedBytes are null where they are not known.
type StreamRecord struct {
	Stream           string   `json:"stream"`
	RecordCount      *int64   `json:"record_count"`
	CountState       string   `json:"count_state"`
	DeclarationState string   `json:"declaration_state"`
	LastUpdated      *Instant `json:"last_updated"`
	RetainedBytes    *int64   `json:"retained_bytes"`
}

// Maybe is a number or the word "unknown".
type Maybe struct{ N *int64 }

// MarshalJSON renders the number, or "unknown".
func (m Maybe) MarshalJSON() ([]byte, error) {
	if m.N == nil {
		return []byte(`"unknown"`), nil
	}
	return json.Marshal(*m.N)
}

// countState is the state of a count of records.
func countState(s standing, n int64) string {
	switch s.state {
	case ComponentCurrent:
		if n == 0 {
			return CountKnownZero
		}
		return CountKnown
	case ComponentStale:
		return CountStale
	case ComponentUnobserved:
		return CountUnobserved
	}
	return CountUnknown
}

// shown reports whether a count in that state carries its value: an unknown count is never 0.
func shown(state string) bool { return state != CountUnobserved && state != CountUnknown }

// totalRecords returns the total with its state; nil where it is not known.
func totalRecords(v *view) (*int64, string) {
	state := countState(v.standings[Records], v.totals.Records)
	if !v.summed {
		state = CountUnknown
	}
	if !shown(state) {
		return nil, state
	}
	n := v.totals.Records
	return &n, state
}

// bytesKnown reports whether retained bytes carry a value at all: the last one where they are stale.
func bytesKnown(v *view) bool {
	return v.summed && shown(countState(v.standings[RetainedBytes], 0))
}

// knownStream is a stream that is declared, stored, or both.
type knownStream struct {
	StreamSize
	declaration string
	required    bool
}

// knownStreams lists the declared streams in the manifest's order, then those that are only stored, by the bytes of their
// name.
func knownStreams(v *view) []knownStream {
	stored := make(map[string]StreamSize, len(v.o.Streams))
	for _, s := range v.o.Streams {
		stored[s.Stream] = s
	}
	out := make([]knownStream, 0, len(v.manifest.streams)+len(stored))
	for _, d := range v.manifest.streams {
		size := stored[d.name]
		size.Stream = d.name
		out = append(out, knownStream{size, Declared, d.required})
		delete(stored, d.name)
	}
	declaration := Dormant
	if !v.manifest.readable() {
		declaration = Undeclarable
	}
	declared := len(out)
	for _, s := range stored {
		out = append(out, knownStream{s, declaration, false})
	}
	slices.SortFunc(out[declared:], func(a, b knownStream) int { return cmp.Compare(a.Stream, b.Stream) })
	return out
}

func streamRecord(v *view, s knownStream) StreamRecord {
	out := StreamRecord{
		Stream: s.Stream, CountState: countState(v.standings[Records], s.RecordCount), DeclarationState: s.declaration,
	}
	if shown(out.CountState) {
		out.RecordCount, out.LastUpdated = &s.RecordCount, s.NewestAt
	}
	if bytesKnown(v) {
		n := s.RecordBytes + s.ChangeBytes + s.BlobBytes
		out.RetainedBytes = &n
	}
	return out
}
