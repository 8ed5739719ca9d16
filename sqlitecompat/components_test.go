package sqlitecompat

import "testing"

// afterDrain is a way that drains after its first statement.
func afterDrain(first string, rest ...string) func(t *testing.T, f *fixture) {
	return func(t *testing.T, f *fixture) {
		t.Helper()
		f.must(t, first)
		f.settle(t)
		f.must(t, rest...)
	}
}

// TestComponents writes every source table but those of sizes, through the layer.
func TestComponents(t *testing.T) {
	const gap = `INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream, status, attempt_count, next_attempt_after, updated_at) VALUES `
	for _, w := range []way{
		{"connection", statements(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c4', 'ann', 'bank')`),
			[]string{"connection identity recount c4"}},
		{"connection with a profile", statements(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding) VALUES ('c4', 'ann', 'bank', '{"browser_profile_key":"p9"}')`),
			[]string{"connection identity recount c4", "run runs recount profile:p9"}},
		{"name", statements(`UPDATE connector_instances SET display_name = 'x' WHERE connector_instance_id = 'c1'`), []string{"connection identity recount c1"}},
		{"revoked", statements(`UPDATE connector_instances SET status = 'revoked', revoked_at = '` + at("20") + `' WHERE connector_instance_id = 'c1'`), []string{"connection identity recount c1"}},
		{"profile", statements(`UPDATE connector_instances SET source_binding = '{"browser_profile_key":"p2"}' WHERE connector_instance_id = 'c1'`),
			[]string{"connection identity recount c1", "run runs recount profile:p1", "run runs recount profile:p2"}},
		{"connector of a connection", statements(`UPDATE connector_instances SET connector_id = 'bank' WHERE connector_instance_id = 'c1'`),
			[]string{"connection identity recount c1", "run runs recount profile:p1"}},
		{"profiles exchanged", statements(`UPDATE connector_instances SET source_binding = CASE connector_instance_id WHEN 'c1' THEN '{"browser_profile_key":"p2"}' ELSE '{"browser_profile_key":"p1"}' END WHERE connector_instance_id IN ('c1', 'c2')`),
			[]string{"connection identity recount c1", "connection identity recount c2", "run runs recount profile:p1", "run runs recount profile:p2"}},
		{"manifest", statements(`UPDATE connectors SET manifest = '{}' WHERE connector_id = 'bank'`), []string{"connector manifest recount connector:bank"}},
		{"connector name", statements(`UPDATE connectors SET display_name = 'B', updated_at = '` + at("20") + `' WHERE connector_id = 'bank'`), []string{"connector manifest recount connector:bank"}},
		{"event", statements(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.started', 'r1', 'amazon', '{"connection_id":"c1"}')`),
			[]string{"run runs recount c1 run:r1"}},
		{"events of a run", statements(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.started', 'r1', 'amazon', '{"browser_surface_profile_key":"p1"}'), ('run.completed', 'r1', 'amazon', '{"browser_surface_profile_key":"p1"}'), ('x', 'r1', 'amazon', '{}')`),
			[]string{"run runs recount run:r1", "run runs recount run:r1 profile:p1"}},
		{"event moves", statements(`BEGIN`, `INSERT INTO spine_events (event_id, event_type, run_id, source_id, data) VALUES ('e1', 'run.started', 'r1', 'amazon', '{"connection_id":"c1"}')`,
			`UPDATE spine_events SET run_id = 'r2' WHERE event_id = 'e1'`, `COMMIT`), []string{"run runs recount c1 run:r2"}},
		{"event that says the same", afterDrain(`INSERT INTO spine_events (event_id, event_type, run_id, source_id) VALUES ('e1', 'run.started', 'r1', 'amazon')`,
			`UPDATE spine_events SET status = 'x', source_kind = 'y', recorded_at = '`+at("20")+`'`), nil},
		{"schedule", statements(`INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('c1', 60), ('c2', 60)`,
			`UPDATE connector_schedules SET enabled = 1`), []string{"connection schedule recount c1", "connection schedule recount c2"}},
		{"schedule moves", statements(`BEGIN`, `INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('c1', 60)`,
			`UPDATE connector_schedules SET connector_instance_id = 'c2'`, `COMMIT`), []string{"connection schedule recount c2"}},
		{"gap", statements(gap + `('g', 'c1', 's', 'pending', 1, NULL, '` + at("01") + `')`), []string{"connection gaps recount c1"}},
		{"pending gap is touched", afterDrain(gap+`('g', 'c1', 's', 'pending', 1, NULL, '`+at("01")+`')`,
			`UPDATE connector_detail_gaps SET updated_at = '`+at("02")+`', reason = 'x', record_key = 'k'`), nil},
		{"terminal gap is touched", afterDrain(gap+`('g', 'c1', 's', 'terminal', 1, NULL, '`+at("01")+`')`,
			`UPDATE connector_detail_gaps SET attempt_count = 9, next_attempt_after = '`+at("09")+`'`), nil},
		{"terminal gap again", statements(gap+`('g', 'c1', 's', 'terminal', 1, NULL, '`+at("01")+`')`, `UPDATE connector_detail_gaps SET updated_at = '`+at("02")+`'`),
			[]string{"connection gaps recount c1", "connection gaps recount c1"}},
		{"attention", statements(`INSERT INTO connector_attention (attention_id, connector_instance_id) VALUES ('a', 'c1')`,
			`UPDATE connector_attention SET lifecycle = 'resolved'`, `UPDATE connector_attention SET reason_code = 'x'`),
			[]string{"connection attention recount c1", "connection attention recount c1"}},
		{"device", statements(`INSERT INTO device_heartbeats (connector_instance_id, device_id, records_pending) VALUES ('c1', 'd', 1)`,
			`INSERT OR REPLACE INTO device_heartbeats (connector_instance_id, device_id, records_pending) VALUES ('c1', 'd', 1)`,
			`UPDATE device_heartbeats SET records_pending = 2`), []string{"connection device recount c1", "connection device recount c1"}},
		{"device doubted", statements(`BEGIN`, `SAVEPOINT s`, `INSERT INTO device_heartbeats (connector_instance_id, device_id) VALUES ('c1', 'd')`, `ROLLBACK TO s`, `COMMIT`),
			[]string{"connection device recount c1"}},
	} {
		w.run(t)
	}
}

// TestCoarse holds more in one transaction than the capture does: its marks must then ask for recounts.
func TestCoarse(t *testing.T) {
	const connection = `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES `
	small := func(do func(t *testing.T, f *fixture)) func(t *testing.T, f *fixture) {
		return func(t *testing.T, f *fixture) {
			conn, err := f.Writer().Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			err = conn.Raw(func(c any) error {
				capture := c.(*hookedConn).capture
				capture.bounds = bounds{tracked: 3, streams: 3, subjects: 3}
				capture.reset()
				return nil
			})
			if err != nil || conn.Close() != nil {
				t.Fatal(err)
			}
			do(t, f)
		}
	}
	for _, w := range []way{
		{"times that fit", small(statements(`BEGIN`, `INSERT `+records("c1", "orders", "x={}@11", "y={}@12", "z={}@13"),
			`DELETE FROM records WHERE record_key IN ('x', 'y', 'z')`, `COMMIT`)), nil},
		{"times", small(statements(`INSERT ` + records("c1", "orders", "v={}@11", "w={}@12", "x={}@13", "y={}@14", "z={}@10"))),
			[]string{"connection records c1 orders records:5/10 gained:" + at("14")}},
		{"times that cancel out in part", small(statements(`BEGIN`, `INSERT `+records("c1", "orders", "v={}@11", "w={}@12", "x={}@13", "y={}@14", "z={}@10"),
			`DELETE FROM records WHERE record_key >= 'v'`, `COMMIT`)), []string{"connection records c1 orders gained:" + at("14") + " lost:" + at("14")}},
		{"streams", small(statements(`BEGIN`, `INSERT `+records("c1", "s1", "x={}@11"), `INSERT `+records("c1", "s2", "x={}@11"), `INSERT `+records("c3", "s1", "x={}@11"),
			`INSERT `+records("c1", "s3", "x={}@11"), `INSERT `+records("c2", "s1", "x={}@11"), `INSERT `+records("c1", "s1", "y={}@12"), `COMMIT`)),
			[]string{"connection records recount c1", "connection records recount c2", "connection records c3 s1 records:1/2 gained:" + at("11")}},
		{"subjects", small(statements(connection + `('n1', 'ann', 'bank'), ('n2', 'ann', 'bank'), ('n3', 'ann', 'bank'), ('n4', 'ann', 'bank')`)),
			[]string{"all identity recount"}},
		{"rows of a subject", small(statements(`INSERT INTO device_heartbeats (connector_instance_id, device_id) VALUES ('c1', '1'), ('c1', '2'), ('c1', '3'), ('c1', '4')`)),
			[]string{"connection device recount c1"}},
		{"runs", small(statements(`INSERT INTO spine_events (event_type, run_id, data) VALUES ('x', 'r1', '{"connection_id":"c1"}'), ('x', 'r2', '{"connection_id":"c1"}'), ('x', 'r3', '{"connection_id":"c1"}'), ('x', 'r4', '{"connection_id":"c2"}')`)),
			[]string{"all runs recount"}},
		{"sums", statements(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)
			INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) SELECT i, 'c1', 'big', 9007199254740991 FROM n`, `DELETE FROM blobs WHERE stream = 'big'`),
			[]string{"connection retained_bytes recount c1 big", "connection retained_bytes recount c1 big"}},
	} {
		w.run(t)
	}
}

// TestWithoutPreUpdate writes tables for which SQLite calls no hook; a write there must be committed like any other.
func TestWithoutPreUpdate(t *testing.T) {
	f := newFixture(t)
	f.must(t, `INSERT INTO spine_events (event_type) VALUES ('x')`, `UPDATE sqlite_sequence SET seq = 41`,
		`INSERT INTO spine_events (event_type) VALUES ('y')`, `CREATE VIRTUAL TABLE words USING fts5 (word)`, `INSERT INTO words VALUES ('tide')`)
	if got := f.query(t, `SELECT max(event_seq) || ' ' || (SELECT word FROM words) FROM spine_events`); got[0] != "42 tide" {
		t.Errorf("got %q", got)
	}
	f.must(t, `CREATE TABLE late (a)`, `INSERT INTO late VALUES (1)`, `DROP TABLE late`, `VACUUM`, `ANALYZE`, `REINDEX`)
	f.wantMarks(t)
}
