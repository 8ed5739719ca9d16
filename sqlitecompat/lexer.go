package sqlitecompat

import "strings"

// A lexer cuts SQL text into the tokens that tell statements apart. It follows SQLite's tokenizer where that matters:
// comments, the four ways of quoting, and a NUL, which ends the text.
type lexer struct {
	text string
	at   int
}

// token is a word, a quoted text or one other character; empty at the end of the text.
type token struct {
	text       string
	start, end int
	quoted     bool // '…', "…", `…` or […]
}

// is reports whether the token is the keyword, given in upper case.
func (t token) is(keyword string) bool { return !t.quoted && strings.EqualFold(t.text, keyword) }

// name is the token as an identifier: unquoted, and in lower case, since SQLite compares names without regard to ASCII case.
func (t token) name() string {
	s := t.text
	if t.quoted && len(s) >= 2 {
		quote := s[:1]
		if s = s[1 : len(s)-1]; quote != "[" {
			s = strings.ReplaceAll(s, quote+quote, quote)
		}
	}
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// next returns the next token, past white space and comments.
func (l *lexer) next() token {
	l.skip()
	start := l.at
	if start == len(l.text) {
		return token{start: start, end: start}
	}
	quoted := false
	switch c := l.text[start]; {
	case c == '\'' || c == '"' || c == '`':
		l.quote(c)
		quoted = true
	case c == '[':
		quoted = true
		l.until("]")
	case word(c):
		for l.at < len(l.text) && word(l.text[l.at]) {
			l.at++
		}
	default:
		l.at++
	}
	return token{text: l.text[start:l.at], start: start, end: l.at, quoted: quoted}
}

// skip goes past white space and comments.
func (l *lexer) skip() {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case strings.IndexByte(" \t\n\f\r", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "\uFEFF"): // a byte order mark is white space to SQLite
			l.at += len("\uFEFF")
		case strings.HasPrefix(rest, "--"):
			l.until("\n")
		case strings.HasPrefix(rest, "/*"):
			l.at += 2
			l.until("*/")
		case rest[0] == 0:
			l.text = l.text[:l.at]
		default:
			return
		}
	}
}

// until goes past the next end, or to the end of the text.
func (l *lexer) until(end string) {
	if i := strings.Index(l.text[l.at:], end); i >= 0 {
		l.at += i + len(end)
		return
	}
	l.at = len(l.text)
}

// quote goes past a quoted text, in which the quote itself is doubled.
func (l *lexer) quote(q byte) {
	for l.at++; l.at < len(l.text); l.at++ {
		if l.text[l.at] != q {
			continue
		}
		if l.at+1 == len(l.text) || l.text[l.at+1] != q {
			l.at++
			return
		}
		l.at++
	}
}

// word reports whether c is part of a keyword, name or number.
func word(c byte) bool {
	return c >= 0x80 || c == '_' || c == '$' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
