package conformance

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/db"
	"tidemark/drain"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/sqlitecompat"
	"tidemark/summary"
	"tidemark/triggers"
)

// guardian is what looks after capture on one engine, as the server does.
type guardian interface {
	Recount(ctx context.Context, components summary.Set, progress func(done, total int64)) (drain.RebuildResult, error)
	Trust(ctx context.Context, lost []drain.CaptureState) error
	Capture(ctx context.Context) ([]drain.CaptureState, error)
}

var (
	_ guardian = (*db.DB)(nil)
	_ guardian = (*sqlitecompat.DB)(nil)
)

// lost is one way to lose capture of a table, with a change that goes unmarked by it.
type lost struct {
	name       string
	do         string
	table      string
	components []summary.Component // that may be wrong, sorted
	healthy    bool                // the state of the connection may be told all the same
}

var lostOnPostgres = []lost{
	{"disabled", `ALTER TABLE records DISABLE TRIGGER tidemark_delete; DELETE FROM records WHERE record_key = '1'`,
		"records", []summary.Component{summary.Records, summary.RetainedBytes}, false},
	{"dropped", `DROP TRIGGER tidemark_insert ON connector_schedules; INSERT INTO connector_schedules (connector_instance_id, interval_seconds) VALUES ('c1', 60)`,
		"connector_schedules", []summary.Component{summary.Schedule}, false},
	{"function altered", `CREATE OR REPLACE FUNCTION tidemark.blobs_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NULL; END';
		INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b', 'c1', 's', 7)`,
		"blobs", []summary.Component{summary.RetainedBytes}, true},
	{"restored with triggers off", `ALTER TABLE connector_detail_gaps DISABLE TRIGGER ALL; INSERT INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('g', 'c1');
		ALTER TABLE connector_detail_gaps ENABLE TRIGGER ALL`, "connector_detail_gaps", []summary.Component{summary.Gaps}, false},
	{"off for a moment", `ALTER TABLE spine_events DISABLE TRIGGER tidemark_insert; INSERT INTO spine_events (event_type, run_id, data) VALUES ('run.started', 'r', '{"connection_id":"c1"}');
		ALTER TABLE spine_events ENABLE TRIGGER tidemark_insert`, "spine_events", []summary.Component{summary.Runs}, false},
	{"connections came and went", `ALTER TABLE connector_instances DISABLE TRIGGER tidemark_insert, DISABLE TRIGGER tidemark_delete;
		DELETE FROM connector_instances WHERE connector_instance_id = 'c2';
		INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c3', 'ann', 'shop')`,
		"connector_instances", []summary.Component{summary.Identity, summary.Runs}, false},
	{"partitioned", `ALTER TABLE records RENAME TO records_old; CREATE TABLE records (LIKE records_old INCLUDING ALL) PARTITION BY LIST (stream);
		CREATE TABLE records_s PARTITION OF records FOR VALUES IN ('s'); CREATE TABLE records_rest PARTITION OF records DEFAULT;
		INSERT INTO records (connector_instance_id, stream, record_key, record_json) SELECT connector_instance_id, stream, record_key || 'x', record_json FROM records_old;
		DROP TABLE records_old; GRANT ALL ON records TO ` + enginetest.WriterRole, "records", []summary.Component{summary.Records, summary.RetainedBytes}, false},
}

