package ingest_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"tidemark/ingest"
)

// readAll returns the records as KEY=JSON@LINE, and the error that ended the reading, nil at the end of the input.
func readAll(text string, opt ingest.Options) (got []string, err error) {
	r, err := ingest.NewReader(strings.NewReader(text), opt)
	if err != nil {
		return nil, err
	}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			if _, again := r.Read(); again != err {
				return got, fmt.Errorf("read after an error: %v, before it was %v", again, err)
			}
			return got, err
		}
		got = append(got, fmt.Sprintf("%s=%s@%d", rec.Key, rec.JSON, rec.Line))
	}
}

func TestFormats(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		opt  ingest.Options
		want string // joined with |
	}{
		"nothing":                     {"", ingest.Options{}, ""},
		"blank lines":                 {"\n \r\n\t\n", ingest.Options{}, ""},
		"ndjson":                      {"{\"a\":1}\n{\"a\":2}\n", ingest.Options{}, `1={"a":1}@1|2={"a":2}@2`},
		"ndjson, no last line end":    {"{\"a\":1}\r\n\r\n  {\"a\": 2}  ", ingest.Options{}, `1={"a":1}@1|2={"a": 2}@3`},
		"ndjson, blank lines first":   {"\n\n{\"a\":1}\n[2]\n3", ingest.Options{}, `1={"a":1}@3|2=[2]@4|3=3@5`},
		"ndjson of sole arrays":       {"{\"a\":[1]}\n\n{\"a\":[2]}\n", ingest.Options{}, `1={"a":[1]}@1|2={"a":[2]}@3`},
		"one object":                  {`{"a":[1],"b":[2]}`, ingest.Options{}, `1={"a":[1],"b":[2]}@1`},
		"byte order mark":             {"\xef\xbb\xbf{\"a\":1}\n", ingest.Options{}, `1={"a":1}@1`},
		"array":                       {"[{\"a\":1},\n {\"a\":\n2}]\n\n", ingest.Options{}, "1={\"a\":1}@1|2={\"a\":\n2}@2"},
		"array of anything":           {`[1, "], \" [", null, [[]], true,-0.5e3]`, ingest.Options{}, `1=1@1|2="], \" ["@1|3=null@1|4=[[]]@1|5=true@1|6=-0.5e3@1`},
		"empty array":                 {" [ ] ", ingest.Options{}, ""},
		"sole member on one line":     {"{\"rows\": [{\"a\":1},2]}\n\n", ingest.Options{}, `1={"a":1}@1|2=2@1`},
		"sole member, pretty-printed": {"{\n  \"3166-1\": [\n    {\n      \"a\": \"é\"\n    }\n  ]\n}\n", ingest.Options{}, "1={\n      \"a\": \"é\"\n    }@3"},
		"sole member, escaped name":   {"{\"a\\\"]\":\n[]}", ingest.Options{}, ""},
		"csv":                         {"id,name\n1,Ann\n2,\"B, \"\"b\"\"\nc\"\r\n\n3,<&\u2028>\n", ingest.Options{}, "1={\"id\":\"1\",\"name\":\"Ann\"}@2|2={\"id\":\"2\",\"name\":\"B, \\\"b\\\"\\nc\"}@3|3={\"id\":\"3\",\"name\":\"<&\\u2028>\"}@6"},
		"csv, header alone":           {"\n\nid,name", ingest.Options{}, ""},
		"csv of one column":           {"\xef\xbb\xbf\"a\"\n\"\"\n", ingest.Options{}, `1={"a":""}@2`},
		"key":                         {"{\"id\":\"x\",\"v\":1}\n{\"v\":2,\"id\":9007199254740991}\n{\"id\":-1}", ingest.Options{Key: "id"}, `x={"id":"x","v":1}@1|9007199254740991={"v":2,"id":9007199254740991}@2|-1={"id":-1}@3`},
		"key, exact name":             {"{\"ID\":\"x\",\"id\":\"y\"}\n", ingest.Options{Key: "id"}, `y={"ID":"x","id":"y"}@1`},
		"key in csv":                  {"a,b\n1,2\n01,2\n", ingest.Options{Key: "a"}, `1={"a":"1","b":"2"}@2|01={"a":"01","b":"2"}@3`},
		"record of the longest size":  {"[[1,2,3,4,5]]", ingest.Options{MaxRecord: 11}, `1=[1,2,3,4,5]@1`},
		"line of the longest size":    {"{\"a\":1}\n{\"a\":1}", ingest.Options{MaxRecord: 7}, `1={"a":1}@1|2={"a":1}@2`},
		"deep":                        {"[" + strings.Repeat("[", ingest.MaxDepth) + strings.Repeat("]", ingest.MaxDepth) + "]", ingest.Options{}, "1=" + strings.Repeat("[", ingest.MaxDepth) + strings.Repeat("]", ingest.MaxDepth) + "@1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(c.text, c.opt)
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			if joined := strings.Join(got, "|"); joined != c.want {
				t.Errorf("got  %s\nwant %s", joined, c.want)
			}
		})
	}
}

