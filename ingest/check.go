package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// check is an error unless raw, which begins on the given line, is one JSON value that both engines store.
func check(raw []byte, line int) error {
	if bad := invalidUTF8(raw); bad >= 0 {
		return wrong(lineAt(raw, bad, line), "invalid UTF-8")
	}
	var text json.RawMessage
	if err := json.Unmarshal(raw, &text); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return wrong(lineAt(raw, int(syntax.Offset)-1, line), "malformed JSON: %v", err)
		}
		return wrong(line, "malformed JSON: %v", err)
	}
	if at := tooDeep(raw); at >= 0 {
		return wrong(lineAt(raw, at, line), "JSON nested more than %d deep", MaxDepth)
	}
	return nil
}

// lineAt is the line of raw[offset].
func lineAt(raw []byte, offset, line int) int {
	return line + bytes.Count(raw[:min(max(offset, 0), len(raw))], []byte{'\n'})
}

// invalidUTF8 returns the offset of the first octet that is not UTF-8, or -1.
func invalidUTF8(raw []byte) int {
	if utf8.Valid(raw) {
		return -1
	}
	at := 0
	for {
		r, n := utf8.DecodeRune(raw[at:])
		if r == utf8.RuneError && n <= 1 {
			return at
		}
		at += n
	}
}

// tooDeep returns the offset at which valid JSON nests deeper than MaxDepth, or -1.
func tooDeep(raw []byte) int {
	if bytes.Count(raw, []byte{'['})+bytes.Count(raw, []byte{'{'}) <= MaxDepth {
		return -1
	}
	var n nesting
	for i, c := range raw {
		if n.step(c); n.depth > MaxDepth {
			return i
		}
	}
	return -1
}

// nesting follows JSON octet by octet.
type nesting struct {
	depth            int
	quoted, escaping bool
}

func (n *nesting) step(c byte) {
	switch {
	case n.escaping:
		n.escaping = false
	case n.quoted:
		n.escaping, n.quoted = c == '\\', c != '"'
	case c == '"':
		n.quoted = true
	case c == '[' || c == '{':
		n.depth++
	case c == ']' || c == '}':
		n.depth--
	}
}
