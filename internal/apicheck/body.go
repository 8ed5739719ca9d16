package apicheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// kinds are the types of errors by status (API.md).
var kinds = map[int]string{401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}

func (c *Checker) checkFailure(status int, header http.Header, body []byte) error {
	if kind := header.Get("Content-Type"); kind != "application/json" {
		return fmt.Errorf("an error of type %q", kind)
	}
	if err := check(c.failure, body); err != nil {
		return err
	}
	var e struct {
		Error struct {
			Type      string `json:"type"`
			RequestID string `json:"request_id"`
		} `json:"error"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	want, named := kinds[status]
	switch {
	case named:
	case status >= 500:
		want = "api_error"
	default:
		want = "invalid_request_error"
	}
	if e.Error.Type != want {
		return fmt.Errorf("status %d has type %s, want %s", status, e.Error.Type, want)
	}
	if e.Error.RequestID != header.Get("X-Request-Id") {
		return fmt.Errorf("request_id %q differs from X-Request-Id %q", e.Error.RequestID, header.Get("X-Request-Id"))
	}
	if (status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests) && header.Get("Retry-After") == "" {
		return fmt.Errorf("status %d without Retry-After", status)
	}
	return nil
}

// check holds one JSON document against a schema; numbers must be written as integers, which a schema cannot demand.
func check(s *jsonschema.Schema, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		if n, ok := token.(json.Number); ok && strings.ContainsAny(n.String(), ".eE") {
			return fmt.Errorf("the number %s is not written as an integer", n)
		}
	}
	return s.Validate(value)
}
