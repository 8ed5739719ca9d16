package summary

import "slices"

// StreamPosition is a place among a connection's streams: behind the one of this name, which was at this index.
type StreamPosition struct {
	Index  int
	Stream string
}

// PageStreams cuts what a scoped summary tells per stream down to the limit streams behind after, or to the first ones if it is
// nil, and returns the place behind them; nil if no more follow. A stream that went away meanwhile
// has handed its index to the one that followed it.
func (s *Summary) PageStreams(after *StreamPosition, limit int) *StreamPosition {
	from := 0
	if after != nil {
		from = min(after.Index, len(s.Streams))
		if at := slices.Index(s.Streams, after.Stream); at >= 0 {
			from = at + 1
		}
	}
	to := min(from+limit, len(s.Streams))
	var next *StreamPosition
	if to < len(s.Streams) {
		next = &StreamPosition{to - 1, s.Streams[to-1]}
	}
	s.Streams, s.StreamRecords = s.Streams[from:to], s.StreamRecords[from:to]
	s.CollectionReport, s.Verdict.Streams = s.CollectionReport[from:to], s.Verdict.Streams[from:to]
	return next
}
