// Package readapi tries the HTTP interface on both engines, on the fleet of package conformance: every answer is held against
// the OpenAPI document, and the engines must give the same.
package readapi
