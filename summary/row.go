package summary

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrSizeOverflow is returned where sums do not fit an int64.
var ErrSizeOverflow = errors.New("sizes do not fit 64 bits")

// Row is Facts as the columns of connector_summary_evidence hold them: same names, JSON columns as compact text (nil is
// SQL NULL). Two rows are equal exactly if the facts are, so engines compare rows to decide whether a version rises.
type Row struct {
	ConnectorInstanceID string
	ConnectorID         string
	OwnerSubjectID      string
	DisplayName         *string
	Status              string
	SourceKind          string
	BrowserProfileKey   *string
	CreatedAt           Instant
	RevokedAt           *Instant
	TotalRecords        int64
	StreamCount         int64
	LastRecordUpdatedAt *Instant
	StreamRecords       string
	RetainedBytes       string
	TotalRetainedBytes  int64
	LastRun             *string
	LastSuccessfulRun   *string
	LastFinishedRun     *string
	OpenRuns            string
	ConsecutiveFailures int64
	Schedule            *string
	Gaps                string
	Attention           string
	Device              *string
}

// RetainedBytesJSON is the shape of retained_bytes_json; octets.
type RetainedBytesJSON struct {
	RecordJSON        int64 `json:"record_json_bytes"`
	RecordChangesJSON int64 `json:"record_changes_json_bytes"`
	Blob              int64 `json:"blob_bytes"`
	Total             int64 `json:"total_bytes"`
}

// Retained returns the byte totals in their JSON shape.
func (t Totals) Retained() RetainedBytesJSON {
	return RetainedBytesJSON{t.RecordBytes, t.ChangeBytes, t.BlobBytes, t.Bytes()}
}

// Row encodes f; ErrSizeOverflow if its totals do not fit.
func (f Facts) Row() (Row, error) {
	t, ok := Total(f.Streams)
	if !ok {
		return Row{}, ErrSizeOverflow
	}
	id := f.Identity
	r := Row{
		ConnectorInstanceID: f.ConnectionID, ConnectorID: id.ConnectorID, OwnerSubjectID: id.OwnerSubjectID,
		DisplayName: id.DisplayName, Status: id.Status, SourceKind: id.SourceKind, BrowserProfileKey: id.BrowserProfileKey,
		CreatedAt: id.CreatedAt, RevokedAt: id.RevokedAt,
		TotalRecords: t.Records, StreamCount: int64(len(f.Streams)), LastRecordUpdatedAt: t.LastRecordAt,
		TotalRetainedBytes: t.Bytes(), ConsecutiveFailures: f.Runs.FailuresInRow,
	}
	var enc encoder
	r.StreamRecords = enc.text(nonNil(f.Streams))
	r.RetainedBytes = enc.text(t.Retained())
	r.LastRun, r.LastSuccessfulRun = encodePtr(&enc, f.Runs.Last), encodePtr(&enc, f.Runs.LastSuccessful)
	r.LastFinishedRun = encodePtr(&enc, f.Runs.LastFinished)
	open := f.Runs.Open
	open.Runs = nonNil(open.Runs)
	r.OpenRuns = enc.text(open)
	r.Schedule, r.Device = encodePtr(&enc, f.Schedule), encodePtr(&enc, f.Device)
	gaps, attention := f.Gaps, f.Attention
	gaps.Streams, attention.Items = nonNil(gaps.Streams), nonNil(attention.Items)
	r.Gaps, r.Attention = enc.text(gaps), enc.text(attention)
	return r, enc.err
}

// Facts decodes a row as an engine stored it.
func (r Row) Facts() (Facts, error) {
	f := Facts{
		ConnectionID: r.ConnectorInstanceID,
		Identity: IdentityFacts{
			ConnectorID: r.ConnectorID, OwnerSubjectID: r.OwnerSubjectID, DisplayName: r.DisplayName, Status: r.Status,
			SourceKind: r.SourceKind, BrowserProfileKey: r.BrowserProfileKey, CreatedAt: r.CreatedAt, RevokedAt: r.RevokedAt,
		},
	}
	f.Runs.FailuresInRow = r.ConsecutiveFailures
	err := errors.Join(
		decode("stream_records_json", &r.StreamRecords, &f.Streams),
		decode("last_run_json", r.LastRun, &f.Runs.Last),
		decode("last_successful_run_json", r.LastSuccessfulRun, &f.Runs.LastSuccessful),
		decode("last_finished_run_json", r.LastFinishedRun, &f.Runs.LastFinished),
		decode("open_runs_json", &r.OpenRuns, &f.Runs.Open),
		decode("schedule_json", r.Schedule, &f.Schedule),
		decode("gaps_json", &r.Gaps, &f.Gaps),
		decode("attention_json", &r.Attention, &f.Attention),
		decode("device_json", r.Device, &f.Device),
	)
	if err != nil {
		return Facts{}, fmt.Errorf("decode evidence of connection %q: %w", r.ConnectorInstanceID, err)
	}
	return f, nil
}

// Same reports whether both rows hold the same content.
func (r Row) Same(o Row) bool {
	return r.ConnectorInstanceID == o.ConnectorInstanceID && r.ConnectorID == o.ConnectorID &&
		r.OwnerSubjectID == o.OwnerSubjectID && same(r.DisplayName, o.DisplayName) && r.Status == o.Status &&
		r.SourceKind == o.SourceKind && same(r.BrowserProfileKey, o.BrowserProfileKey) && r.CreatedAt == o.CreatedAt &&
		same(r.RevokedAt, o.RevokedAt) && r.TotalRecords == o.TotalRecords && r.StreamCount == o.StreamCount &&
		same(r.LastRecordUpdatedAt, o.LastRecordUpdatedAt) && r.StreamRecords == o.StreamRecords &&
		r.RetainedBytes == o.RetainedBytes && r.TotalRetainedBytes == o.TotalRetainedBytes && same(r.LastRun, o.LastRun) &&
		same(r.LastSuccessfulRun, o.LastSuccessfulRun) && same(r.LastFinishedRun, o.LastFinishedRun) &&
		r.OpenRuns == o.OpenRuns && r.ConsecutiveFailures == o.ConsecutiveFailures && same(r.Schedule, o.Schedule) &&
		r.Gaps == o.Gaps && r.Attention == o.Attention && same(r.Device, o.Device)
}

func same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// encoder keeps the first error of several encodings.
type encoder struct{ err error }

func (e *encoder) text(v any) string {
	b, err := json.Marshal(v)
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("encode evidence: %w", err)
	}
	return string(b)
}

func encodePtr[T any](e *encoder, v *T) *string {
	if v == nil {
		return nil
	}
	s := e.text(v)
	return &s
}

func decode(column string, text *string, into any) error {
	if text == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(*text), into); err != nil {
		return fmt.Errorf("column %s: %w", column, err)
	}
	return nil
}
