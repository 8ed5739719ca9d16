package server

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tidemark/summary"
)

func TestLogin(t *testing.T) {
	m := newMemory(connection("c", "ci_1"))
	later := noon.Add(time.Hour)
	m.tokens[summary.HashToken("tdm_brief")] = summary.Token{Owner: "ada", Scopes: summary.Scopes, ExpiresAt: &later}
	a := serve(t, m)
	login := func(contentType, body string, headers ...string) *httptest.ResponseRecorder {
		return a.do("POST", "/owner/login", strings.NewReader(body), append(headers, "Content-Type", contentType)...)
	}
	w := login("application/json; charset=utf-8", `{"password":"`+adas+`"}`)
	a.expect(w, http.StatusNoContent, "")
	c := w.Result().Cookies()[0]
	if c.Name != "pdpp_owner_session" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure || c.Path != "/" {
		t.Errorf("cookie %+v", c)
	}
	a.expect(a.do("GET", "/_ref/connectors", nil, "Cookie", c.Name+"="+c.Value), http.StatusOK, "")

	w = login("application/x-www-form-urlencoded", url.Values{"password": {"tdm_brief"}}.Encode(), "X-Forwarded-Proto", "https")
	a.expect(w, http.StatusSeeOther, "")
	if c = w.Result().Cookies()[0]; !c.Secure || !c.Expires.Equal(later.Time()) || w.Header().Get("Location") != "/" {
		t.Errorf("cookie %+v, location %q", c, w.Header().Get("Location"))
	}

	a.expect(login("application/json", `{"password":"wrong"}`), http.StatusUnauthorized, codeSessionRequired)
	a.expect(login("application/json", `{"password":"`+revoked+`"}`), http.StatusUnauthorized, codeSessionRequired)
	a.expect(login("application/json", `{"password":"`+operators+`"}`), http.StatusForbidden, codeInsufficientScope)
	for _, body := range []string{``, `{}`, `[]`, `{"password":1}`, `{"password":null}`, `{"password":"x"`} {
		a.expect(login("application/json", body), http.StatusBadRequest, codeInvalidRequest)
	}
	a.expect(login("text/plain", adas), http.StatusUnsupportedMediaType, codeMediaType)
	a.expect(a.do("POST", "/owner/login", nil), http.StatusUnsupportedMediaType, codeMediaType)
	a.expect(login("application/json", strings.Repeat(" ", 20<<10)), http.StatusRequestEntityTooLarge, codeBodyTooLarge)

	w = a.do("POST", "/owner/logout", nil)
	a.expect(w, http.StatusNoContent, "")
	if c = w.Result().Cookies()[0]; c.Value != "" || c.MaxAge >= 0 {
		t.Errorf("logout left %+v", c)
	}
	a.expect(a.do("POST", "/owner/logout", nil, "Content-Type", "application/x-www-form-urlencoded"), http.StatusSeeOther, "")
}

func TestLoginOverTLSSetsASecureCookie(t *testing.T) {
	a := serve(t, newMemory())
	r := httptest.NewRequest("POST", "/owner/login", strings.NewReader(`{"password":"`+adas+`"}`))
	r.Header.Set("Content-Type", "application/json")
	r.TLS = &tls.ConnectionState{}
	w := httptest.NewRecorder()
	a.h.ServeHTTP(w, r)
	if c := w.Result().Cookies(); len(c) != 1 || !c[0].Secure {
		t.Errorf("cookies %+v", c)
	}
}

// TestOtherSitesCannotPost: neither log the owner in as someone else nor out.
func TestOtherSitesCannotPost(t *testing.T) {
	a := serve(t, newMemory())
	body := func() io.Reader { return strings.NewReader(`{"password":"` + adas + `"}`) }
	a.expect(a.do("POST", "/owner/login", body(), "Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"), http.StatusForbidden, codeCrossOrigin)
	a.expect(a.do("POST", "/owner/logout", nil, "Origin", "https://evil.example"), http.StatusForbidden, codeCrossOrigin)
	a.expect(a.do("POST", "/owner/login", body(), "Content-Type", "application/json", "Sec-Fetch-Site", "same-origin"), http.StatusNoContent, "")
}
