package schema

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Document is the OpenAPI 3.1 document of operations, ready to be encoded.
func Document(version string, operations []Operation) map[string]any {
	paths := map[string]map[string]any{}
	for _, o := range operations {
		if paths[o.Path] == nil {
			paths[o.Path] = map[string]any{}
		}
		paths[o.Path][strings.ToLower(o.Method)] = o.describe()
	}
	return map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Tidemark", "version": version,
			"description": "Connector summaries that never claim more than the evidence proves. Ids in paths may hold any " +
				"character: escape them whole. Times are RFC 3339, UTC, with six fractional digits. Unknown query parameters are refused.",
		},
		"paths": paths,
		"components": map[string]any{
			"schemas": Components(),
			"securitySchemes": map[string]any{
				"bearer": map[string]any{"type": "http", "scheme": "bearer", "description": "A token of an owner, or of an operator."},
				"session": map[string]any{
					"type": "apiKey", "in": "cookie", "name": "pdpp_owner_session", "description": "A token of an owner, set by POST /owner/login.",
				},
			},
			"headers": map[string]any{
				"ETag":       map[string]any{"description": "Strong; another one per content encoding.", "schema": Text()},
				"RetryAfter": map[string]any{"description": "Seconds to wait.", "schema": Text()},
				"RequestID":  map[string]any{"description": "What leads to the request in the log.", "schema": Text()},
				"NextChange": map[string]any{"description": "When time alone changes what this answer says; left out if it never does.", "schema": Time()},
				"Behind":     map[string]any{"description": "The components a change of which is not in this answer yet; left out if there is none.", "schema": Text()},
			},
		},
	}
}

// Components are all schemas that operations refer to, by name. A name that two groups claim is a mistake of this package.
func Components() map[string]Schema {
	out := map[string]Schema{}
	for _, group := range groups {
		for name, s := range group {
			if out[name] != nil {
				panic(fmt.Sprintf("schema %s is there twice", name))
			}
			out[name] = s
		}
	}
	return out
}

func (o Operation) describe() map[string]any {
	out := map[string]any{"operationId": o.ID, "summary": o.About, "responses": o.responses()}
	if params := o.parameters(); len(params) > 0 {
		out["parameters"] = params
	}
	if o.Body != nil {
		content := map[string]any{}
		for kind, s := range o.Body.Types {
			content[kind] = map[string]any{"schema": s}
		}
		out["requestBody"] = map[string]any{"required": true, "description": o.Body.About, "content": content}
	}
	switch {
	case o.Scope == "":
		out["security"] = []any{}
	case o.Scope == Operator || strings.HasPrefix(o.Path, "/v1/"):
		out["security"] = []any{map[string]any{"bearer": []string{o.Scope}}}
	default:
		out["security"] = []any{map[string]any{"bearer": []string{o.Scope}}, map[string]any{"session": []string{o.Scope}}}
	}
	return out
}

func (o Operation) parameters() []any {
	var out []any
	for _, segment := range strings.Split(o.Path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			out = append(out, map[string]any{
				"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": ID(),
				"description": "Escaped whole: it may hold any character, slashes and percent signs included.",
			})
		}
	}
	for _, p := range o.Query {
		s := p.Schema
		param := map[string]any{"name": p.Name, "in": "query", "description": p.About, "schema": s}
		if p.Many {
			param["schema"], param["explode"] = Array(s).AtMost(100), true
		}
		out = append(out, param)
	}
	return out
}

func (o Operation) responses() map[string]any {
	id := map[string]any{"$ref": "#/components/headers/RequestID"}
	out := map[string]any{}
	for _, a := range o.Answers {
		headers := map[string]any{"X-Request-Id": id}
		if o.Conditional {
			headers["ETag"] = map[string]any{"$ref": "#/components/headers/ETag"}
			headers["Tidemark-Next-Change"] = map[string]any{"$ref": "#/components/headers/NextChange"}
			headers["Tidemark-Behind"] = map[string]any{"$ref": "#/components/headers/Behind"}
		}
		answer := map[string]any{"description": a.About, "headers": headers}
		if a.Schema != nil {
			kind := a.Type
			if kind == "" {
				kind = "application/json"
			}
			answer["content"] = map[string]any{kind: map[string]any{"schema": a.Schema}}
		}
		out[strconv.Itoa(a.Status)] = answer
	}
	if o.Conditional {
		out["304"] = map[string]any{"description": "Nothing has changed since the answer with that ETag."}
	}
	failed := map[string]any{"application/json": map[string]any{"schema": Ref("Error")}}
	out["4XX"] = map[string]any{"description": "Refused; nothing was done.", "content": failed, "headers": map[string]any{"X-Request-Id": id}}
	out["5XX"] = map[string]any{"description": "Failed, or not available now.", "content": failed, "headers": map[string]any{
		"X-Request-Id": id, "Retry-After": map[string]any{"$ref": "#/components/headers/RetryAfter"},
	}}
	return out
}

// Names lists the components, sorted.
func Names() []string { return slices.Sorted(maps.Keys(Components())) }
