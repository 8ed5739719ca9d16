package summary

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// secretValue is what follows the name of a credential: the scheme of an Authorization, a text in quotes (closed or not) or up to the
// next blank, and a second word that is long enough to be the rest of it.
const secretValue = `(?:(?:bearer|basic|digest|token)\s+)?(?:\\?"[^"]*"?|'[^']*'?|\\*[^\s"']+)(?:\s+[A-Za-z0-9+/_.=-]{8,})?`

// ReasonOther stands for a failure reason that may not be shown as it is.
const ReasonOther = "other"

// maxRedacted bounds, in octets, a redacted text that evidence keeps.
const maxRedacted = 512

var (
	// reasonCode is what a producer's reason must look like to be shown (SPEC section 9).
	reasonCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	// tokenPrefix is how well-known credentials begin.
	tokenPrefix = regexp.MustCompile(`(?i)^(sk|pk|rk|ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abeprs]|ya29|akia|asia|eyj|bearer|basic|tdm)[-_.:]?[a-z0-9]`)
	// secretPair is a credential given by name: password hunter2, the code is 4711, Authorization: Bearer ….
	secretPair = regexp.MustCompile(`(?i)\b(authorization|bearer|basic|pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_ ]?key|access[-_ ]?key|session(?:[-_ ]?id)?|cookie|set-cookie|otp|code|credential)s?\b["']?\s*(?:[:=]|\bis\b|\s)\s*` + secretValue)
	// secretMember is one that is given by a longer name: access_token=…, "client_secret": "…", dbPassword=….
	secretMember = regexp.MustCompile(`(?i)([a-z0-9_-]*(?:pass(?:word|wd|phrase|code)|pwd|secret|token|cookie|credential|jwt|(?:api|access|secret|private|signing)[-_]?key|session[-_]?id)s?)[\\"']*\s*[:=]\s*` + secretValue)
	// cookies are a header's, to the end of its line.
	cookies = regexp.MustCompile(`(?i)\b((?:set-)?cookie)\s*:[^\r\n]*`)
	// urlUserinfo is the user:password part of an address; urlQuery its query, where tokens travel.
	urlUserinfo = regexp.MustCompile(`://\S*@`)
	urlQuery    = regexp.MustCompile(`(://[^\s?#]+)[?#][^\s"']*`)
	email       = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`)
	word        = regexp.MustCompile(`[A-Za-z0-9+/_.=~-]{16,}`)
)

// SanitizeReason returns a producer's reason as it may be shown: itself if it is a code and does not look like a token,
// else "other".
func SanitizeReason(raw string) string {
	if reasonCode.MatchString(raw) && !LooksSecret(raw) {
		return raw
	}
	return ReasonOther
}

// LooksSecret reports whether one word looks like a credential: a known prefix before a long tail, a long run of mixed
// letters and digits that no reason code needs, of letters in random case, or many short ones as in a UUID.
func LooksSecret(w string) bool {
	if len(w) >= 16 && tokenPrefix.MatchString(w) && strings.ContainsAny(w, "0123456789") {
		return true
	}
	mixed := 0
	for _, part := range strings.FieldsFunc(w, func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == '/' }) {
		digits, letters, turns := 0, 0, 0
		for i, c := range part {
			switch {
			case c >= '0' && c <= '9':
				digits++
			default:
				letters++
			}
			if i > 0 && isUpper(part[i]) != isUpper(part[i-1]) {
				turns++
			}
		}
		if digits > 0 && letters > 0 {
			mixed++
		}
		if len(part) >= 16 && (digits >= 3 && letters > 0 || digits >= 16 || len(part) >= 32 || turns >= len(part)/3) {
			return true
		}
	}
	return len(w) >= 20 && mixed >= 3
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// Redact returns text with everything that looks like a credential or an address of a person replaced, bounded in
// length and valid UTF-8. It errs on the side of hiding.
func Redact(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = urlUserinfo.ReplaceAllString(text, "://[redacted]@")
	text = urlQuery.ReplaceAllString(text, "$1?[redacted]")
	text = cookies.ReplaceAllString(text, "$1 [redacted]")
	text = secretMember.ReplaceAllString(text, "$1 [redacted]")
	text = secretPair.ReplaceAllString(text, "$1 [redacted]")
	text = email.ReplaceAllString(text, "[redacted]")
	text = word.ReplaceAllStringFunc(text, func(w string) string {
		if LooksSecret(w) {
			return "[redacted]"
		}
		return w
	})
	if len(text) <= maxRedacted {
		return text
	}
	cut := maxRedacted
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
