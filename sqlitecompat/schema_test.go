package sqlitecompat

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// acceptance holds, per column of a source table, values as SQL that it must take and that it must refuse: what the columns
// of the Postgres tables take and refuse.
var acceptance = []struct {
	insert       string // %s is the value
	good, bad    []string
	goodOnlyHere []string // that SQLite before 3.45 refuses
}{
	{
		insert: `INSERT INTO connectors (connector_id) VALUES (%s)`,
		good:   []string{`'a'`, `'` + strings.Repeat("x", 256) + `'`, `'` + strings.Repeat("é", 128) + `'`, `'ünï/%2F'`, `7`},
		bad:    []string{`''`, `NULL`, `'` + strings.Repeat("x", 257) + `'`, `'` + strings.Repeat("é", 129) + `'`, `'a' || char(0)`, `'a' || char(0) || 'b'`, `x'41'`},
	},
	{
		insert: `INSERT INTO connectors (connector_id, display_name) VALUES ('a', %s)`,
		good:   []string{`NULL`, `''`, `'` + strings.Repeat("x", 1024) + `'`},
		bad:    []string{`'` + strings.Repeat("x", 1025) + `'`, `'a' || char(0)`, `x'41'`},
	},
	{
		insert: `INSERT INTO connectors (connector_id, manifest) VALUES ('a', %s)`,
		good:   []string{`NULL`, `'{}'`, `' [1, -0, 1e5, "\ud83d\ude00", true, null] '`, `'"\u0000"'`, `'7'`},
		bad:    []string{`''`, `'{'`, `'{a:1}'`, `'[1,]'`, `'01'`, `'NaN'`, `'{}' || char(0)`, `'{}' || char(0) || 'x'`, `'[1] 2'`, `'"' || char(10) || '"'`, `x'7b7d'`},
	},
	{
		insert: `INSERT INTO connectors (connector_id, created_at) VALUES ('a', %s)`,
		good: []string{
			`'2026-11-22T05:00:00.000000Z'`, `'0001-01-01T00:00:00.000000Z'`, `'9999-12-31T23:59:59.999999Z'`, `'2024-02-29T23:59:59.999999Z'`, `'2000-02-29T00:00:00.000000Z'`,
		},
		bad: []string{
			`NULL`, `''`, `'2026-11-22'`, `'2026-11-22T05:00:00Z'`, `'2026-11-22T05:00:00.000Z'`, `'2026-11-22 05:00:00.000000Z'`, `'2026-11-22T05:00:00.000000'`,
			`'2026-11-22T05:00:00.000000z'`, `'2026-11-22T05:00:00.0000000Z'`, `'0000-01-01T00:00:00.000000Z'`, `'2026-02-29T00:00:00.000000Z'`, `'1900-02-29T00:00:00.000000Z'`,
			`'2026-13-01T00:00:00.000000Z'`, `'2026-00-10T00:00:00.000000Z'`, `'2026-04-31T00:00:00.000000Z'`, `'2026-01-00T00:00:00.000000Z'`, `'2026-01-01T24:00:00.000000Z'`,
			`'2026-01-01T00:60:00.000000Z'`, `'2026-01-01T00:00:60.000000Z'`, `'2026-11-22T05:00:00.000000Z' || char(0)`, `'infinity'`, `1700000000`, `'-001-01-01T00:00:00.000000Z'`,
		},
	},
	{
		insert: `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, revoked_at) VALUES ('a', 'o', 'amazon', %s)`,
		good:   []string{`NULL`, `'2026-11-22T05:00:00.000000Z'`}, bad: []string{`'never'`},
	},
	{
		insert: `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, status) VALUES ('a', 'o', 'amazon', %s)`,
		good:   []string{`'active'`, `'paused'`, `'revoked'`, `'draft'`}, bad: []string{`NULL`, `'Active'`, `''`, `'active' || char(0)`},
	},
	{
		insert: `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind) VALUES ('a', 'o', 'amazon', %s)`,
		good:   []string{`'account'`, `'local_device'`, `'browser_collector'`, `'manual'`}, bad: []string{`NULL`, `'other'`},
	},
	{
		insert: `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding_key) VALUES ('a', 'o', 'amazon', %s)`,
		good:   []string{`NULL`, `'k'`}, bad: []string{`''`, `'` + strings.Repeat("x", 1025) + `'`},
	},
	{
		insert: `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding) VALUES ('a', 'o', 'amazon', %s)`,
		good: []string{
			`'{}'`, `'{"browser_profile_key":"p"}'`, `'{"browser_profile_key":null}'`, `'{"browser_profile_key":7,"browser_profile_key":"p"}'`, `'{"x":{"browser_profile_key":7}}'`, `'{"x":"\u00e9"}'`,
		},
		bad: []string{
			`NULL`, `'[]'`, `'7'`, `''`, `'{"browser_profile_key":7}'`, `'{"browser_profile_key":""}'`, `'{"browser_profile_key":["p"]}'`, `'{"browser_profile_key":"p","browser_profile_key":{}}'`,
			`'{"browser_profile_key":"a","browser_profile_key":"b","browser_profile_key":"c"}'`, `'{"x":"\u0000"}'`, `'{}' || char(0)`, `'{"browser_profile_key":"` + strings.Repeat("x", 257) + `"}'`,
		},
		goodOnlyHere: []string{`'{"browser\u005fprofile\u005fkey":"p"}'`, `'{"x":"\u0061"}'`},
	},
	{
		insert: `INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('c1', 's', %s)`,
		good:   []string{`'a'`, `'` + strings.Repeat("x", 1024) + `'`}, bad: []string{`''`, `NULL`, `'` + strings.Repeat("x", 1025) + `'`, `'a' || char(0)`},
	},
	{
		insert: `INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('c1', %s, 'k')`,
		good:   []string{`'a'`}, bad: []string{`''`, `NULL`, `'` + strings.Repeat("x", 257) + `'`, `'a' || char(0)`},
	},
	{
		insert: `INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 's', 'k', %s)`,
		good:   []string{`NULL`, `'{}'`, `'"é"'`}, bad: []string{`''`, `'{'`, `'{}' || char(0)`, `'{}' || char(0) || 'x'`, `x'7b7d'`},
	},
	{
		insert: `INSERT INTO records (connector_instance_id, stream, record_key, deleted) VALUES ('c1', 's', 'k', %s)`,
		good:   []string{`0`, `1`, `true`}, bad: []string{`NULL`, `2`, `-1`, `'x'`, `0.5`},
	},
	{
		insert: `INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES ('c1', 's', 'k', %s, NULL)`,
		good:   []string{`0`, `-9223372036854775808`, `9223372036854775807`}, bad: []string{`NULL`, `9223372036854775808`, `'x'`},
	},
	{
		insert: `INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b', 'c1', 's', %s)`,
		good:   []string{`0`, `9007199254740991`}, bad: []string{`NULL`, `-1`, `9007199254740992`, `'x'`},
	},
	{
		insert: `INSERT INTO spine_events (event_type, data) VALUES ('x', %s)`,
		good: []string{
			`'{}'`, `'{"connection_id":"c1"}'`, `'{"connector_instance_id":null,"connection_id":"c1"}'`, `'{"connection_id":7,"connection_id":"c1"}'`, `'{"streams":[{"stream":"s"}]}'`, `'{"error":"caf\u00e9"}'`,
		},
		bad: []string{
			`NULL`, `'[]'`, `'{'`, `'{"connection_id":7}'`, `'{"connector_instance_id":{}}'`, `'{"browser_surface_profile_key":true}'`, `'{"connection_id":""}'`, `'{"x":"\u0000"}'`,
			`'{"connection_id":"c1","connection_id":7}'`, `'{"connection_id":"` + strings.Repeat("x", 257) + `"}'`, `'{}' || char(0)`,
		},
		goodOnlyHere: []string{`'{"connection\u005fid":"c1"}'`},
	},
	{
		insert: `INSERT INTO spine_events (event_type, run_id) VALUES ('x', %s)`,
		good:   []string{`NULL`, `'r'`}, bad: []string{`''`, `'` + strings.Repeat("x", 257) + `'`},
	},
	{
		insert: `INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('c1', %s)`,
		good:   []string{`1`, `3155760000`}, bad: []string{`0`, `3155760001`, `NULL`},
	},
	{
		insert: `INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, status) VALUES ('g', 'c1', %s)`,
		good:   []string{`'pending'`, `'in_progress'`, `'recovered'`, `'terminal'`}, bad: []string{`'open'`, `NULL`},
	},
	{
		insert: `INSERT INTO connector_attention (attention_id, connector_instance_id, lifecycle) VALUES ('g', 'c1', %s)`,
		good:   []string{`'open'`, `'acknowledged'`, `'in_progress'`, `'resolved'`, `'expired'`, `'cancelled'`, `'superseded'`}, bad: []string{`'closed'`, `NULL`},
	},
	{
		insert: `INSERT INTO device_heartbeats (connector_instance_id, device_id, records_pending) VALUES ('c1', 'd', %s)`,
		good:   []string{`0`}, bad: []string{`-1`, `NULL`, `9007199254740992`},
	},
	{
		insert: `INSERT INTO records (connector_instance_id, stream, record_key, record_bytes) VALUES ('c1', 's', 'k', %s)`,
		bad:    []string{`1`}, // generated
	},
}

