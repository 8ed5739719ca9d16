package ingest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// table is CSV (RFC 4180) with a header. Rows become objects of strings.
type table struct {
	csv    *csv.Reader
	gate   *gate
	names  []string // the header, as JSON strings
	before int      // lines before those that csv counts
	line   int      // on which the last row began
	buffer bytes.Buffer
	enc    *json.Encoder
}

// newTable reads the header.
func newTable(in *input) (*table, error) {
	g := &gate{r: in.r, most: in.most}
	t := &table{csv: csv.NewReader(g), gate: g, before: in.line - 1, line: in.line}
	t.csv.ReuseRecord = true
	t.enc = json.NewEncoder(&t.buffer)
	t.enc.SetEscapeHTML(false)
	header, err := t.row()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, name := range header {
		switch {
		case name == "":
			return nil, wrong(t.line, "column %d of the CSV header has no name", i+1)
		case seen[name]:
			return nil, wrong(t.line, "the CSV header names %s twice", quoted(name))
		}
		seen[name] = true
		t.buffer.Reset()
		if err := t.encode(name); err != nil {
			return nil, err
		}
		t.names = append(t.names, t.buffer.String())
	}
	return t, nil
}

func (t *table) next() (value, error) {
	row, err := t.row()
	if err != nil {
		return value{}, err
	}
	t.buffer.Reset()
	separator := byte('{')
	for i, field := range row {
		t.buffer.WriteByte(separator)
		separator = ','
		t.buffer.WriteString(t.names[i])
		t.buffer.WriteByte(':')
		if err := t.encode(field); err != nil {
			return value{}, err
		}
	}
	t.buffer.WriteByte('}')
	return value{t.buffer.Bytes(), t.line}, nil
}

// encode appends a text as a JSON string, without escaping what only HTML would need.
func (t *table) encode(text string) error {
	err := t.enc.Encode(text)
	t.buffer.Truncate(t.buffer.Len() - 1) // the line feed that an encoder ends with
	return err
}

// row returns the next row, which has as many fields as the header; io.EOF after the last.
func (t *table) row() ([]string, error) {
	t.gate.open()
	row, err := t.csv.Read()
	var syntax *csv.ParseError
	switch {
	case err == nil:
	case errors.Is(err, errGate):
		return nil, wrong(t.line, "the row after this one is longer than %d octets: is a quote missing?", t.gate.most)
	case errors.As(err, &syntax):
		return nil, wrong(t.before+syntax.Line, "malformed CSV: %v", syntax.Err)
	default:
		return nil, broken(err)
	}
	line, _ := t.csv.FieldPos(0)
	t.line = t.before + line
	for i, field := range row {
		line, _ := t.csv.FieldPos(i)
		if !utf8.ValidString(field) {
			return nil, wrong(t.before+line, "field %d: invalid UTF-8", i+1)
		}
		if strings.ContainsRune(field, 0) {
			return nil, wrong(t.before+line, "field %d holds a NUL", i+1)
		}
	}
	return row, nil
}

// gate lets csv read ahead by no more than one row may have: a quote that is never closed would take the rest of the input.
type gate struct {
	r          io.Reader
	most, left int
}

var errGate = errors.New("row too long")

func (g *gate) open() { g.left = g.most }

func (g *gate) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errGate
	}
	n, err := g.r.Read(p[:min(len(p), g.left)])
	g.left -= n
	return n, err
}
