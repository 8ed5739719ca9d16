package drain

import (
	"slices"

	"tidemark/summary"
)

// judge tells, of one connection, which of the copies of a fact are wrong.
type judge struct {
	inspection
	odd     map[string]bool // columns that are not as a drain would write them from the rest of their row
	streams Cause           // of what differs in records and retained bytes
	runs    bool            // the runs of evidence differ from what run_evidence says
	moved   bool            // so does the identity: whose runs they are may have changed
}

func newJudge(i inspection) *judge {
	j := &judge{inspection: i, odd: map[string]bool{}, streams: CauseUnknown}
	for _, d := range i.differences {
		j.runs = j.runs || d.Component == summary.Runs && d.Field != "run_evidence"
		j.moved = j.moved || d.Component == summary.Identity
	}
	if i.stored == nil {
		return j
	}
	facts, err := i.stored.Row.Facts()
	if err == nil {
		var again summary.Row
		if again, err = facts.Row(); err == nil {
			for _, f := range fields {
				j.odd[f.column] = f.text(again) != f.text(i.stored.Row)
			}
			j.streams = j.sizes(facts.Streams)
		}
	}
	if err != nil {
		for _, f := range fields {
			j.odd[f.column] = true
		}
	}
	return j
}

// cause tells what may have caused one difference.
func (j *judge) cause(d Difference) Cause {
	switch {
	case j.id == "": // a run that is nobody's: there is no evidence that could be compared
		return CauseRun
	case d.Field == "state": // and no mark is parked
		return CauseMarkLost
	case d.Field == "connector_summary_evidence": // cannot be read
		return CauseEvidence
	case d.Field == "retained_size_stream": // and nothing else is left of the connection
		return CauseRetained
	case d.Field == "connector_instance_id":
		return j.presence()
	case j.odd[d.Field]:
		return CauseEvidence
	case d.Component == summary.Runs:
		return j.run(d)
	case d.Component == summary.Records || d.Component == summary.RetainedBytes:
		return j.streams
	}
	return CauseUnknown
}

// presence judges evidence that is missing, or that there is of a connection that is gone.
func (j *judge) presence() Cause {
	switch {
	case j.stored == nil && len(j.retained) > 0:
		return CauseEvidence
	case j.stored == nil:
		return CauseUnknown
	}
	facts, err := j.stored.Row.Facts()
	if err != nil || !slices.EqualFunc(facts.Streams, j.retained, sameSize) {
		return CauseEvidence
	}
	if len(j.retained) == 0 {
		return CauseUnknown
	}
	return CauseMarkLost
}

// run judges runs. What a drain derives from run_evidence is derived in the same transaction.
func (j *judge) run(d Difference) Cause {
	switch {
	case d.Field == "run_evidence" && j.runs:
		return CauseRun
	case d.Field == "run_evidence":
		return CauseMarkLost
	case j.inspection.run != "":
		return CauseRun
	case j.moved:
		return CauseUnknown
	}
	return CauseEvidence
}

// sizes judges what streams retain, given what evidence says of them, deltas aside.
func (j *judge) sizes(evidence []summary.StreamSize) Cause {
	if j.want == nil || j.want.err != nil || j.pending.Recount[summary.RetainedBytes] {
		return CauseUnknown
	}
	folded, kept := summary.Fold(evidence, j.pending.Deltas), summary.Fold(j.retained, j.pending.Deltas)
	want := slices.Clone(j.want.streams)
	for _, streams := range [][]summary.StreamSize{folded.Streams, kept.Streams, want} {
		blankNewest(streams, folded.NewestUnknown)
	}
	right := slices.EqualFunc(folded.Streams, want, sameSize)
	switch {
	case slices.EqualFunc(kept.Streams, folded.Streams, sameSize) && !right:
		return CauseMarkLost
	case slices.EqualFunc(kept.Streams, want, sameSize):
		return CauseEvidence
	case right:
		return CauseRetained
	}
	return CauseUnknown
}
