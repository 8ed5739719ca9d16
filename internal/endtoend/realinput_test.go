package endtoend

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/programtest"
	"tidemark/internal/realinput"
)

// imported is one file, as a stream of a connection.
type imported struct {
	connection, stream string
	source             realinput.Source
	file, key          string
	emitted            string
}

var inputs = []imported{
	{"ci_iso", "languages", realinput.ISOCodes, "iso_639-3.json", "alpha_3", "2026-01-01T00:00:00.000000Z"},
	{"ci_iso", "countries", realinput.ISOCodes, "iso_3166-1.json", "alpha_2", "2026-01-02T00:00:00.000000Z"},
	{"ci_iso", "subdivisions", realinput.ISOCodes, "iso_3166-2.json", "code", "2026-01-03T00:00:00.000000Z"},
	{"ci_iso", "former countries", realinput.ISOCodes, "iso_3166-3.json", "", "2026-01-01T00:00:00.000000Z"},
	{"ci_iso", "currencies", realinput.ISOCodes, "iso_4217.json", "alpha_3", "2026-01-01T00:00:00.000000Z"},
	{"ci_iso", "scripts", realinput.ISOCodes, "iso_15924.json", "alpha_4", "2026-01-01T00:00:00.000000Z"},
	{"ci_vega", "movies", realinput.Vega, "movies.json", "", "2026-02-01T00:00:00.000001Z"},
	{"ci_vega", "cars", realinput.Vega, "cars.json", "", "2026-02-01T00:00:00.000000Z"},
	{"ci_vega", "airports", realinput.Vega, "airports.csv", "iata", "2026-02-01T00:00:00.000000Z"},
	{"ci_vega", "bird strikes", realinput.Vega, "birdstrikes.csv", "", "2026-02-01T00:00:00.000000Z"},
	{"ci_flights", "flights", realinput.Vega, "flights-20k.json", "", "2026-03-01T00:00:00.000000Z"},
}

// rows counts the rows of a file and, for JSON, the octets of their text, without the help of package ingest.
func (i imported) rows(t *testing.T) (rows, octets int64) {
	t.Helper()
	content := realinput.Read(t, i.source, i.file)
	if strings.HasSuffix(i.file, ".csv") {
		lines, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return int64(len(lines)) - 1, 0
	}
	var list []json.RawMessage
	if json.Unmarshal(content, &list) != nil {
		var wrapped map[string][]json.RawMessage
		if err := json.Unmarshal(content, &wrapped); err != nil {
			t.Fatal(err)
		}
		for _, list = range wrapped {
		}
	}
	for _, text := range list {
		octets += int64(len(text))
	}
	return int64(len(list)), octets
}

// change is one statement of a foreign program, and what the summaries of connections must come to show.
type change struct {
	sql   string
	total map[string]int64 // records by connection; -1: the connection is gone
}

// changes are written through psql and sqlite3. The counts follow from the files and from what is done to them.
func changes(count map[string]int64) []change {
	iso, vega, flights := count["ci_iso"], count["ci_vega"], count["ci_flights"]
	return []change{
		{"UPDATE records SET deleted = true, deleted_at = '2026-04-01T00:00:00.000000Z' WHERE connector_instance_id = 'ci_iso' AND stream = 'currencies'", map[string]int64{"ci_iso": iso - count["currencies"]}},
		{"UPDATE records SET deleted = false, deleted_at = NULL WHERE connector_instance_id = 'ci_iso' AND stream = 'currencies'", map[string]int64{"ci_iso": iso}},
		{"UPDATE records SET connector_instance_id = 'ci_vega' WHERE connector_instance_id = 'ci_iso' AND stream = 'scripts'", map[string]int64{"ci_iso": iso - count["scripts"], "ci_vega": vega + count["scripts"]}},
		{"UPDATE records SET stream = 'films', emitted_at = '2026-04-02T00:00:00.000000Z' WHERE connector_instance_id = 'ci_vega' AND stream = 'movies' AND record_key = '7'", map[string]int64{"ci_vega": vega + count["scripts"]}},
		{"DELETE FROM records WHERE connector_instance_id = 'ci_vega' AND stream = 'airports'", map[string]int64{"ci_vega": vega + count["scripts"] - count["airports"]}},
		{"INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('ci_flights', 'by hand', 'ß', '{\"☃\": \"ünï\"}', '2026-05-01T00:00:00.000000Z')", map[string]int64{"ci_flights": flights + 1}},
		{"INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, created_at, updated_at) VALUES ('ci_new', 'ada', 'vega', '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')", map[string]int64{"ci_new": 0}},
		{"DELETE FROM connector_instances WHERE connector_instance_id = 'ci_iso'", map[string]int64{"ci_iso": -1}},
		{"DELETE FROM records WHERE connector_instance_id = 'ci_flights'", map[string]int64{"ci_flights": 0}},
	}
}

