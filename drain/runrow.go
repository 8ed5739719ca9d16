package drain

import (
	"encoding/json"
	"fmt"
	"slices"

	"tidemark/summary"
)

// NewRunRow derives a run_evidence row from the facts of a run's events.
func NewRunRow(f summary.RunFacts) (RunRow, error) {
	run := summary.NewRun(f)
	text, err := json.Marshal(run)
	if err != nil {
		return RunRow{}, fmt.Errorf("encode run %q: %w", f.RunID, err)
	}
	return RunRow{
		RunID: f.RunID, FirstSeq: f.FirstSeq, Status: run.Status, RunJSON: string(text),
		ProfileKeys: nonNil(f.ProfileKeys), ConnectionIDs: nonNil(f.ConnectionIDs), SourceIDs: nonNil(f.SourceIDs),
	}, nil
}

func nonNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// same reports whether both rows hold the same content.
func (a RunRow) same(b RunRow) bool {
	return a.RunID == b.RunID && a.FirstSeq == b.FirstSeq && a.Status == b.Status && a.RunJSON == b.RunJSON &&
		slices.Equal(a.ProfileKeys, b.ProfileKeys) && slices.Equal(a.ConnectionIDs, b.ConnectionIDs) &&
		slices.Equal(a.SourceIDs, b.SourceIDs)
}
