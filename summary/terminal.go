package summary

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// maxExact is the largest integer that every JSON reader keeps exactly: 2^53 - 1.
const maxExact = 1<<53 - 1

// maxRunStreams bounds what one terminal event may put into evidence.
const maxRunStreams = 1000

// terminal is the data object of a terminal event. Producers differ, so every member may be missing or of another type;
// what is not understood is unknown, never an error.
type terminal map[string]json.RawMessage

func parseTerminal(data string) terminal {
	var t terminal
	if json.Unmarshal([]byte(data), &t) != nil {
		return terminal{}
	}
	return t
}

// text returns a member that is a non-blank JSON string.
func (t terminal) text(key string) (string, bool) {
	var s string
	if raw := t[key]; len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, strings.TrimSpace(s) != ""
}

// sanitized returns a member's text as a reason that may be shown, or nil.
func (t terminal) sanitized(key string) *string {
	s, ok := t.text(key)
	if !ok {
		return nil
	}
	s = SanitizeReason(s)
	return &s
}

// failure is the raw failure reason: data.failure_reason; for a failed surface only, else what the surface says.
func (t terminal) failure(status string) string {
	keys, fallback := []string{"failure_reason"}, ReasonUnspecified
	if status == RunSurfaceFailed {
		keys, fallback = append(keys, "browser_surface_wait_reason", "browser_surface_status"), ReasonSurfaceFailed
	}
	for _, k := range keys {
		if s, ok := t.text(k); ok {
			return s
		}
	}
	return fallback
}

// count returns a member that is an integer from 0 to 2^53 - 1, or the length of an array.
func (t terminal) count(key string) *int64 {
	raw := bytes.TrimSpace(t[key])
	if len(raw) > 0 && raw[0] == '[' {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil
		}
		n := int64(len(list))
		return &n
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < 0 || n > maxExact {
		return nil
	}
	return &n
}

// streams returns the facts of data.streams in the event's order; entries without a name are left out.
func (t terminal) streams() []RunStream {
	out := []RunStream{}
	var list []terminal
	if json.Unmarshal(t["streams"], &list) != nil {
		return out
	}
	for _, s := range list {
		name, ok := s.text("stream")
		if !ok || len(name) > 256 || len(out) == maxRunStreams {
			continue
		}
		rs := RunStream{
			Stream: name, Considered: s.count("considered"), Covered: s.count("covered"),
			Collected: s.count("collected"), Skipped: s.count("skipped"),
		}
		if c, ok := s.text("checkpoint"); ok {
			c = Redact(c)
			rs.Checkpoint = &c
		}
		out = append(out, rs)
	}
	return out
}
