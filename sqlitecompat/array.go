package sqlitecompat

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"tidemark/drain"
)

// array is a set of ids as a JSON array, the one parameter from which json_each makes a table. Unlike encoding/json it keeps
// octets that are not UTF-8: SQLite does not mind them in a column, and an id must be found again.
func array(values []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		quote(&b, v)
	}
	b.WriteByte(']')
	return b.String()
}

// pairs is array for streams: [["connection","stream"],…].
func pairs(refs []drain.StreamRef) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, r := range refs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('[')
		quote(&b, r.ConnectionID)
		b.WriteByte(',')
		quote(&b, r.Stream)
		b.WriteByte(']')
	}
	b.WriteByte(']')
	return b.String()
}

func quote(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			fmt.Fprintf(b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

// members decodes what array wrote.
func members(text string) ([]string, error) {
	if utf8.ValidString(text) {
		var out []string
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			return nil, fmt.Errorf("decode list %q: %w", text, err)
		}
		return out, nil
	}
	// Each octet becomes a character of its own, which JSON keeps, and is an octet again afterwards.
	var wide strings.Builder
	for i := 0; i < len(text); i++ {
		wide.WriteRune(rune(text[i]))
	}
	out, err := members(wide.String())
	for i, w := range out {
		narrow := make([]byte, 0, len(w))
		for _, r := range w {
			narrow = append(narrow, byte(r))
		}
		out[i] = string(narrow)
	}
	return out, err
}