// lostOfPartitions come after the last of lostOnPostgres.
var lostOfPartitions = []lost{
	{"attached", `CREATE TABLE records_n (LIKE records INCLUDING ALL); INSERT INTO records_n (connector_instance_id, stream, record_key) VALUES ('c1', 'n', '1');
		ALTER TABLE records ATTACH PARTITION records_n FOR VALUES IN ('n')`, "records", []summary.Component{summary.Records, summary.RetainedBytes}, false},
	{"detached", `ALTER TABLE records DETACH PARTITION records_s`, "records", []summary.Component{summary.Records, summary.RetainedBytes}, false},
	{"new leaf", `CREATE TABLE records_m PARTITION OF records FOR VALUES IN ('m'); INSERT INTO records_m (connector_instance_id, stream, record_key) VALUES ('c1', 'm', '1')`,
		"records", []summary.Component{summary.Records, summary.RetainedBytes}, false},
	{"leaf truncated without its trigger", `ALTER TABLE records_m DISABLE TRIGGER ALL; TRUNCATE records_m`,
		"records", []summary.Component{summary.Records, summary.RetainedBytes}, false},
	{"leaf dropped", `DROP TABLE records_n`, "records", []summary.Component{summary.Records, summary.RetainedBytes}, false},
}

var lostOnSQLite = []lost{
	{"dropped", `DROP TRIGGER tidemark_guard_records_delete; DELETE FROM records WHERE record_key = '1'`,
		"records", []summary.Component{summary.Records, summary.RetainedBytes}, false},
	{"altered", `DROP TRIGGER tidemark_guard_blobs_insert; CREATE TRIGGER tidemark_guard_blobs_insert AFTER INSERT ON blobs BEGIN SELECT 1; END;
		INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('b', 'c1', 's', 7)`,
		"blobs", []summary.Component{summary.RetainedBytes}, true},
	{"connections came and went", `DROP TRIGGER tidemark_guard_connector_instances_insert; DROP TRIGGER tidemark_guard_connector_instances_delete;
		DELETE FROM connector_instances WHERE connector_instance_id = 'c2';
		INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c3', 'ann', 'shop')`,
		"connector_instances", []summary.Component{summary.Identity, summary.Runs}, false},
}

// Whatever is done to capture: it is found, what rests on the table says so in every read, it is mended, just that is recounted, and
// only then it is trusted and equal to a recount (SPEC G9).
func TestLostCapture(t *testing.T) {
	t.Parallel()
	fixture := enginetest.Fixture{Name: "lost", Statements: []string{
		`INSERT INTO connectors (connector_id, manifest) VALUES ('shop', '{"version": "1", "streams": [{"name": "s", "required": true}]}')`,
		`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_binding_key)
		 VALUES ('c1', 'ann', 'shop', '1'), ('c2', 'ann', 'shop', '2')`,
		`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 's', '1', '1'), ('c1', 's', '2', '[1]'), ('c2', 's', '1', '2')`,
	}}
	pg := enginetest.OpenPostgres(t, pgtest.Shared(t), fixture)
	conn, err := pgx.Connect(t.Context(), pg.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test is over
	lite := enginetest.OpenSQLite(t, fixture)
	file := lite.Keeper.(*sqlitecompat.DB)
	for _, l := range append(lostOnPostgres, lostOfPartitions...) {
		l.try(t, pg, hands{
			func() error { _, _, err := triggers.Distrust(t.Context(), conn); return err },
			func() error { _, err := triggers.Install(t.Context(), conn); return err },
			func() (int, error) { found, err := triggers.Inventory(t.Context(), conn); return len(found), err },
			func() (view string, err error) {
				err = conn.QueryRow(t.Context(), `SELECT untrusted_tables::text || untrusted_components::text
					FROM tidemark.connector_summary_overview WHERE connector_instance_id = 'c1'`).Scan(&view)
				return view, err
			},
		})
	}
	for _, l := range lostOnSQLite {
		l.try(t, lite, hands{
			func() error { _, err := file.Inventory(t.Context()); return err },
			func() error { _, err := file.EnsureCapture(t.Context()); return err },
			func() (int, error) { found, err := file.Inventory(t.Context()); return len(found), err },
			func() (view string, err error) {
				err = file.Reader().QueryRow(`SELECT untrusted_tables || untrusted_components
					FROM connector_summary_overview WHERE connector_instance_id = 'c1'`).Scan(&view)
				return view, err
			},
		})
	}
}

// hands are how one engine's capture is looked at, mended, and shown to an operator.
type hands struct {
	look, mend func() error
	findings   func() (int, error)
	view       func() (string, error)
}

func (l lost) try(t *testing.T, e *enginetest.Engine, h hands) {
	t.Helper()
	where := e.Name + ", " + l.name
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", where, err)
		}
	}
	keeper := e.Keeper.(guardian)
	since := func() summary.Instant { // what event streams are told by
		t.Helper()
		events, err := e.Events(t.Context(), summary.EventQuery{After: math.MaxInt64})
		must(err)
		return events.Capture
	}
	e.Settle(t)
	before := since()
	e.Shell(t, l.do)
	must(h.look())
	lost := since()
	l.expect(t, e, h, where+", found", true)
	must(h.mend())
	if n, err := h.findings(); err != nil || n > 0 {
		t.Fatalf("%s: %d findings after mending, %v", where, n, err)
	}
	l.expect(t, e, h, where+", mended", true)
	states, err := keeper.Capture(t.Context())
	must(err)
	var recount []drain.CaptureState
	for _, s := range states {
		if !s.Trusted {
			recount = append(recount, s)
		}
	}
	// A writer goes on meanwhile.
	e.Exec(t, `INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('c1', 't', '`+strings.ReplaceAll(where, " ", "_")+`')`)
	runs := e.Counter(t)
	_, err = keeper.Recount(t.Context(), summary.NewSet(l.components...), nil)
	must(err)
	must(keeper.Trust(t.Context(), recount))
	l.expect(t, e, h, where+", recounted", false)
	if earned := since(); e.Name == enginetest.Postgres && (!lost.After(before) || !earned.After(lost)) { // on SQLite the clock stands still here
		t.Errorf("%s: capture changed at %s, was lost at %s and earned back at %s", where, before, lost, earned)
	}
	if e.Counter(t) == runs {
		t.Errorf("%s: the recount changed nothing", where)
	}
	e.CheckG3(t)
}

