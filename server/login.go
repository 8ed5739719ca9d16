package server

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tidemark/server/schema"
	"tidemark/summary"
)

func (s *server) loginRoutes() []route {
	done := []schema.Answer{{Status: 204, About: "Done."}, {Status: 303, About: "Done; to a form."}}
	return []route{
		{Operation: schema.Operation{
			Method: "POST", Path: "/owner/login", ID: "login", About: "Open a session: a token becomes the cookie pdpp_owner_session.",
			Body: &schema.Body{About: "The token.", Types: map[string]schema.Schema{
				jsonType: schema.Ref("Login"), formType: schema.Ref("Login"),
			}},
			Answers: done,
		}, handle: s.withoutQuery(s.login)},
		{Operation: schema.Operation{
			Method: "POST", Path: "/owner/logout", ID: "logout", About: "Forget the session.", Answers: done,
		}, handle: s.withoutQuery(s.logout)},
	}
}

// maxLoginBytes bounds the body of a login.
const maxLoginBytes = 16 << 10

// login takes a token as the password and hands it back as a cookie that scripts cannot read.
func (s *server) login(w http.ResponseWriter, r *http.Request) {
	secret, form, err := readLogin(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	token, err := s.usable(r.Context(), secret, codeSessionRequired)
	if err == nil && token.Operator {
		err = &failure{status: http.StatusForbidden, code: codeInsufficientScope, message: "An operator token opens no owner's session."}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	setSession(w, r, secret, token.ExpiresAt)
	done(w, r, form)
}

// logout ends the session in the browser; the token itself stays good until it is revoked.
func (s *server) logout(w http.ResponseWriter, r *http.Request) {
	setSession(w, r, "", nil)
	done(w, r, mediaType(r) == formType)
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

func mediaType(r *http.Request) string {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// readLogin reads the password from a JSON object or a form; form says which.
func readLogin(w http.ResponseWriter, r *http.Request) (password string, form bool, err error) {
	kind := mediaType(r)
	if kind != formType && kind != jsonType {
		return "", false, &failure{
			status: http.StatusUnsupportedMediaType, code: codeMediaType,
			message: "Send the password as " + jsonType + " or " + formType + ".",
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLoginBytes))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return "", false, &failure{status: http.StatusRequestEntityTooLarge, code: codeBodyTooLarge, message: "The body is too large for a login."}
		}
		return "", false, badRequest("", "The body could not be read whole.")
	}
	if kind == formType {
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return "", true, badRequest("", "The body is not a form.")
		}
		return values.Get("password"), true, nil
	}
	var login struct {
		Password *string `json:"password"`
	}
	if json.Unmarshal(body, &login) != nil || login.Password == nil {
		return "", false, badRequest("password", `The body is not {"password": "TOKEN"}.`)
	}
	return *login.Password, false, nil
}

// setSession gives the browser a session, or takes it away where secret is empty.
func setSession(w http.ResponseWriter, r *http.Request, secret string, expires *summary.Instant) {
	c := &http.Cookie{
		Name: sessionCookie, Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		// A proxy that ends TLS says so; whoever forges that header only locks their own cookie.
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
	switch {
	case secret == "":
		c.MaxAge = -1
	case expires != nil:
		c.Expires = expires.Time().Truncate(time.Second)
	}
	http.SetCookie(w, c)
}

// done answers a login or logout: a form's sender is led back to the page.
func done(w http.ResponseWriter, r *http.Request, form bool) {
	w.Header().Set("Cache-Control", "no-store")
	if form {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