func TestRealInput(t *testing.T) {
	want, octets := map[string]int64{}, map[string]int64{}
	for _, i := range inputs {
		rows, text := i.rows(t)
		want[i.stream], octets[i.stream] = rows, text
		want[i.connection] += rows
	}
	dumps := map[string][][]enginetest.Row{}
	for name, dsn := range databases(t) {
		// Not named after the engine alone: the outcome on SQLite is compared on every version of Postgres.
		t.Run("on "+name, func(t *testing.T) {
			importAll(t, dsn, want)
			verified(t, dsn)
			e := enginetest.Attach(t, dsn)
			checkStreams(t, e, want, octets)
			dumps[name] = append(dumps[name], dump(t, e))

			service := serve(t, dsn, "ada")
			for _, id := range []string{"ci_iso", "ci_vega", "ci_flights"} {
				got := service.until(t, id, "imported", func(got summary, ok bool) bool { return ok })
				if got.TotalRecords == nil || *got.TotalRecords != want[id] || got.TotalRecordsState != "known" {
					t.Errorf("%s has %v records (%s), want %d", id, got.TotalRecords, got.TotalRecordsState, want[id])
				}
			}
			for _, c := range changes(want) {
				e.Shell(t, c.sql)
				for id, total := range c.total {
					service.until(t, id, c.sql, func(got summary, ok bool) bool {
						if total < 0 {
							return !ok
						}
						return ok && got.TotalRecords != nil && *got.TotalRecords == total && !got.Evidence.Dirty
					})
				}
			}
			service.Stop(t)
			e.CheckG3(t)
			dumps[name] = append(dumps[name], dump(t, e))
		})
	}
	for i := range dumps["postgres"] {
		if !reflect.DeepEqual(dumps["postgres"][i], dumps["sqlite"][i]) {
			t.Errorf("the engines differ:\n%v\n%v", dumps["postgres"][i], dumps["sqlite"][i])
		}
	}
}

// importAll imports every file twice: the second time nothing changes.
func importAll(t *testing.T, dsn string, want map[string]int64) {
	t.Helper()
	for _, again := range []bool{false, true} {
		for _, i := range inputs {
			args := []string{
				"import", "--owner", "ada", "--connector", strings.TrimPrefix(i.connection, "ci_"), "--connection", i.connection,
				"--stream", i.stream, "--emitted-at", i.emitted, "--json", realinput.Path(t, i.source, i.file),
			}
			if i.connection == "ci_flights" {
				args[4] = "vega"
			}
			if i.key != "" {
				args = append(args, "--key", i.key)
			}
			var got struct{ Records, Inserted, Unchanged int64 }
			if err := json.Unmarshal([]byte(programtest.Run(t, dsn, args...)), &got); err != nil {
				t.Fatal(err)
			}
			done := got.Inserted
			if again {
				done = got.Unchanged
			}
			if got.Records != want[i.stream] || done != want[i.stream] {
				t.Errorf("%s: imported %+v, want %d", i.file, got, want[i.stream])
			}
		}
	}
}

// checkStreams holds the stored sizes of streams against the files.
func checkStreams(t *testing.T, e *enginetest.Engine, want, octets map[string]int64) {
	t.Helper()
	e.CheckG3(t)
	found := map[string]enginetest.Row{}
	for _, r := range dump(t, e) {
		if r.Table == "retained_size_stream" {
			found[r.Key] = r
		}
	}
	for _, i := range inputs {
		r, ok := found[i.connection+"/"+i.stream]
		if !ok {
			t.Errorf("%s has no stream %q", i.connection, i.stream)
			continue
		}
		if got := r.Columns["record_count"]; got != fmt.Sprint(want[i.stream]) {
			t.Errorf("%s: %s records, want %d", i.stream, got, want[i.stream])
		}
		if got := r.Columns["record_bytes"]; octets[i.stream] > 0 && got != fmt.Sprint(octets[i.stream]) {
			t.Errorf("%s: %s octets, want %d", i.stream, got, octets[i.stream])
		}
		if got := r.Columns["newest_emitted_at"]; got != i.emitted {
			t.Errorf("%s: newest %s, want %s", i.stream, got, i.emitted)
		}
	}
}

// dump is what both engines must agree on. Identities are left out: import makes connections at its own time.
func dump(t *testing.T, e *enginetest.Engine) []enginetest.Row {
	t.Helper()
	rows, err := e.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		delete(r.Columns, "created_at")
	}
	return rows
}
