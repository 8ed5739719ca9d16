package matrix

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/internal/recount"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// days stand for times in the statements of this package: @05 is the fifth of January 2026.
var days = regexp.MustCompile(`@(\d\d)\b`)

func dated(sql string) string { return days.ReplaceAllString(sql, `'2026-01-${1}T00:00:00.000000Z'`) }

// fleet is what every scene starts with. a and b are siblings that have something of everything, c is an empty one, d is another
// owner's device.
var fleet = enginetest.Fixture{Name: "matrix", Statements: []string{
	dated(`INSERT INTO connectors (connector_id, display_name, manifest, created_at, updated_at) VALUES
		('shop', 'Shop', '{"version":"1","streams":[{"name":"s"}]}', @01, @01), ('bank', NULL, NULL, @01, @01)`),
	dated(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind, source_binding_key, source_binding, created_at, updated_at) VALUES
		('a', 'ada', 'shop', 'browser_collector', 'ka', '{"browser_profile_key":"pa"}', @01, @01),
		('b', 'ada', 'shop', 'browser_collector', 'kb', '{"browser_profile_key":"pb"}', @01, @01),
		('c', 'ada', 'shop', 'account', NULL, '{}', @01, @01), ('d', 'bob', 'bank', 'local_device', NULL, '{}', @01, @01)`),
	dated(`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted) VALUES
		('a', 's', '1', '12', @01, false), ('a', 's', '2', '123', @02, false), ('a', 't', '1', '1234', @03, false),
		('a', 's', '9', '123456', @09, true), ('b', 's', '1', '12345', @04, false), ('d', 's', '1', '{"é":"☃"}', @05, false)`),
	dated(`INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json, emitted_at) VALUES
		('a', 's', '1', 1, '1', @01), ('a', 's', '1', 2, '12', @01), ('b', 's', '1', 1, '12', @01)`),
	`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('1', 'a', 's', 100), ('2', 'a', 's', 200), ('3', 'b', 's', 400)`,
	dated(`INSERT INTO spine_events (event_seq, event_id, event_type, occurred_at, recorded_at, run_id, source_kind, source_id, data) VALUES
		(1, 'e1', 'run.started', @01, @01, 'ra', 'connector', 'shop', '{"browser_surface_profile_key":"pa"}'),
		(2, 'e2', 'run.completed', @02, @02, 'ra', 'connector', 'shop', '{"browser_surface_profile_key":"pa"}'),
		(3, 'e3', 'run.started', @03, @03, 'rb', 'connector', 'shop', '{"connection_id":"b"}'),
		(4, 'e4', 'run.failed', @04, @04, 'rd', 'connector', 'bank', '{"connector_instance_id":"d","failure_reason":"otp_required"}')`),
	dated(`INSERT INTO connector_schedules (connector_instance_id, interval_seconds, created_at, updated_at) VALUES ('a', 60, @01, @01), ('b', 60, @01, @01)`),
	dated(`INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, stream, status, created_at, updated_at) VALUES
		('1', 'a', 's', 'pending', @01, @01), ('2', 'b', 's', 'pending', @01, @01), ('3', 'b', 's', 'terminal', @01, @02)`),
	dated(`INSERT INTO connector_attention (attention_id, connector_instance_id, lifecycle, created_at, updated_at) VALUES
		('1', 'a', 'open', @01, @01), ('2', 'b', 'open', @01, @01)`),
	dated(`INSERT INTO device_heartbeats (connector_instance_id, device_id, last_heartbeat_at) VALUES ('d', '1', @01), ('a', '1', @01)`),
}}

// shape is one way to write, and what comes of it.
type shape struct {
	name string
	// given is done before, by a superuser on Postgres, and drained.
	given []string
	// write are the statements of the writer; one that begins with ! must fail.
	write []string
	// do is another way to write, on Postgres.
	do func(t *testing.T, c *pgx.Conn)
	// super: a superuser writes, where that takes rights that an ordinary writer has not.
	super bool
	// changes are the components that change, by connection: "a:records,gaps b:identity". Nothing else may be marked, and nothing
	// at all if nothing changes.
	changes string
	// also are components that may be marked beside, in the same form; * is any connection or component.
	also string
	// guarded are those that only guard triggers mark beside: they see one row at a time; doubted those that only hooks mark
	// beside, in a transaction: what a failed statement touched. Both on SQLite.
	guarded, doubted string
	// replaced are those that guard triggers mark beside where recursive_triggers is on: OR REPLACE then fires the triggers of a DELETE,
	// which cannot know that the same row is to come.
	replaced string
	// keyed: on SQLite, the shape is about foreign keys, which must be on.
	keyed bool
	// alone: on SQLite, not within a transaction of the way of writing.
	alone bool
	// since is the first major version of Postgres that has the shape; 0 is any.
	since int
	// undo takes back what given has defined.
	undo string
	// lost: the writer loses its session.
	lost bool
	// unsafe: snapshots from before are not to be trusted (SPEC G2: TRUNCATE).
	unsafe bool
}

// components reads the form of shape.changes.
func components(text string) map[string][]string {
	out := map[string][]string{}
	for _, part := range strings.Fields(text) {
		id, list, _ := strings.Cut(part, ":")
		out[id] = append(out[id], strings.Split(list, ",")...)
		slices.Sort(out[id])
	}
	return out
}

// again puts the fleet back into a database that a shape has changed.
func again(t *testing.T, e *enginetest.Engine) {
	t.Helper()
	statements := []string{"BEGIN"}
	for _, table := range slices.Backward(enginetest.Tables) {
		statements = append(statements, "DELETE FROM "+table)
	}
	e.Exec(t, slices.Concat(statements, fleet.Statements, []string{"COMMIT"})...)
}

// watch is the state of an engine before a write.
type watch struct {
	t      *testing.T
	e      *enginetest.Engine
	before *recount.State
	held   recount.Snapshot
	letGo  func()
}

// watching drains and remembers the state.
func watching(t *testing.T, e *enginetest.Engine) *watch {
	t.Helper()
	e.Settle(t)
	if n := e.Marks(t); n != 0 {
		t.Fatalf("%d marks before the write", n)
	}
	w := &watch{t: t, e: e, before: e.Load(t)}
	w.held, w.letGo = e.Hold(t)
	return w
}

// wrote holds what has been written since against the shape, before a drain and after it.
func (w *watch) wrote(s shape) {
	w.t.Helper()
	t, e := w.t, w.e
	marks := e.Marks(t)
	after := e.CheckG2(t)
	changed := difference(w.before, after)
	if want := components(s.changes); !maps.EqualFunc(changed, want, slices.Equal) {
		t.Errorf("the write changed %v, want %v", changed, want)
	}
	if len(changed) == 0 && s.also == "" && marks != 0 {
		t.Errorf("%d marks, and nothing changed", marks)
	}
	w.marked(after, changed, components(s.also))
	if !s.unsafe {
		e.Report(t, e.LoadFrom(t, w.held).Check())
	}
	w.drained(changed)
	if !s.unsafe {
		e.Report(t, e.LoadFrom(t, w.held).Check())
	}
}

// changed drains and compares the present with what was before, where there were drains in between.
func (w *watch) changed(changes string) {
	w.t.Helper()
	changed := difference(w.before, w.e.Load(w.t))
	if want := components(changes); !maps.EqualFunc(changed, want, slices.Equal) {
		w.t.Errorf("the write changed %v, want %v", changed, want)
	}
	w.drained(changed)
}

// marked compares the components that are marked with those that changed.
func (w *watch) marked(after *recount.State, changed, also map[string][]string) {
	w.t.Helper()
	ids := union(w.before.Expected, after.Expected)
	for _, id := range ids {
		got := after.Marked(id)
		for _, c := range changed[id] { // one mark of records may carry the bytes of its stream, too
			if !slices.Contains(got, c) && !slices.Contains(got, "all") && !(c == "retained_bytes" && slices.Contains(got, "records")) {
				w.t.Errorf("%s of %s changed and is not marked: %v are", c, id, got)
			}
		}
		allowed := slices.Concat(changed[id], also[id], also["*"])
		if after.Expected[id] == nil {
			continue // whatever was of a connection that is gone may be marked
		}
		for _, c := range got {
			if !slices.Contains(allowed, c) && !slices.Contains(allowed, "*") {
				w.t.Errorf("%s of %s is marked, and only %v changed", c, id, allowed)
			}
		}
	}
}

// drained drains, and sees to it that the versions of what changed rise, and of nothing else.
func (w *watch) drained(changed map[string][]string) {
	w.t.Helper()
	after := w.e.CheckG3(w.t)
	old, now := enginetest.Versions(w.before), enginetest.Versions(after)
	for _, id := range union(old, now) {
		if rose := old[id] != now[id]; rose != (len(changed[id]) > 0) {
			w.t.Errorf("version of %s: %q → %q, and %v changed", id, old[id], now[id], changed[id])
		}
	}
}

// difference says, by recounts alone, which components of which connections differ: of one that is gone just its identity. One
// that is new is compared with c, which is empty before every write, as if c had no identity.
func difference(before, after *recount.State) map[string][]string {
	none := maps.Clone(before.Expected["c"])
	delete(none, "identity")
	out := map[string][]string{}
	for _, id := range union(before.Expected, after.Expected) {
		old, now := before.Expected[id], after.Expected[id]
		if now == nil {
			out[id] = []string{"identity"}
			continue
		}
		if old == nil {
			old = none
		}
		var found []string
		for name, of := range parts {
			if fmt.Sprint(of(old)) != fmt.Sprint(of(now)) {
				found = append(found, name)
			}
		}
		if len(found) > 0 {
			slices.Sort(found)
			out[id] = found
		}
	}
	return out
}

// parts take out of evidence what belongs to one component.
var parts = map[string]func(recount.Evidence) any{
	"identity":       member("identity"),
	"runs":           member("runs"),
	"schedule":       member("schedule"),
	"gaps":           member("gaps"),
	"attention":      member("attention"),
	"device":         member("device"),
	"records":        streams("record_count", "record_bytes", "newest_emitted_at"),
	"retained_bytes": streams("change_count", "change_bytes", "blob_count", "blob_bytes"),
}

func member(name string) func(recount.Evidence) any {
	return func(e recount.Evidence) any { return e[name] }
}

func streams(columns ...string) func(recount.Evidence) any {
	return func(e recount.Evidence) any {
		list, _ := e["streams"].([]any)
		var out []string
		for _, s := range list {
			doc := s.(map[string]any)
			values := make([]string, len(columns))
			some := false
			for i, c := range columns {
				values[i] = fmt.Sprint(doc[c])
				some = some || values[i] != "0" && values[i] != "<nil>"
			}
			if some {
				out = append(out, fmt.Sprint(doc["stream"], values))
			}
		}
		return out
	}
}

func union[V, W any](a map[string]V, b map[string]W) []string {
	ids := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(ids)
	return slices.Compact(ids)
}
