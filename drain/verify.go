package drain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tidemark/summary"
)

// Difference is one value of evidence that its own snapshot disproves.
type Difference struct {
	ConnectionID string            `json:"connection_id"` // empty for a run that names no connection, and for a connector
	Component    summary.Component `json:"component"`
	Field        string            `json:"field"` // column; or retained_size_stream[STREAM], run_evidence[RUN_ID] or connectors[CONNECTOR_ID]
	Want         string            `json:"want"`  // by a recount of the source tables
	Got          string            `json:"got"`   // in evidence, with the pending marks' deltas
}

// Run is the run that the difference is about; empty if it is not about one.
func (d Difference) Run() string { return d.about("run_evidence[") }

// Connector is the connector that the difference is about; empty if it is not about one.
func (d Difference) Connector() string { return d.about("connectors[") }

func (d Difference) about(kind string) string {
	id, ok := strings.CutPrefix(d.Field, kind)
	if !ok {
		return ""
	}
	return strings.TrimSuffix(id, "]")
}

// Verify compares evidence with a recount: of the connections in ids, or of all, and the runs of none, if ids is nil. Each chunk is one
// read-only snapshot, so writers and drains may run; what a visible mark asks to be recounted is behind, not wrong, and is
// not compared. progress may be nil.
func Verify(ctx context.Context, e Engine, ids []string, progress func(done, total int64)) ([]Difference, error) {
	total := int64(len(ids))
	next := func(after string, done int) ([]string, error) {
		return ids[done:min(done+ConnectionChunk, len(ids))], nil
	}
	if ids == nil {
		var err error
		if total, err = e.CountConnections(ctx); err != nil {
			return nil, fmt.Errorf("count connections: %w", err)
		}
		next = func(after string, _ int) ([]string, error) { return e.ConnectionsAfter(ctx, after, ConnectionChunk) }
	}
	found, after, done := []Difference{}, "", 0
	for {
		chunk, err := next(after, done)
		if err != nil {
			return found, fmt.Errorf("list connections: %w", err)
		}
		if len(chunk) == 0 {
			break
		}
		var differences []Difference // the engine may call again, on a new snapshot
		err = e.Read(ctx, func(s Snapshot) (err error) {
			seen, err := inspect(ctx, s, chunk)
			differences = nil
			for _, i := range seen {
				differences = append(differences, i.differences...)
			}
			return err
		})
		if err != nil {
			return found, fmt.Errorf("verify: %w", err)
		}
		found = append(found, differences...)
		after, done = chunk[len(chunk)-1], done+len(chunk)
		if progress != nil {
			progress(int64(done), max(total, int64(done)))
		}
	}
	if ids != nil {
		return found, nil
	}
	nobodys, err := verifyRuns(ctx, e)
	return append(found, nobodys...), err
}

// differences compares one connection, leaving out the components that are behind.
func differences(want *subject, stored Stored, retained []summary.StreamSize, p *summary.Pending) ([]Difference, error) {
	id := stored.ConnectorInstanceID
	if want.err != nil { // and nothing says that the connection cannot be recomputed
		return []Difference{{id, summary.RetainedBytes, "total_retained_bytes", want.err.Error(), stored.RetainedBytes}}, nil
	}
	facts, err := stored.Row.Facts()
	if err != nil {
		return []Difference{{id, summary.Identity, "connector_summary_evidence", "readable", err.Error()}}, nil //nolint:nilerr // it is the finding
	}
	folded, kept := summary.Fold(facts.Streams, p.Deltas), summary.Fold(retained, p.Deltas)
	wanted, got := want.row, stored.Row
	if !want.counted { // neither counts nor bytes were asked for
		return rowDifferences(wanted, got, p.Recount), nil
	}
	wantedStreams := slices.Clone(want.streams)
	for _, streams := range [][]summary.StreamSize{folded.Streams, kept.Streams, wantedStreams} {
		blankNewest(streams, folded.NewestUnknown)
	}
	if err := wanted.SetStreams(wantedStreams); err != nil {
		return nil, err
	}
	var d []Difference
	if len(p.Deltas) > 0 { // else what is stored is compared as it is
		if err := got.SetStreams(folded.Streams); err != nil {
			d = append(d, Difference{id, summary.RetainedBytes, "total_retained_bytes", wanted.RetainedBytes, err.Error()})
		}
	}
	d = append(d, rowDifferences(wanted, got, p.Recount)...)
	if !p.Recount[summary.RetainedBytes] {
		d = append(d, sizeDifferences(id, wantedStreams, kept.Streams)...)
	}
	return d, nil
}

// blankNewest takes out the newest times that pending marks leave open.
func blankNewest(streams []summary.StreamSize, names []string) {
	for i := range streams {
		if slices.Contains(names, streams[i].Stream) {
			streams[i].NewestAt = nil
		}
	}
}
