package summary

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrNoToken is returned by an engine that has no token of that hash.
var ErrNoToken = errors.New("no such token")

// The scopes of an owner's token (SPEC section 11).
const (
	ScopeRead   = "read"
	ScopeAct    = "act"
	ScopeIngest = "ingest"
)

// Scopes are all scopes, in the order in which they are shown.
var Scopes = []string{ScopeRead, ScopeAct, ScopeIngest}

// TokenPrefix begins every token, so that scanners and redaction know one when they see it.
const TokenPrefix = "tdm_"

// tokenBytes is the entropy of a token, in octets.
const tokenBytes = 32

// Token is a row of tokens, whatever its age: whether it is still good is asked of Usable. The secret itself is not
// stored.
type Token struct {
	TokenID   string
	Owner     string // empty for an operator token
	Operator  bool   // metrics and operator pages, no owner data
	Scopes    []string
	CreatedAt Instant
	ExpiresAt *Instant
	RevokedAt *Instant
}

// NewToken returns a fresh secret: TokenPrefix and 32 octets of random in base64url without padding. random must be
// cryptographically strong (crypto/rand.Reader).
func NewToken(random io.Reader) (string, error) {
	b := make([]byte, tokenBytes)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("read random octets for a token: %w", err)
	}
	return TokenPrefix + base64.RawURLEncoding.EncodeToString(b), nil
}

// HashToken returns what is stored of a secret. A token is 256 random bits, so a plain hash is enough: there is nothing
// to guess that a slow one would protect.
func HashToken(secret string) [sha256.Size]byte { return sha256.Sum256([]byte(secret)) }

// Usable reports whether the token is neither revoked nor expired at now; it expires at that very moment.
func (t Token) Usable(now Instant) bool {
	return t.RevokedAt == nil && (t.ExpiresAt == nil || now.Before(*t.ExpiresAt))
}

// Allows reports whether the token has the scope. An operator token has none: it sees no owner's data.
func (t Token) Allows(scope string) bool { return !t.Operator && slices.Contains(t.Scopes, scope) }
