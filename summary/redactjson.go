package summary

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// secretName is how members are named whose whole value is a credential.
var secretName = regexp.MustCompile(`(?i)(pass(word|wd|phrase)|^pass$|pwd|secret|token|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key|cookie|credential|authorization|bearer|^otp$|_otp$|^code$|^pin$|^session([-_ ]?id)?$)`)

// RedactJSON returns a JSON text with everything that looks like a credential or an address of a person replaced: texts as
// Redact does, and whatever a member holds whose name says that it is secret. Members are sorted, so that both engines show the
// same bytes. What is no JSON is null.
func RedactJSON(text string) json.RawMessage {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return json.RawMessage("null")
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(redactValue(v)) != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(b.Bytes())
}

func redactValue(v any) any {
	switch v := v.(type) {
	case string:
		return Redact(v)
	case json.Number:
		if LooksSecret(v.String()) { // a card number is no less secret for being one
			return "[redacted]"
		}
	case []any:
		for i := range v {
			v[i] = redactValue(v[i])
		}
	case map[string]any:
		out, times := make(map[string]any, len(v)), map[string]int{}
		for _, name := range slices.Sorted(maps.Keys(v)) { // in order: names that read alike are numbered
			member := v[name]
			if _, flag := member.(bool); member != nil && !flag && secretName.MatchString(name) {
				member = "[redacted]"
			}
			shown := Redact(name)
			if times[shown]++; times[shown] > 1 {
				shown += " " + strconv.Itoa(times[shown])
			}
			out[shown] = redactValue(member)
		}
		return out
	}
	return v
}
