package drain

import (
	"fmt"
	"slices"
	"strings"

	"tidemark/summary"
)

// Cause is what may have made evidence differ from its source.
type Cause string

// The causes. Counts and bytes are kept twice, in evidence and in retained_size_stream, and runs in run_evidence and in evidence: where
// one copy agrees with the recount the other was spoilt; where both agree with each other both are behind.
const (
	CauseEvidence   Cause = "evidence_corrupt" // the row is not one that a drain writes, or the second copy proves it wrong
	CauseRetained   Cause = "retained_corrupt" // retained_size_stream alone is wrong
	CauseRun        Cause = "run_corrupt"      // run_evidence is wrong, and evidence was not derived from it
	CauseMarkLost   Cause = "mark_lost"        // all that is derived agrees, and is behind
	CauseCaptureGap Cause = "capture_gap"      // the same, or unknown, while capture of the table is not trusted
	CauseUnknown    Cause = "unknown"          // a mark was lost, or what has no second copy was changed by hand
)

// Causes are all of them.
var Causes = []Cause{CauseEvidence, CauseRetained, CauseRun, CauseMarkLost, CauseCaptureGap, CauseUnknown}

// ScrubFinding is what differed in one connection for one cause. It has been repaired.
type ScrubFinding struct {
	ConnectionID string       `json:"connection_id"` // empty for a run that names no connection
	Cause        Cause        `json:"cause"`
	Explanation  string       `json:"explanation"` // which mark or trigger state could have caused it
	Differences  []Difference `json:"differences"`
}

// sources names the tables that a component is derived from.
var sources = map[summary.Component]string{
	summary.Identity: "connector_instances", summary.Records: "records", summary.RetainedBytes: "records, record_changes and blobs",
	summary.Runs: "spine_events", summary.Schedule: "connector_schedules", summary.Gaps: "connector_detail_gaps",
	summary.Attention: "connector_attention", summary.Device: "device_heartbeats",
}

// explain sorts the differences of one connection by what may have caused them.
func explain(i inspection, capture []CaptureState) []ScrubFinding {
	by := map[Cause][]Difference{}
	judge := newJudge(i)
	for _, d := range i.differences {
		cause := judge.cause(d)
		if (cause == CauseMarkLost || cause == CauseUnknown) && untrustedBy(capture, d.Component) != "" {
			cause = CauseCaptureGap
		}
		by[cause] = append(by[cause], d)
	}
	var found []ScrubFinding
	for _, c := range Causes {
		if d := by[c]; len(d) > 0 {
			found = append(found, ScrubFinding{i.id, c, c.explain(d, capture), d})
		}
	}
	return found
}

// untrustedBy is the first untrusted table whose capture the component rests on, with the reason; empty if there is none.
func untrustedBy(capture []CaptureState, c summary.Component) string {
	for _, s := range capture {
		if s.Trusted || !slices.Contains(s.Recount, c) {
			continue
		}
		reason := "untrusted"
		if s.ReasonCode != nil {
			reason = *s.ReasonCode
		}
		return fmt.Sprintf("%s (%s since %s)", s.Table, reason, s.Since)
	}
	return ""
}

func (c Cause) explain(differences []Difference, capture []CaptureState) string {
	set := summary.Set{}
	var tables []string
	for _, d := range differences {
		if !set[d.Component] {
			tables = append(tables, sources[d.Component])
		}
		set.Add(d.Component)
	}
	from := strings.Join(tables, ", ")
	switch c {
	case CauseEvidence:
		return "connector_summary_evidence was changed by other than a drain: the row contradicts itself, or what is kept beside it"
	case CauseRetained:
		return "retained_size_stream was changed by other than a drain: evidence agrees with the recount"
	case CauseRun:
		return "run_evidence was changed by other than a drain: evidence was not derived from what it says"
	case CauseMarkLost:
		return "all that is derived agrees and is behind: a mark of " + from + " was lost or false, or a write went past the triggers while they were trusted"
	case CauseCaptureGap:
		return "no mark was written while capture is not trusted: " + untrustedBy(capture, differences[0].Component)
	}
	return "a mark of " + from + " was lost, a write went past the triggers, or the row was changed by hand: there is no second copy that could tell"
}
