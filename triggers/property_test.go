package triggers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"tidemark/summary"
)

// Random statements, by every role, some of which fail or are rolled back: what the streams held before, with the marks
// folded in, is what they hold now; and a stream that evidence cannot tell from what it was is not marked.
func TestMarksAreExact(t *testing.T) {
	b := open(t)
	rapid.Check(t, func(r *rapid.T) {
		b.exec(`BEGIN`)
		defer b.exec(`ROLLBACK`)
		b.exec(someRecords)
		before, seen := b.retained()
		for range rapid.IntRange(1, 12).Draw(r, "statements") {
			b.exec(`DELETE FROM tidemark.marks`)
			role := rapid.SampledFrom([]string{"origin", "origin", "replica"}).Draw(r, "role")
			sql := statement(r)
			b.exec(`SET LOCAL session_replication_role = ` + role + `; SAVEPOINT one`)
			undone := rapid.IntRange(0, 5).Draw(r, "undone") == 0
			if _, err := b.Exec(t.Context(), sql); err != nil || undone {
				b.exec(`ROLLBACK TO one`)
			}
			b.exec(`RELEASE one`)
			after, sees := b.retained()
			pending := b.pending()
			for _, id := range []string{"a", "b", "c"} {
				p := pending[id]
				if p == nil {
					p = &summary.Pending{}
				}
				got := summary.Fold(before[id], p.Deltas)
				for i, s := range got.Streams { // what deltas cannot give is looked up
					if slices.Contains(got.NewestUnknown, s.Stream) {
						got.Streams[i].NewestAt = newest(after[id], s.Stream)
					}
				}
				if want := after[id]; got.Drifted || len(p.Recount) > 0 || fmt.Sprint(print(got.Streams)) != fmt.Sprint(print(want)) {
					r.Fatalf("%s as %s: %s\nbefore %v\n  fold %v\n  want %v", sql, role, id, print(before[id]), print(got.Streams), print(want))
				}
				if role == "replica" {
					continue // row by row there is more to see
				}
				for _, name := range slices.Sorted(maps.Keys(p.Deltas)) {
					if k := id + "/" + name; seen[k] == sees[k] {
						r.Fatalf("%s: %s is marked, and nothing of it changed: %+v", sql, k, p.Deltas[name])
					}
				}
			}
			before, seen = after, sees
		}
	})
}

// statement draws one statement on records, record_changes or blobs.
func statement(r *rapid.T) string {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(r, name) }
	where := pick("where", "", " WHERE connector_instance_id = 'a'", " WHERE stream = 's'", " WHERE record_key = '1'",
		" WHERE connector_instance_id = 'b' AND stream = 's'", " WHERE ctid = '(0,1)'", " WHERE record_key = '9'", " WHERE false")
	json := pick("json", "null", "'1'", "'12'", "'1234'", "(repeat('1', 1 + length(record_key)))::json")
	time := "'2026-01-0" + pick("day", "1", "3", "5", "9") + "Z'"
	row := func(values ...string) string {
		return fmt.Sprintf("('%s', '%s', '%s', %s)", pick("connection", "a", "b", "c"), pick("stream", "s", "t", "u"),
			pick("key", "1", "2", "3"), strings.Join(values, ", "))
	}
	rows := func(values ...string) string {
		out := make([]string, rapid.IntRange(1, 3).Draw(r, "rows"))
		for i := range out {
			out[i] = row(values...)
		}
		return strings.Join(out, ", ")
	}
	switch pick("kind", "insert", "upsert", "update", "update", "update", "delete", "change", "blob") {
	case "insert":
		return `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted) VALUES ` +
			rows(strings.ReplaceAll(json, "record_key", "'xx'"), time, pick("deleted", "true", "false", "false")) + ` ON CONFLICT DO NOTHING`
	case "upsert":
		return `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, deleted) VALUES ` +
			row("'12'", time, pick("deleted", "true", "false", "false")) +
			` ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json,
			  emitted_at = excluded.emitted_at, deleted = excluded.deleted, version = records.version + 1`
	case "update":
		return `UPDATE records SET ` + pick("set", "record_json = "+json, "emitted_at = "+time, "emitted_at = "+time+", record_json = "+json,
			"deleted = NOT deleted", "deleted = true", "stream = CASE stream WHEN 's' THEN 't' ELSE 's' END, record_key = stream || record_key",
			"connector_instance_id = 'c'", "version = 7", "record_key = record_key || 'x'",
			"emitted_at = CASE record_key WHEN '1' THEN '2026-01-02Z'::timestamptz ELSE '2026-01-01Z' END",
			"record_json = CASE record_key WHEN '1' THEN '123'::json ELSE '12' END") + where
	case "delete":
		return `DELETE FROM ` + pick("table", "records", "record_changes", "blobs") + where
	case "change":
		if rapid.Bool().Draw(r, "update") {
			return `UPDATE record_changes SET ` + pick("set", "record_json = "+json, "deleted = true", "stream = 'v'", "connector_instance_id = 'c'") + where
		}
		return `INSERT INTO record_changes (connector_instance_id, stream, record_key, version, record_json) VALUES ` +
			rows("9", "'123'") + ` ON CONFLICT DO NOTHING`
	default:
		if rapid.Bool().Draw(r, "update") {
			return `UPDATE blobs SET ` + pick("set", "size_bytes = 5", "size_bytes = 600 - size_bytes", "mime_type = 'x'", "stream = 'v'",
				"connector_instance_id = CASE connector_instance_id WHEN 'a' THEN 'b' ELSE 'a' END") + strings.ReplaceAll(where, "record_key", "blob_id")
		}
		return `INSERT INTO blobs (connector_instance_id, stream, blob_id, size_bytes) VALUES ` + rows("7") + ` ON CONFLICT DO NOTHING`
	}
}