// TestAcceptance writes through the layer and in the sqlite3 shell.
func TestAcceptance(t *testing.T) {
	f := newFixture(t)
	var script strings.Builder
	script.WriteString(".bail off\nPRAGMA foreign_keys = 1;\n")
	var want []string
	for i, a := range acceptance {
		for _, list := range []struct {
			values      []string
			here, there bool
		}{{a.good, true, true}, {a.bad, false, false}, {a.goodOnlyHere, true, false}} {
			for j, value := range list.values {
				sql := fmt.Sprintf(a.insert, value)
				tx, err := f.Writer().Begin()
				if err != nil {
					t.Fatal(err)
				}
				if _, err = tx.Exec(sql); (err == nil) != list.here {
					t.Errorf("through the layer: %v\n%s", err, sql)
				}
				if err := tx.Rollback(); err != nil {
					t.Fatal(err)
				}
				name := fmt.Sprintf("%d/%d", i, j)
				fmt.Fprintf(&script, "SAVEPOINT s;\n%s;\nSELECT CASE WHEN changes() = 1 THEN 'took %s' END;\nROLLBACK TO s; RELEASE s;\nDELETE FROM hooked;\n", sql, name)
				if list.there {
					want = append(want, "took "+name)
				}
			}
		}
	}
	out, _ := sqliteShell(f.path, script.String()) // it ends with an error because some statements must
	var got []string
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "took ") {
			got = append(got, line)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("sqlite3 shell took\n\t%q\nwant\n\t%q\n%s", got, want, out)
	}
}

