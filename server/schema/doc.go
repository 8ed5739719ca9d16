// Package schema describes the HTTP interface (API.md): the JSON Schemas of every answer and, made from them, the OpenAPI
// 3.1 document. Values are written out here, not taken from the code that they describe, so that tests which hold real answers
// against them find a wrong one. It serves nothing: package server ties operations to handlers.
package schema
