package ingest_test

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	_ "modernc.org/sqlite" // the strictest judge of what a record may be

	"tidemark/ingest"
)

var seeds = []string{
	"", "\n\n", "{\"a\":1}\n{\"a\":2}", "{\"a\":[1]}\n{\"a\":[2]}", "[1,{\"a\":\"]\\\"\"},[]]", "{\"a\":[1,2]}", "{\n\"a\":\n[{\"b\":1}\n]}\n",
	"a,b\n1,\"2\n3\"\n", "\xef\xbb\xbfa\n1\n", "[1,2", "{\"a\":[1],\"b\":2}", "[\"\\ud800\",1e999,-0]", "{\"id\":\"x\"}\n{\"id\":\"x\"}", "a;b\n\xff",
}

// FuzzReader feeds anything to the reader, whole and octet by octet, with and without a key.
func FuzzReader(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), "")
		f.Add([]byte(s), "id")
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = db.Close() })
	f.Fuzz(func(t *testing.T, text []byte, key string) {
		lines := bytes.Count(text, []byte{'\n'}) + 1
		r, err := ingest.NewReader(bytes.NewReader(text), ingest.Options{Key: key, MaxRecord: 1 << 10})
		last, seen := 1, map[string]bool{}
		for err == nil {
			var rec ingest.Record
			if rec, err = r.Read(); err != nil {
				break
			}
			if rec.Line < last || rec.Line > lines {
				t.Fatalf("record on line %d after one on line %d of %d", rec.Line, last, lines)
			}
			last = rec.Line
			if seen[rec.Key] || rec.Key == "" || len(rec.Key) > ingest.MaxKey || strings.ContainsRune(rec.Key, 0) || !utf8.ValidString(rec.Key) {
				t.Fatalf("key %q", rec.Key)
			}
			seen[rec.Key] = true
			var valid bool
			if err := db.QueryRow(`SELECT json_valid(?)`, rec.JSON).Scan(&valid); err != nil || !valid || !utf8.ValidString(rec.JSON) {
				t.Fatalf("SQLite does not take record %q (%v)", rec.JSON, err)
			}
		}
		var fault *ingest.Error
		switch {
		case errors.Is(err, io.EOF):
		case !errors.As(err, &fault):
			t.Fatalf("error %v is not about the input", err)
		case fault.Line < last || fault.Line > lines:
			t.Fatalf("error on line %d after a record on line %d of %d: %v", fault.Line, last, lines, fault)
		}
	})
}

// FuzzArray compares with encoding/json where that understands an array.
func FuzzArray(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want []json.RawMessage
		trimmed := bytes.TrimLeft(text, " \t\r\n")
		if !bytes.HasPrefix(trimmed, []byte("[")) {
			return
		}
		valid := json.Unmarshal(text, &want) == nil && utf8.Valid(text)
		for prefix, suffix := range map[string]string{"": "", "{\"rows\":": "}", "{\n\"rows\"\n:": "\n}\n"} {
			got, err := readAll(prefix+string(text)+suffix, ingest.Options{})
			switch {
			case !valid && err == nil:
				t.Fatalf("%q is no JSON, but was read", text)
			case valid && err != nil && !strings.Contains(err.Error(), "nested more than"):
				t.Fatalf("%q: %v", text, err)
			case valid && err == nil && len(got) != len(want):
				t.Fatalf("%q: %d records, want %d", text, len(got), len(want))
			}
		}
	})
}

// FuzzTable compares with encoding/csv.
func FuzzTable(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		header := strings.TrimLeft(text, " \t\r\n")
		if header != text || text == "" || strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{") || strings.HasPrefix(text, "\xef\xbb\xbf") {
			return // another format, or white space that the two skip differently
		}
		r := csv.NewReader(strings.NewReader(text))
		names, wrong := r.Read()
		var want []map[string]string
		for wrong == nil {
			var row []string
			if row, wrong = r.Read(); wrong == nil {
				object := map[string]string{}
				for i, field := range row {
					object[names[i]] = field
				}
				want = append(want, object)
			}
		}
		in, err := ingest.NewReader(strings.NewReader(text), ingest.Options{})
		var got []map[string]string
		for err == nil {
			var rec ingest.Record
			if rec, err = in.Read(); err == nil {
				var object map[string]string
				if err := json.Unmarshal([]byte(rec.JSON), &object); err != nil {
					t.Fatalf("record %q: %v", rec.JSON, err)
				}
				got = append(got, object)
			}
		}
		if errors.Is(err, io.EOF) && !errors.Is(wrong, io.EOF) {
			t.Fatalf("read to the end, encoding/csv: %v", wrong)
		}
		if errors.Is(err, io.EOF) && len(got) != len(want) || len(got) > len(want) {
			t.Fatalf("%d rows, encoding/csv has %d", len(got), len(want))
		}
		for i := range got {
			for name, field := range want[i] {
				if got[i][name] != field {
					t.Fatalf("row %d: %q is %q, encoding/csv has %q", i, name, got[i][name], field)
				}
			}
		}
	})
}