// expect holds a read and the operator's view to what they should say of capture.
func (l lost) expect(t *testing.T, e *enginetest.Engine, h hands, where string, untrusted bool) {
	t.Helper()
	s, err := e.Scoped(t.Context(), "ann", "c1")
	if err != nil || len(s.Observations) != 1 {
		t.Fatalf("%s: %d observations, %v", where, len(s.Observations), err)
	}
	o := s.Observations[0]
	var got []summary.Component
	for _, c := range append(slices.Clone(summary.EvidenceComponents), summary.Manifest) {
		if o.Untrusted[c] != "" {
			got = append(got, c)
			if o.Untrusted[c] == summary.ReasonUntrusted {
				t.Errorf("%s: %s is untrusted for no reason", where, c)
			}
		}
	}
	want := l.components
	if !untrusted {
		want = nil
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: untrusted %v, want %v", where, got, want)
	}
	read := summary.Synthesize(o, summary.NewInstant(enginetest.Clock.Add(time.Minute)), true)
	for _, c := range want {
		if !slices.Contains(read.Evidence.StaleComponents, c) {
			t.Errorf("%s: %s is not among the stale components %v", where, c, read.Evidence.StaleComponents)
		}
		if !l.healthy && !slices.Contains(read.Health.UnknownReasons, c) && c != summary.RetainedBytes {
			t.Errorf("%s: %s is not among the unknown reasons %v", where, c, read.Health.UnknownReasons)
		}
	}
	if untrusted && (read.Health.State == "unknown") == l.healthy {
		t.Errorf("%s: health is %s", where, read.Health.State)
	}
	if e.Name == enginetest.SQLite && strings.HasSuffix(where, "found") {
		return // not on record yet: that takes the write lock
	}
	view, err := h.view()
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	if strings.Contains(view, l.table) != untrusted {
		t.Errorf("%s: the view says %s", where, view)
	}
}
