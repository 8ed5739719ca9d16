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
	r := Row{ConnectorInstanceID: f.ConnectionID}
	r.SetIdentity(f.Identity)
	err := errors.Join(r.SetStreams(f.Streams), r.SetRuns(f.Runs), r.SetSchedule(f.Schedule), r.SetGaps(f.Gaps),
		r.SetAttention(f.Attention), r.SetDevice(f.Device))
	return r, err
}

// SetIdentity, SetStreams and so on replace the columns of one component, or of records and retained bytes together. The
// others keep the text that they have: a drain does not decode what it does not change.
func (r *Row) SetIdentity(id IdentityFacts) {
	r.ConnectorID, r.OwnerSubjectID, r.DisplayName = id.ConnectorID, id.OwnerSubjectID, id.DisplayName
	r.Status, r.SourceKind, r.BrowserProfileKey = id.Status, id.SourceKind, id.BrowserProfileKey
	r.CreatedAt, r.RevokedAt = id.CreatedAt, id.RevokedAt
}

// SetStreams returns ErrSizeOverflow, and changes nothing, if the totals do not fit.
func (r *Row) SetStreams(streams []StreamSize) error {
	t, ok := Total(streams)
	if !ok {
		return ErrSizeOverflow
	}
	r.TotalRecords, r.StreamCount, r.LastRecordUpdatedAt = t.Records, int64(len(streams)), t.LastRecordAt
	r.TotalRetainedBytes = t.Bytes()
	var enc encoder
	r.StreamRecords, r.RetainedBytes = enc.text(nonNil(streams)), enc.text(t.Retained())
	return enc.err
}

// SetRuns replaces the columns of the runs.
func (r *Row) SetRuns(runs RunFactsOf) error {
	var enc encoder
	r.LastRun, r.LastSuccessfulRun = encodePtr(&enc, runs.Last), encodePtr(&enc, runs.LastSuccessful)
	r.LastFinishedRun, r.ConsecutiveFailures = encodePtr(&enc, runs.LastFinished), runs.FailuresInRow
	runs.Open.Runs = nonNil(runs.Open.Runs)
	r.OpenRuns = enc.text(runs.Open)
	return enc.err
}

// SetSchedule replaces schedule_json; nil where there is no schedule.
func (r *Row) SetSchedule(s *ScheduleFacts) error {
	var enc encoder
	r.Schedule = encodePtr(&enc, s)
	return enc.err
}

// SetGaps replaces gaps_json.
func (r *Row) SetGaps(g GapFacts) error {
	var enc encoder
	g.Streams = nonNil(g.Streams)
	r.Gaps = enc.text(g)
	return enc.err
}

// SetAttention replaces attention_json.
func (r *Row) SetAttention(a AttentionFacts) error {
	var enc encoder
	a.Items = nonNil(a.Items)
	r.Attention = enc.text(a)
	return enc.err
}

// SetDevice replaces device_json; nil without a heartbeat.
func (r *Row) SetDevice(d *DeviceFacts) error {
	var enc encoder
	r.Device = encodePtr(&enc, d)
	return enc.err
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
