package drain

import (
	"encoding/json"
	"strconv"

	"tidemark/summary"
)

// field is one column of evidence, read from a row as text.
type field struct {
	component summary.Component
	column    string
	text      func(summary.Row) string
}

// fields lists every column that holds content, under the component that it belongs to. stream_records_json holds records
// and retained bytes; it is compared stream by stream.
var fields = []field{
	{summary.Identity, "connector_id", func(r summary.Row) string { return r.ConnectorID }},
	{summary.Identity, "owner_subject_id", func(r summary.Row) string { return r.OwnerSubjectID }},
	{summary.Identity, "display_name", func(r summary.Row) string { return orNull(r.DisplayName) }},
	{summary.Identity, "status", func(r summary.Row) string { return r.Status }},
	{summary.Identity, "source_kind", func(r summary.Row) string { return r.SourceKind }},
	{summary.Identity, "browser_profile_key", func(r summary.Row) string { return orNull(r.BrowserProfileKey) }},
	{summary.Identity, "created_at", func(r summary.Row) string { return r.CreatedAt.String() }},
	{summary.Identity, "revoked_at", func(r summary.Row) string { return orNullInstant(r.RevokedAt) }},
	{summary.Records, "total_records", func(r summary.Row) string { return strconv.FormatInt(r.TotalRecords, 10) }},
	{summary.Records, "last_record_updated_at", func(r summary.Row) string { return orNullInstant(r.LastRecordUpdatedAt) }},
	{summary.RetainedBytes, "stream_records_json", func(r summary.Row) string { return r.StreamRecords }},
	{summary.RetainedBytes, "stream_count", func(r summary.Row) string { return strconv.FormatInt(r.StreamCount, 10) }},
	{summary.RetainedBytes, "retained_bytes_json", func(r summary.Row) string { return r.RetainedBytes }},
	{summary.RetainedBytes, "total_retained_bytes", func(r summary.Row) string { return strconv.FormatInt(r.TotalRetainedBytes, 10) }},
	{summary.Runs, "last_run_json", func(r summary.Row) string { return orNull(r.LastRun) }},
	{summary.Runs, "last_successful_run_json", func(r summary.Row) string { return orNull(r.LastSuccessfulRun) }},
	{summary.Runs, "last_finished_run_json", func(r summary.Row) string { return orNull(r.LastFinishedRun) }},
	{summary.Runs, "open_runs_json", func(r summary.Row) string { return r.OpenRuns }},
	{summary.Runs, "consecutive_failures", func(r summary.Row) string { return strconv.FormatInt(r.ConsecutiveFailures, 10) }},
	{summary.Schedule, "schedule_json", func(r summary.Row) string { return orNull(r.Schedule) }},
	{summary.Gaps, "gaps_json", func(r summary.Row) string { return r.Gaps }},
	{summary.Attention, "attention_json", func(r summary.Row) string { return r.Attention }},
	{summary.Device, "device_json", func(r summary.Row) string { return orNull(r.Device) }},
}

// rowDifferences compares two rows, except for components in behind. Records behind covers the retained bytes, too: they are counted
// together.
func rowDifferences(want, got summary.Row, behind summary.Set) []Difference {
	var found []Difference
	for _, f := range fields {
		if behind[f.component] {
			continue
		}
		if w, g := f.text(want), f.text(got); w != g {
			found = append(found, Difference{want.ConnectorInstanceID, f.component, f.column, w, g})
		}
	}
	return found
}

// sizeDifferences compares retained_size_stream rows.
func sizeDifferences(id string, want, got []summary.StreamSize) []Difference {
	names, w, g := set{}, map[string]string{}, map[string]string{}
	for into, streams := range map[*map[string]string][]summary.StreamSize{&w: want, &g: got} {
		for _, s := range streams {
			names.add(s.Stream)
			(*into)[s.Stream] = sizeText(s)
		}
	}
	var found []Difference
	for _, n := range names.sorted() {
		if w[n] != g[n] {
			found = append(found, Difference{id, summary.RetainedBytes, "retained_size_stream[" + n + "]", orText(w[n]), orText(g[n])})
		}
	}
	return found
}

func sizeText(s summary.StreamSize) string {
	b, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func orText(s string) string {
	if s == "" {
		return "null"
	}
	return s
}

func orNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

func orNullInstant(i *summary.Instant) string {
	if i == nil {
		return "null"
	}
	return i.String()
}
