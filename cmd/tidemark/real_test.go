package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"tidemark/internal/poll"
	"tidemark/internal/programtest"
	"tidemark/internal/realinput"
	"tidemark/summary"
)

// realStreams are files that nobody wrote for Tidemark.
var realStreams = []struct {
	connection, stream, key string
	source                  realinput.Source
	file                    string
}{
	{"iso", "languages", "alpha_3", realinput.ISOCodes, "iso_639-3.json"},
	{"iso", "countries", "alpha_2", realinput.ISOCodes, "iso_3166-1.json"},
	{"iso", "subdivisions", "code", realinput.ISOCodes, "iso_3166-2.json"},
	{"iso", "currencies", "alpha_3", realinput.ISOCodes, "iso_4217.json"},
	{"vega", "movies", "", realinput.Vega, "movies.json"},
	{"vega", "cars", "", realinput.Vega, "cars.json"},
	{"vega", "flights", "", realinput.Vega, "flights-5k.json"},
	{"vega", "football", "", realinput.Vega, "football.json"},
	{"vega", "airports", "iata", realinput.Vega, "airports.csv"},
	{"vega", "strikes", "", realinput.Vega, "birdstrikes.csv"},
}

// count is what an independent reader finds in a file: records, and octets as they are stored.
func count(t *testing.T, text []byte, name string) (records, octets int64) {
	t.Helper()
	if strings.HasSuffix(name, ".csv") {
		table, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range table[1:] {
			octets++ // { and then, for each member, its quotes, colon, and the comma or } behind it
			for i, field := range row {
				octets += int64(len(jsonText(t, table[0][i])) + len(jsonText(t, field)) + 2)
			}
		}
		return int64(len(table) - 1), octets
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		var wrapped map[string][]json.RawMessage
		if err := json.Unmarshal(text, &wrapped); err != nil {
			t.Fatal(err)
		}
		for _, l := range wrapped {
			list = l
		}
	}
	for _, record := range list {
		octets += int64(len(record))
	}
	return int64(len(list)), octets
}

func jsonText(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Real files are imported while a server runs: what it shows equals an independent count, on both engines; then others
// change the tables, and it follows.
func TestRealInput(t *testing.T) {
	const owner = "reader"
	eachEngine(t, func(t *testing.T, dsn string) {
		p := startServer(t, dsn)
		token := strings.TrimSpace(programtest.Run(t, dsn, "token", "create", "--owner", owner))
		type total struct{ records, octets int64 }
		want, streams := map[string]total{}, map[string]string{}
		for _, s := range realStreams {
			path := realinput.Path(t, s.source, s.file)
			args := []string{"import", "--owner", owner, "--connector", string(s.source), "--connection", s.connection, "--stream", s.stream, path}
			if s.key != "" {
				args = append(args, "--key", s.key)
			}
			records, octets := count(t, realinput.Read(t, s.source, s.file), s.file)
			if out := programtest.Run(t, dsn, args...); !strings.HasPrefix(out, fmt.Sprintf("%d records: %d new, 0 changed", records, records)) {
				t.Errorf("%s: %s, want %d records", s.file, out, records)
			}
			if out := programtest.Run(t, dsn, args...); !strings.HasSuffix(out, fmt.Sprintf(" %d unchanged\n", records)) {
				t.Errorf("%s, once more: %s", s.file, out)
			}
			sum := want[s.connection]
			want[s.connection] = total{sum.records + records, sum.octets + 2*octets} // the record and its history
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			streams[s.connection+" "+s.stream] = fmt.Sprintf("%d %s", records, summary.NewInstant(info.ModTime()))
		}
		shows := func(id string, want total) bool {
			r := p.rows(t, token)[id]
			return !r.Evidence.Dirty && r.TotalRecords != nil && *r.TotalRecords == want.records && r.TotalRetainedBytes != nil && *r.TotalRetainedBytes == want.octets
		}
		for id, w := range want {
			poll.Until(t, fmt.Sprintf("connection %s shows %+v", id, w), func() bool { return shows(id, w) })
			for _, s := range p.rows(t, token)[id].StreamRecords {
				got := show(s.RecordCount)
				if s.LastUpdated != nil {
					got += " " + *s.LastUpdated
				}
				if got != streams[id+" "+s.Stream] {
					t.Errorf("stream %s of %s: %s, want %s", s.Stream, id, got, streams[id+" "+s.Stream])
				}
				delete(streams, id+" "+s.Stream)
			}
		}
		if len(streams) > 0 {
			t.Errorf("streams that do not show: %v", streams)
		}

		mustForeign(t, dsn, `DELETE FROM {records} WHERE connector_instance_id = 'vega' AND stream = 'cars'`)
		mustForeign(t, dsn, `DELETE FROM {record_changes} WHERE connector_instance_id = 'vega' AND stream = 'cars'`)
		mustForeign(t, dsn, `UPDATE {records} SET stream = 'moved' WHERE connector_instance_id = 'vega' AND stream = 'movies'`)
		cars, octets := count(t, realinput.Read(t, realinput.Vega, "cars.json"), "cars.json")
		w := total{want["vega"].records - cars, want["vega"].octets - 2*octets}
		poll.Until(t, fmt.Sprintf("connection vega shows %+v", w), func() bool { return shows("vega", w) })
		poll.Until(t, "nothing is left to drain", func() bool { return drained(t, dsn) })
		programtest.Run(t, dsn, "verify")
		if status := p.end(t, syscall.SIGTERM); status != statusFine {
			t.Errorf("exit status %d", status)
		}
	})
}