// retained counts the source tables: what each connection's streams hold, and everything that evidence could see of each.
func (s *session) retained() (map[string][]summary.StreamSize, map[string]string) {
	s.t.Helper()
	rows, err := s.Query(s.t.Context(), `
		SELECT connector_instance_id, stream, sum(r), sum(rb), sum(c), sum(cb), sum(b), sum(bb), max(at),
		       concat_ws(' ', sum(r), sum(rb), sum(c), sum(cb), sum(b), sum(bb), array_agg(at ORDER BY at))
		FROM (
			SELECT connector_instance_id, stream, 1 AS r, record_bytes AS rb, 0 AS c, 0 AS cb, 0 AS b, 0 AS bb, emitted_at AS at
			FROM records WHERE deleted IS FALSE
			UNION ALL SELECT connector_instance_id, stream, 0, 0, 1, octet_length(coalesce(record_json::text, '')), 0, 0, null FROM record_changes
			UNION ALL SELECT connector_instance_id, stream, 0, 0, 0, 0, 1, size_bytes, null FROM blobs) x
		GROUP BY 1, 2 ORDER BY 1, 2`)
	if err != nil {
		s.t.Fatal(err)
	}
	sizes, seen := map[string][]summary.StreamSize{}, map[string]string{}
	var id, all string
	var z summary.StreamSize
	_, err = pgx.ForEachRow(rows, []any{&id, &z.Stream, &z.RecordCount, &z.RecordBytes, &z.ChangeCount, &z.ChangeBytes, &z.BlobCount, &z.BlobBytes, &z.NewestAt, &all}, func() error {
		sizes[id] = append(sizes[id], z)
		seen[id+"/"+z.Stream] = all
		z.NewestAt = nil
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return sizes, seen
}

// pending adds up the marks by connection.
func (s *session) pending() map[string]*summary.Pending {
	s.t.Helper()
	rows, err := s.Query(s.t.Context(), `
		SELECT connector_instance_id, component::text, recount, stream, coalesce(records_delta, 0), coalesce(record_bytes_delta, 0),
		       coalesce(changes_delta, 0), coalesce(change_bytes_delta, 0), coalesce(blobs_delta, 0), coalesce(blob_bytes_delta, 0),
		       newest_gained, newest_lost
		FROM tidemark.marks`)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]*summary.Pending{}
	marks, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m struct {
		id string
		summary.Mark
	}, err error) {
		d := &m.Delta
		err = row.Scan(&m.id, &m.Component, &m.Recount, &m.Stream, &d.Records, &d.RecordBytes, &d.Changes, &d.ChangeBytes, &d.Blobs, &d.BlobBytes, &d.Gained, &d.Lost)
		return m, err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range marks {
		if out[m.id] == nil {
			out[m.id] = &summary.Pending{}
		}
		out[m.id].Add(m.Mark)
	}
	return out
}

func newest(streams []summary.StreamSize, name string) *summary.Instant {
	for _, s := range streams {
		if s.Stream == name {
			return s.NewestAt
		}
	}
	return nil
}

// print shows streams with the times that pointers hide.
func print(streams []summary.StreamSize) []string {
	out := []string{}
	for _, s := range streams {
		at := s.NewestAt
		s.NewestAt = nil
		text := fmt.Sprintf("%+v", s)
		if at != nil {
			text += " " + at.String()
		}
		out = append(out, text)
	}
	return out
}