// TestGenerated reads what is generated: by both versions of SQLite, and as Postgres would.
func TestGenerated(t *testing.T) {
	const (
		event   = `INSERT INTO spine_events (event_seq, event_type, data) VALUES (%d, 'x', '%s')`
		binding = `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding) VALUES ('g%d', 'o', 'bank', '%s')`
	)
	events := []struct{ data, connection, profile string }{
		{`{}`, "-", "-"},
		{`{"connection_id":"a"}`, "a", "-"},
		{`{"connector_instance_id":"b","connection_id":"a"}`, "b", "-"},
		{`{"connector_instance_id":null,"connection_id":"a"}`, "a", "-"},
		{`{"connection_id":"a","connection_id":"z","browser_surface_profile_key":"p"}`, "z", "p"},
		{`{"connection_id":"a","connection_id":null}`, "-", "-"},
		{`{"browser_surface_profile_key":1,"browser_surface_profile_key":"caf\u00e9 \"\ud83d\ude00\""}`, "-", `café "😀"`},
	}
	var want []string
	f := newFixture(t)
	for i, e := range events {
		for at, run := range []func(string){func(s string) { f.must(t, s) }, func(s string) { f.shell(t, s+";") }} {
			n := 2*i + at + 1
			run(fmt.Sprintf(event, n, e.data))
			run(fmt.Sprintf(binding, n, strings.ReplaceAll(e.data, "browser_surface_profile_key", "browser_profile_key")))
			want = append(want, fmt.Sprintf("%s %s %s", e.connection, e.profile, e.profile))
		}
	}
	got := f.query(t, `
		SELECT coalesce(e.connector_instance_id, '-') || ' ' || coalesce(e.browser_surface_profile_key, '-') || ' ' || coalesce(c.browser_profile_key, '-')
		FROM spine_events e JOIN connector_instances c ON c.connector_instance_id = 'g' || e.event_seq ORDER BY e.event_seq`)
	if !slices.Equal(got, want) {
		t.Errorf("generated\n\t%q\nwant\n\t%q", got, want)
	}
	f.settle(t)
	f.must(t, `INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 's', 'é', '"é€😀"')`)
	if got := f.query(t, `SELECT CAST(record_bytes AS TEXT) FROM records`); got[0] != "11" {
		t.Errorf("%s octets, want 11", got[0])
	}
	// Defaults have the form that the CHECKs ask for, and event ids that of a UUID.
	f.shell(t, `INSERT INTO spine_events (event_type) VALUES ('y'), ('y');`)
	for _, id := range f.query(t, `SELECT event_id FROM spine_events WHERE event_type = 'y'`) {
		if len(id) != 36 || id[14] != '4' || !strings.ContainsRune("89ab", rune(id[19])) {
			t.Errorf("event_id %q", id)
		}
	}
}