func TestWrongInput(t *testing.T) {
	deep := strings.Repeat("[", ingest.MaxDepth+1) + strings.Repeat("]", ingest.MaxDepth+1)
	for name, c := range map[string]struct {
		text   string
		opt    ingest.Options
		before int // records that were read before the fault
		want   string
	}{
		"malformed line":          {"{\"a\":1}\n{\"a\":2}\n\n{\"a\":}\n{\"a\":5}", ingest.Options{}, 2, "line 4: malformed JSON: invalid character '}' looking for beginning of value"},
		"malformed first line":    {"{\"a\":1,}\n{}\n", ingest.Options{}, 0, "line 1: malformed JSON"},
		"two values on a line":    {"{}\n{} {}\n", ingest.Options{}, 1, "line 2: malformed JSON: invalid character '{' after top-level value"},
		"truncated line":          {"{}\n{\"a\":", ingest.Options{}, 1, "line 2: malformed JSON: unexpected end of JSON input"},
		"raw control character":   {"{}\n{\"a\":\"\x00\"}", ingest.Options{}, 1, "line 2: malformed JSON: invalid character '\\x00' in string literal"},
		"invalid UTF-8":           {"{}\n{\"a\":\"\xff\"}", ingest.Options{}, 1, "line 2: invalid UTF-8"},
		"surrogates in UTF-8":     {"{}\n{\"a\":\"\xed\xa0\x80\"}", ingest.Options{}, 1, "line 2: invalid UTF-8"},
		"fault inside a record":   {"[{\"a\":1},\n{\"a\":\n\n1x}]", ingest.Options{}, 1, "line 4: malformed JSON: invalid character 'x' after object key:value pair"},
		"UTF-8 fault in a record": {"[{\"a\":1},\n{\"a\":\n\n\"\xc3\"}]", ingest.Options{}, 1, "line 4: invalid UTF-8"},
		"no comma":                {"[1\n\n2]", ingest.Options{}, 1, "line 3: malformed JSON: want a comma or ] after a record, not \"2\""},
		"last comma":              {"[1,\n2,\n]", ingest.Options{}, 2, "line 3: malformed JSON: want a record, not \"]\""},
		"cut off array":           {"[1,\n2,\n", ingest.Options{}, 2, "line 3: the input ends where a record is wanted"},
		"cut off record":          {"[1,\n{\"a\":\n", ingest.Options{}, 1, "line 3: the input ends in the middle of a record"},
		"mismatched brackets":     {"[{]", ingest.Options{}, 0, "line 1: malformed JSON"},
		"more than an array":      {"[1]\n\n[2]", ingest.Options{}, 1, "line 3: there is something after the end of the records"},
		"more than one member":    {"{\"a\":\n[1],\n\"b\":2}", ingest.Options{}, 1, "line 2: the object has more than one member"},
		"member not an array":     {"{\"a\":\n{}}", ingest.Options{}, 0, "line 2: want one JSON record per line, a JSON array, or an object whose only member is an array"},
		"no member":               {"{\n}", ingest.Options{}, 0, "line 2: want one JSON record per line"},
		"object not closed":       {"{\"a\":\n[1]\n", ingest.Options{}, 1, "line 3: the input ends where } is wanted"},
		"object closed wrongly":   {"{\"a\":\n[1]\n]", ingest.Options{}, 1, "line 3: malformed JSON: want } after the array, not \"]\""},
		"long line":               {"{\"a\":1}\n{\"a\":1 }", ingest.Options{MaxRecord: 7}, 1, "line 2: the record is longer than 7 octets"},
		"long first line":         {"{\"a\":1 }\n{\"a\":1}", ingest.Options{MaxRecord: 7}, 0, "line 1: the record is longer than 7 octets"},
		"long element":            {"[1,\n\"" + strings.Repeat("x", 70000) + "\"]", ingest.Options{MaxRecord: 70001}, 1, "line 2: the record is longer than 70001 octets"},
		"too deep":                {"[1,\n" + deep + "]", ingest.Options{}, 1, "line 2: JSON nested more than 500 deep"},
		"csv: fields missing":     {"a,b\n1,2\n\n3\n", ingest.Options{}, 1, "line 4: malformed CSV: wrong number of fields"},
		"csv: bare quote":         {"\n\na,b\n1,2\n3,4\"\n", ingest.Options{}, 1, "line 5: malformed CSV: bare \" in non-quoted-field"},
		"csv: open quote":         {"a,b\n\"1\n2,3\n", ingest.Options{}, 0, "line 3: malformed CSV: extraneous or missing \" in quoted-field"},
		"csv: long row":           {"a\n1\n\"" + strings.Repeat("x\n", 9000), ingest.Options{MaxRecord: 8192}, 1, "line 2: the row after this one is longer than 8192 octets: is a quote missing?"},
		"csv: same column twice":  {"a,b,a\n1,2,3", ingest.Options{}, 0, "line 1: the CSV header names \"a\" twice"},
		"csv: column without":     {"a,,b\n1,2,3", ingest.Options{}, 0, "line 1: column 2 of the CSV header has no name"},
		"csv: invalid UTF-8":      {"a,b\n1,\"2\n\"\n1,\"\n\xff\"", ingest.Options{}, 1, "line 4: field 2: invalid UTF-8"},
		"csv: NUL":                {"a,b\n1,\x00", ingest.Options{}, 0, "line 2: field 2 holds a NUL"},
		"key missing":             {"{\"id\":1}\n{\"i\":1}", ingest.Options{Key: "id"}, 1, "line 2: the record has no member \"id\" to be its key"},
		"key of no object":        {"[null]", ingest.Options{Key: "id"}, 0, "line 1: the record is not an object"},
		"key null":                {"[{\"id\":null}]", ingest.Options{Key: "id"}, 0, "line 1: key \"id\" must be a string or an integer"},
		"key empty":               {"id\n\"\"\n", ingest.Options{Key: "id"}, 0, "line 2: key \"id\" is empty"},
		"key twice":               {"[{\"id\":\"1\"},\n{\"id\":2},\n{\"id\":1}]", ingest.Options{Key: "id"}, 2, "line 3: key \"1\" was given on line 1 already: \"id\" is not a key of these records"},
		"key beyond 2^53":         {"[{\"id\":9007199254740992}]", ingest.Options{Key: "id"}, 0, "line 1: key \"id\" is 9007199254740992: a number must be an integer within ±(2^53 - 1); quote it as a string"},
		"key not an integer":      {"[{\"id\":1.0}]", ingest.Options{Key: "id"}, 0, "line 1: key \"id\" is 1.0: a number"},
		"key with NUL":            {`[{"id":"a\u0000b"}]`, ingest.Options{Key: "id"}, 0, "line 1: key \"id\" holds a NUL"},
		"key too long":            {`[{"id":"` + strings.Repeat("é", 513) + `"}]`, ingest.Options{Key: "id"}, 0, "line 1: key \"id\" has 1026 octets; the limit is 1024"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(c.text, c.opt)
			var fault *ingest.Error
			if !errors.As(err, &fault) {
				t.Fatalf("error is %v (%T), want an *ingest.Error", err, err)
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %q, want %q", err, c.want)
			}
			if len(got) != c.before {
				t.Errorf("%d records before the fault, want %d: %v", len(got), c.before, got)
			}
		})
	}
}

// What fails below the reader is reported as it is, not as a fault of the input.
func TestBrokenInput(t *testing.T) {
	fault := errors.New("the disk is on fire")
	for name, text := range map[string]string{
		"at once": "", "ndjson": "{\"a\":[1]}\n", "line": "{}\n{}", "array": "[1,", "object": "{\"a\":\n", "csv": "a,b\n1,2\n",
	} {
		t.Run(name, func(t *testing.T) {
			in := io.MultiReader(strings.NewReader(text), iotest.ErrReader(fault))
			r, err := ingest.NewReader(in, ingest.Options{})
			for err == nil {
				_, err = r.Read()
			}
			if !errors.Is(err, fault) {
				t.Errorf("error %v, want %v", err, fault)
			}
		})
	}
}
