package summary

// StreamReport is REPORT in JSON: how collection of one stream stands. A number that no run told is "unknown".
type StreamReport struct {
	Stream             string   `json:"stream"`
	Required           bool     `json:"required"`
	CoverageCondition  string   `json:"coverage_condition"`
	ForwardDisposition string   `json:"forward_disposition"`
	Collected          Maybe    `json:"collected"`
	Considered         Maybe    `json:"considered"`
	Covered            Maybe    `json:"covered"`
	Checkpoint         string   `json:"checkpoint"`
	Skipped            Maybe    `json:"skipped"`
	PendingGaps        Maybe    `json:"pending_detail_gaps"`
	PendingGapsIsFloor bool     `json:"pending_detail_gaps_is_floor"`
	EvidenceAsOf       *Instant `json:"evidence_as_of"`
}

// StreamVerdict is a stream's part of the verdict; scoped reads only.
type StreamVerdict struct {
	StreamID    string `json:"stream_id"`
	Coverage    string `json:"coverage"`
	Disposition string `json:"disposition"`
	Statement   string `json:"statement"`
	Collected   *int64 `json:"collected"`
	Considered  *int64 `json:"considered"`
}

// streamReport reports on one stream from R's facts, its gaps and what it holds.
func streamReport(v *view, s knownStream, gaps StreamGaps) StreamReport {
	r := StreamReport{
		Stream: s.Stream, Required: s.required, Checkpoint: CoverageUnknown, EvidenceAsOf: v.runs.latest.endedAt(),
	}
	if v.runs.latest == nil {
		r.EvidenceAsOf = s.NewestAt
	}
	f := factsOf(s.Stream, v.runs.latest)
	if f != nil && !v.standings[Runs].unreliable {
		r.Collected, r.Considered, r.Covered = Maybe{f.Collected}, Maybe{f.Considered}, Maybe{f.Covered}
		r.Skipped = Maybe{f.Skipped}
		if f.Checkpoint != nil {
			r.Checkpoint = *f.Checkpoint
		}
	}
	if !v.standings[Gaps].unreliable {
		r.PendingGaps, r.PendingGapsIsFloor = Maybe{&gaps.Pending}, v.o.Gaps.unnamed()
	}
	r.CoverageCondition = streamCoverage(v, s, f, gaps)
	r.ForwardDisposition = streamDisposition(v, r.CoverageCondition)
	return r
}

// streamCoverage is the first that applies. A stream that R's facts do not mention is complete only if R had no facts at all
// and it holds a live record.
func streamCoverage(v *view, s knownStream, f *RunStream, gaps StreamGaps) string {
	r := v.runs.latest
	switch {
	case len(v.standings.unreliable(Runs, Records, Gaps)) > 0:
		return CoverageUnknown
	case gaps.terminalSince(r):
		return CoverageTerminalGap
	case gaps.Pending > 0:
		return CoverageRetryableGap
	case f != nil && f.Considered != nil && f.Covered != nil && *f.Covered >= *f.Considered:
		return CoverageComplete
	case f != nil && f.Considered != nil && f.Covered != nil:
		return CoveragePartial
	case s.required && r != nil && !covered(s.Stream, r, map[string]int64{s.Stream: s.RecordCount}):
		return CoveragePartial
	case (r == nil || len(r.streams) == 0) && s.RecordCount > 0:
		return CoverageComplete
	}
	return CoverageUnknown
}

func streamDisposition(v *view, coverage string) string {
	switch {
	case v.state.number == 3:
		return ForwardChecking
	case coverage == CoverageComplete:
		return ForwardComplete
	case coverage == CoverageTerminalGap:
		return ForwardTerminal
	case coverage == CoverageRetryableGap, coverage == CoveragePartial:
		if d := dispositionOf(v); d == ForwardAwaitingOwner || d == ForwardTerminal {
			return d
		}
		return ForwardResumable
	}
	return ForwardUnmeasured
}

// streamStatements say each coverage in words.
var streamStatements = map[string]string{
	CoverageComplete:     "Accounted for.",
	CoveragePartial:      "Not collected completely.",
	CoverageRetryableGap: "Details are still to be recovered.",
	CoverageTerminalGap:  "Details were lost for good.",
	CoverageUnknown:      "How much was collected is not known.",
}

func streamVerdict(r StreamReport) StreamVerdict {
	return StreamVerdict{
		StreamID: r.Stream, Coverage: r.CoverageCondition, Disposition: r.ForwardDisposition,
		Statement: streamStatements[r.CoverageCondition], Collected: r.Collected.N, Considered: r.Considered.N,
	}
}

func gapsByStream(g GapFacts) map[string]StreamGaps {
	out := make(map[string]StreamGaps, len(g.Streams))
	for _, s := range g.Streams {
		out[s.Stream] = s
	}
	return out
}
