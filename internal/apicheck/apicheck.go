// Package apicheck holds real answers of the HTTP interface against its OpenAPI document, in tests.
package apicheck

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Checker knows every operation of a document. Safe for concurrent use.
type Checker struct {
	operations []operation
	failure    *jsonschema.Schema
	components map[string]*jsonschema.Schema
}

type operation struct {
	method   string
	segments []string
	answers  map[string]map[string]*jsonschema.Schema // by status and media type
}

// address is where the document stands for references.
const address = "https://tidemark.test/openapi.json"

// New compiles every schema of an OpenAPI document.
func New(document []byte) (*Checker, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(address, doc); err != nil {
		return nil, fmt.Errorf("add document: %w", err)
	}
	c := &Checker{components: map[string]*jsonschema.Schema{}}
	var shape struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]json.RawMessage `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]json.RawMessage `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document, &shape); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	for name := range shape.Components.Schemas {
		if c.components[name], err = compiler.Compile(address + "#/components/schemas/" + pointer(name)); err != nil {
			return nil, err
		}
	}
	c.failure = c.components["Error"]
	for path, methods := range shape.Paths {
		for method, described := range methods {
			o := operation{strings.ToUpper(method), strings.Split(path, "/"), map[string]map[string]*jsonschema.Schema{}}
			for status, answer := range described.Responses {
				o.answers[status] = map[string]*jsonschema.Schema{}
				for kind := range answer.Content {
					at := fmt.Sprintf("%s#/paths/%s/%s/responses/%s/content/%s/schema", address, pointer(path), method, status, pointer(kind))
					if o.answers[status][kind], err = compiler.Compile(at); err != nil {
						return nil, err
					}
				}
			}
			c.operations = append(c.operations, o)
		}
	}
	return c, nil
}

// pointer escapes a member's name for a JSON pointer within a URL.
func pointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name)
}

// Component checks JSON against a component by its name.
func (c *Checker) Component(name string, body []byte) error {
	s := c.components[name]
	if s == nil {
		return fmt.Errorf("there is no component %s", name)
	}
	return check(s, body)
}

// Check checks an answer. Paths that the document does not describe may only answer with errors.
func (c *Checker) Check(method, escapedPath string, status int, header http.Header, body []byte) error {
	o := c.find(method, escapedPath)
	if status == http.StatusNotModified || method == http.MethodHead {
		if len(body) > 0 && status == http.StatusNotModified {
			return errors.New("304 with a body")
		}
		return nil
	}
	if header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		if body, err = io.ReadAll(z); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	if status >= 400 {
		return c.checkFailure(status, header, body)
	}
	if o == nil {
		return errors.New("no operation of the document answers here")
	}
	answer, described := o.answers[fmt.Sprint(status)]
	if !described {
		return fmt.Errorf("the document does not tell of status %d", status)
	}
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	switch s := answer[kind]; {
	case s != nil && kind == "application/json":
		return check(s, body)
	case s != nil:
		return nil
	case len(answer) == 0 && len(body) == 0:
		return nil
	}
	return fmt.Errorf("the document does not tell of media type %q with status %d", kind, status)
}

// Described reports whether the document tells of a path.
func (c *Checker) Described(method, escapedPath string) bool {
	return c.find(method, escapedPath) != nil
}

func (c *Checker) find(method, path string) *operation {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	segments := strings.Split(path, "/")
	var found *operation
	for i := range c.operations {
		o := &c.operations[i]
		if o.method == method && o.matches(segments) && (found == nil || strings.Count(strings.Join(o.segments, "/"), "{") < strings.Count(strings.Join(found.segments, "/"), "{")) {
			found = o
		}
	}
	return found
}

func (o *operation) matches(segments []string) bool {
	if len(segments) != len(o.segments) {
		return false
	}
	for i, s := range o.segments {
		if s != segments[i] && (!strings.HasPrefix(s, "{") || segments[i] == "") {
			return false
		}
	}
	return true
}
