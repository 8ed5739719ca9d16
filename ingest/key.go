package ingest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// shown bounds what an error quotes of the input, in octets.
const shown = 40

// keyOf takes the member out of a record. problem is empty if it can serve as a key.
func keyOf(record []byte, member string) (key, problem string) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(record, &object); err != nil || object == nil {
		return "", fmt.Sprintf("the record is not an object, so it has no member %q to be its key", member)
	}
	raw, ok := object[member]
	switch {
	case !ok:
		return "", fmt.Sprintf("the record has no member %q to be its key", member)
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &key); err != nil {
			return "", fmt.Sprintf("key %q cannot be read: %v", member, err)
		}
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil || n > maxExact || n < -maxExact {
			return "", fmt.Sprintf("key %q is %s: a number must be an integer within ±(2^53 - 1); quote it as a string", member, short(string(raw)))
		}
		key = string(raw)
	default:
		return "", fmt.Sprintf("key %q must be a string or an integer", member)
	}
	return key, keyProblem(key, member)
}

func keyProblem(key, member string) string {
	switch {
	case key == "":
		return fmt.Sprintf("key %q is empty", member)
	case len(key) > MaxKey:
		return fmt.Sprintf("key %q has %d octets; the limit is %d", member, len(key), MaxKey)
	case strings.ContainsRune(key, 0):
		return fmt.Sprintf("key %q holds a NUL", member)
	}
	return ""
}

// quoted shows a text of the input in an error.
func quoted(s string) string { return strconv.Quote(short(s)) }

func short(s string) string {
	if len(s) <= shown {
		return s
	}
	return strings.ToValidUTF8(s[:shown], "") + "…"
}
