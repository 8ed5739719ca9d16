package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"tidemark/server/schema"
	"tidemark/summary"
)

// sessionCookie carries a token for a browser; its name is part of the interface.
const sessionCookie = "pdpp_owner_session"

// maxTokenBytes bounds what is looked at as a token.
const maxTokenBytes = 1024

type tokenKey struct{}

// tokenOf returns the token that require admitted.
func tokenOf(r *http.Request) summary.Token {
	token, _ := r.Context().Value(tokenKey{}).(summary.Token)
	return token
}

// ownerOf returns its owner.
func ownerOf(r *http.Request) string { return tokenOf(r).Owner }

// require admits requests whose token has the scope, by bearer or by cookie; the bearer counts if both came. Operators have
// no owner's scope, and owners not theirs.
func (s *server) require(scope string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, err := s.authenticate(r)
			if err == nil {
				if wait := s.limits.admit(token.TokenID, s.Clock()); wait > 0 {
					s.metrics.limited.Inc()
					err = tooMany(wait, "This token sends more requests than it may; wait as long as Retry-After says.")
				}
			}
			if err == nil && !token.Allows(scope) && !(scope == schema.Operator && token.Operator) {
				err = &failure{status: http.StatusForbidden, code: codeInsufficientScope, message: fmt.Sprintf("This token does not have the scope %s.", scope)}
			}
			if err != nil {
				s.fail(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tokenKey{}, token)))
		})
	}
}

// authenticate finds the usable token of a request.
func (s *server) authenticate(r *http.Request) (summary.Token, error) {
	secret, code := "", codeSessionRequired
	if header, sent := r.Header["Authorization"]; sent || strings.HasPrefix(r.URL.Path, "/v1/") {
		code = codeInvalidToken
		if len(header) == 1 {
			secret = bearer(header[0])
		}
	} else if c, err := r.Cookie(sessionCookie); err == nil {
		secret = c.Value
	}
	return s.usable(r.Context(), secret, code)
}

// bearer returns the credentials of the scheme Bearer, else nothing.
func bearer(header string) string {
	scheme, credentials, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(credentials)
}

// usable looks the secret up by its hash, so no comparison depends on the secret's octets: what timing could tell of the
// index is a hash of 256 random bits. Unknown, expired and revoked ones are refused alike.
func (s *server) usable(ctx context.Context, secret, code string) (summary.Token, error) {
	refused := &failure{status: http.StatusUnauthorized, code: code, message: "Sign in, or send a token that is known, not expired and not revoked."}
	if secret == "" || len(secret) > maxTokenBytes {
		return summary.Token{}, refused
	}
	token, err := s.Store.Token(ctx, summary.HashToken(secret))
	switch {
	case errors.Is(err, summary.ErrNoToken):
		return summary.Token{}, refused
	case err != nil:
		return summary.Token{}, fmt.Errorf("look up token: %w", err)
	case !token.Usable(s.now()):
		return summary.Token{}, refused
	}
	return token, nil
}
