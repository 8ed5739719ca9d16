package server

import (
	"strings"
	"testing"
)

func TestAuthentication(t *testing.T) {
	a := serve(t, newMemory(connection("c", "ci_1")))
	for _, c := range []struct {
		name    string
		headers []string
		status  int
		code    string
	}{
		{"bearer", []string{"Authorization", "Bearer " + adas}, 200, ""},
		{"bearer, any case", []string{"Authorization", "bearer  " + adas}, 200, ""},
		{"cookie", []string{"Cookie", "pdpp_owner_session=" + adas}, 200, ""},
		{"none", nil, 401, codeSessionRequired},
		{"unknown cookie", []string{"Cookie", "pdpp_owner_session=x"}, 401, codeSessionRequired},
		{"another cookie", []string{"Cookie", "session=" + adas}, 401, codeSessionRequired},
		{"unknown bearer", []string{"Authorization", "Bearer x"}, 401, codeInvalidToken},
		{"a bad bearer beside a good cookie", []string{"Authorization", "Bearer x", "Cookie", "pdpp_owner_session=" + adas}, 401, codeInvalidToken},
		{"another scheme", []string{"Authorization", "Basic " + adas}, 401, codeInvalidToken},
		{"nothing after the scheme", []string{"Authorization", "Bearer"}, 401, codeInvalidToken},
		{"empty header", []string{"Authorization", ""}, 401, codeInvalidToken},
		{"over-long", []string{"Authorization", "Bearer " + strings.Repeat("x", 2000)}, 401, codeInvalidToken},
		{"expired at this moment", []string{"Authorization", "Bearer " + expired}, 401, codeInvalidToken},
		{"revoked", []string{"Authorization", "Bearer " + revoked}, 401, codeInvalidToken},
		{"without the scope", []string{"Authorization", "Bearer " + acts}, 403, codeInsufficientScope},
		{"operator", []string{"Authorization", "Bearer " + operators}, 403, codeInsufficientScope},
	} {
		t.Run(c.name, func(t *testing.T) {
			api{t, a.h}.expect(a.do("GET", "/_ref/connectors", nil, c.headers...), c.status, c.code)
		})
	}
}
