package summary

import "slices"

// The coverage axis (SPEC section 10), of a connection and of each of its streams.
const (
	CoverageUnknown      = "unknown"
	CoverageTerminalGap  = "terminal_gap"
	CoverageRetryableGap = "retryable_gap"
	CoveragePartial      = "partial"
	CoverageComplete     = "complete"
)

// open counts the gaps that may still be recovered.
func (g GapFacts) open() int64 { return g.Pending + g.InProgress }

// openStreams names the streams with such a gap, sorted by bytes; never nil.
func (g GapFacts) openStreams() []string {
	out := []string{}
	for _, s := range g.Streams {
		if s.Pending > 0 {
			out = append(out, s.Stream)
		}
	}
	slices.Sort(out)
	return out
}

// unnamed reports whether a gap that may still be recovered names no stream: then the numbers per stream are floors.
func (g GapFacts) unnamed() bool {
	named := int64(0)
	for _, s := range g.Streams {
		named += s.Pending
	}
	return named < g.open()
}

// terminalSince reports whether a terminal gap was updated since R began.
func (g GapFacts) terminalSince(r *attempt) bool { return r.reached(g.NewestTerminalAt) }

// terminalSince is the same of the gaps of one stream.
func (g StreamGaps) terminalSince(r *attempt) bool { return r.reached(g.NewestTerminalAt) }

// reached reports whether t is not before R began.
func (a *attempt) reached(t *Instant) bool { return a != nil && t != nil && !t.Before(a.began) }

var coverageRestsOn = []Component{Runs, Records, Gaps, Manifest}

// coverageOf says how much of what the manifest requires was collected: the first row that applies. Where what it rests on
// is unreliable it is unknown.
func coverageOf(o *Observation, m manifest, r *attempt, t Totals, st standings) string {
	switch {
	case len(st.unreliable(coverageRestsOn...)) > 0:
		return CoverageUnknown
	case r == nil && t.Records == 0:
		return CoverageUnknown
	case o.Gaps.terminalSince(r):
		return CoverageTerminalGap
	case o.Gaps.open() > 0:
		return CoverageRetryableGap
	}
	counts := liveCounts(o.Streams)
	for _, s := range m.streams {
		if s.required && !covered(s.name, r, counts) {
			return CoveragePartial
		}
	}
	return CoverageComplete
}

// covered reports whether R's facts account for all of the stream that R considered; without facts, whether it holds a
// live record.
func covered(stream string, r *attempt, counts map[string]int64) bool {
	if r == nil || len(r.streams) == 0 {
		return counts[stream] > 0
	}
	f := factsOf(stream, r)
	return f != nil && f.Considered != nil && f.Covered != nil && *f.Covered >= *f.Considered
}

// factsOf returns the last entry of the stream in R's facts, nil without one.
func factsOf(stream string, r *attempt) *RunStream {
	if r == nil {
		return nil
	}
	var found *RunStream
	for i := range r.streams {
		if r.streams[i].Stream == stream {
			found = &r.streams[i]
		}
	}
	return found
}

func liveCounts(streams []StreamSize) map[string]int64 {
	counts := make(map[string]int64, len(streams))
	for _, s := range streams {
		counts[s.Stream] = s.RecordCount
	}
	return counts
}
