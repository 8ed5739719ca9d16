package server

import (
	"strconv"
	"strings"
)

// prefersGzip reports whether gzip is what an Accept-Encoding asks for: it is acceptable, and not less so than no encoding.
func prefersGzip(headers []string) bool {
	quality := map[string]float64{}
	for _, header := range headers {
		for item := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(item, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "x-gzip" {
				name = "gzip"
			}
			if _, known := quality[name]; name != "" && !known {
				quality[name] = weight(params)
			}
		}
	}
	any, anything := quality["*"]
	packed, named := quality["gzip"]
	if !named {
		packed = any
	}
	plain, given := quality["identity"]
	if !given {
		plain = any
		if !anything || any > 0 {
			plain = 0.0001 // acceptable, unless * refuses it, and last
		}
	}
	if packed == 0 {
		return plain == 0 && !named && !anything // identity is refused and gzip is not: the lesser evil
	}
	return packed >= plain
}

// weight reads the q of an item; what is malformed counts as refused.
func weight(params string) float64 {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}

// noneMatch reports whether an If-None-Match names the tag of what would be sent. Tags are compared weakly, as RFC 9110 has it
// for this header, and may hold commas.
func noneMatch(headers []string, tag string) bool {
	for _, header := range headers {
		rest := strings.TrimSpace(header)
		if rest == "*" {
			return true
		}
		for rest != "" {
			rest = strings.TrimPrefix(strings.TrimLeft(rest, " \t,"), "W/")
			if !strings.HasPrefix(rest, `"`) {
				break // not a list of tags from here on
			}
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				break
			}
			if rest[:end+2] == tag {
				return true
			}
			rest = rest[end+2:]
		}
	}
	return false
}
