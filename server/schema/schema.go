package schema

import (
	"maps"
	"slices"
	"strings"
)

// Schema is a JSON Schema of draft 2020-12, the dialect of OpenAPI 3.1.
type Schema map[string]any

// Fields are the members of an object. One whose name ends in ? may be left out; every other one is always there.
type Fields map[string]Schema

// Object is closed: it has these members and no other.
func Object(fields Fields) Schema {
	properties, required := Schema{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		plain, optional := strings.CutSuffix(name, "?")
		properties[plain] = fields[name]
		if !optional {
			required = append(required, plain)
		}
	}
	return Schema{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// with is fields and those of others; a later one takes the place of an earlier one of its name.
func with(fields Fields, others ...Fields) Fields {
	out := maps.Clone(fields)
	for _, o := range others {
		maps.Copy(out, o)
	}
	return out
}

// Array lists items of one kind.
func Array(of Schema) Schema { return Schema{"type": "array", "items": of} }

// AtMost bounds an array.
func (s Schema) AtMost(n int) Schema { return s.and("maxItems", n) }

// About describes.
func (s Schema) About(text string) Schema { return s.and("description", text) }

func (s Schema) and(key string, value any) Schema {
	out := maps.Clone(s)
	out[key] = value
	return out
}

// Ref refers to a component by its name.
func Ref(name string) Schema { return Schema{"$ref": refPrefix + name} }

const refPrefix = "#/components/schemas/"

// Null is s or null.
func Null(s Schema) Schema { return Schema{"anyOf": []Schema{s, {"type": "null"}}} }

// Either is one of several.
func Either(s ...Schema) Schema { return Schema{"anyOf": s} }

// Enum is one of a closed set of strings.
func Enum(values ...string) Schema { return Schema{"type": "string", "enum": values} }

// Const is always the same string.
func Const(value string) Schema { return Schema{"const": value} }

// Text is any string, Bool a boolean, Integer one that every JSON reader keeps exactly, Count one that is not negative.
func Text() Schema { return Schema{"type": "string"} }

// Bool is true or false.
func Bool() Schema { return Schema{"type": "boolean"} }

// Integer is one that every reader of JSON keeps exactly.
func Integer() Schema { return Schema{"type": "integer"} }

// Count is an integer that is not negative.
func Count() Schema { return Schema{"type": "integer", "minimum": 0} }

// ID is what a source table takes as an id or as the name of a stream.
func ID() Schema { return Schema{"type": "string", "minLength": 1, "maxLength": 256} }

// Time is RFC 3339, UTC, with six fractional digits.
func Time() Schema {
	return Schema{"type": "string", "format": "date-time", "pattern": `^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$`}
}

// Code is a reason as a program reads it: one of Tidemark's own or, sanitized, one that a connector gave.
func Code() Schema { return Either(Ref("ReasonCode"), Ref("ProducerReason")) }
