package db_test

import (
	"strings"
	"testing"

	"tidemark/summary"
)

// odd is text that a database takes and that something on the way could trip over: control characters, what JSON, arrays and
// COPY escape, what a byte count and a character count see differently, the length that just fits.
var odd = []string{"\x01\x1f\x7f", `"\'{},`, "\u2028<>&", "😀\ufffe\uffff", strings.Repeat("é", 128), " ", "NULL", "a\nb\tc"}

// Whatever text and times the source tables allow reach evidence and the page as they are.
func TestOddTextAndTimes(t *testing.T) {
	b := captured(t)
	for i, s := range odd {
		at := "0001-01-01Z"
		if i%2 == 1 {
			at = "9999-12-31 23:59:59.999999Z"
		}
		b.exec(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, display_name, source_binding)
		        VALUES ($1::text, 'ann', 'shop', $1::text, json_build_object('browser_profile_key', $1::text))`, s)
		b.exec(`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at)
		        VALUES ($1::text, $1::text, $1::text, to_json($1::text), $2::text::timestamptz)`, s, at)
		b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, occurred_at, data) VALUES ('run.failed', $1::text, 'shop',
		        $2::text::timestamptz, json_build_object('browser_surface_profile_key', $1::text, 'failure_reason', $1::text))`, s, at)
		b.exec(`INSERT INTO connector_attention (attention_id, connector_instance_id, reason_code) VALUES ($1::text, $1::text, $1::text)`, s)
		b.exec(`INSERT INTO device_heartbeats (connector_instance_id, device_id, status) VALUES ($1::text, $1::text, $1::text)`, s)
		b.exec(`INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream) VALUES ($1::text, $1::text, $1::text)`, s)
	}
	page := func() []summary.Observation {
		t.Helper()
		p, err := b.Page(t.Context(), summary.PageQuery{Owner: "ann", Limit: 50})
		if err != nil || len(p.Observations) != len(odd) {
			t.Fatalf("%d connections, %v", len(p.Observations), err)
		}
		return p.Observations
	}
	for _, o := range page() { // by the marks' deltas alone
		if len(o.Streams) != 1 || o.Streams[0].Stream != o.ConnectionID {
			t.Errorf("%q: streams %+v", o.ConnectionID, o.Streams)
		}
	}
	b.clean()
	b.dry()
	b.clean()
	for _, o := range page() {
		if o.Runs.Last == nil || o.Runs.Last.RunID != o.ConnectionID {
			t.Errorf("%q: last run %+v", o.ConnectionID, o.Runs.Last)
		}
	}
	b.exec(`DELETE FROM records`)
	b.dry()
	b.clean()
}
