package drain

import (
	"encoding/json"
	"fmt"
	"slices"

	"tidemark/summary"
)

// unreadableRun stands for a run that has no content, JSON but no Run: it is attributed like any other, and whoever it belongs to fails
// when it is decoded.
const unreadableRun = `"a time of its events cannot be read"`

// NewRunRow derives a run_evidence row from the facts of a run's events.
func NewRunRow(f summary.RunFacts) (RunRow, error) {
	run := summary.NewRun(f)
	text, err := json.Marshal(run)
	if err != nil {
		return RunRow{}, fmt.Errorf("encode run %q: %w", f.RunID, err)
	}
	if f.Unreadable {
		text = []byte(unreadableRun)
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

// Attribution is by what runs of a connector belong to a connection, or to nobody (SPEC section 9 rule 1).
type Attribution struct{ ConnectorID, Kind, Name string }

// The kinds of an attribution: what its Name is.
const (
	ByProfile    = "profile"    // a profile key
	ByConnection = "connection" // a connection's id
	ByNothing    = "run"        // the run's own id: it belongs to nobody, whatever connections there are
)

// attributions are by what the run is attributed, once per connector that it names.
func (r RunRow) attributions() []Attribution {
	kind, name := ByNothing, r.RunID
	switch key, ok := r.profileKey(); {
	case ok:
		kind, name = ByProfile, key.Key
	case len(r.ProfileKeys) == 0 && len(r.ConnectionIDs) == 1:
		kind, name = ByConnection, r.ConnectionIDs[0]
	}
	out := make([]Attribution, len(r.SourceIDs))
	for i, connector := range r.SourceIDs {
		out[i] = Attribution{connector, kind, name}
	}
	return out
}
