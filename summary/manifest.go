package summary

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// The modes of a refresh policy.
const (
	ModeAutomatic = "automatic"
	ModeManual    = "manual"
	ModeAssisted  = "assisted"
)

// RefreshPolicy is the policy in force: the manifest's, else automatic where an enabled schedule exists, else manual.
type RefreshPolicy struct {
	RecommendedMode         string `json:"recommended_mode"`
	MaximumStalenessSeconds *int64 `json:"maximum_staleness_seconds"`
}

// manifest is what a connector's manifest declares. A missing or malformed one is a state, never an error.
type manifest struct {
	problem      string // empty where it could be read, else the closed reason code
	version      string
	streams      []declaredStream
	mode         string // empty without a policy
	maxStaleness *int64 // seconds
}

type declaredStream struct {
	name     string
	required bool
}

// readable reports whether the manifest could be read.
func (m manifest) readable() bool { return m.problem == "" }

// parseManifest reads the members that Tidemark knows; every other one is ignored. A member of the wrong type makes the
// whole manifest malformed: half of a declaration proves nothing.
func parseManifest(text *string) manifest {
	if text == nil || strings.TrimSpace(*text) == "null" {
		return manifest{problem: ReasonManifestUnavailable}
	}
	var m manifest
	root, ok := member([]byte(*text)).object()
	version, vok := root["version"].text(256)
	streams, sok := parseStreams(root["streams"])
	policy, pok := root["refresh_policy"].object()
	mode, mok := policy["recommended_mode"].text(256)
	staleness, nok := policy["maximum_staleness_seconds"].seconds()
	_, iok := policy["recommended_interval_seconds"].seconds()
	switch mode {
	case "", ModeAutomatic, ModeManual, ModeAssisted:
	default:
		mok = false
	}
	if !ok || root == nil || !vok || !sok || !pok || !mok || !nok || !iok {
		return manifest{problem: ReasonManifestInvalid}
	}
	m.version, m.streams, m.mode, m.maxStaleness = version, streams, mode, staleness
	return m
}

func parseStreams(raw member) ([]declaredStream, bool) {
	if raw.absent() {
		return nil, true
	}
	var list []member
	if json.Unmarshal(raw, &list) != nil {
		return nil, false
	}
	seen := make(map[string]bool, len(list))
	out := make([]declaredStream, 0, len(list))
	for _, item := range list {
		fields, ok := item.object()
		name, nok := fields["name"].text(256)
		required, rok := fields["required"].boolean()
		if !ok || !nok || !rok || name == "" {
			return nil, false
		}
		if !seen[name] {
			seen[name] = true
			out = append(out, declaredStream{name, required})
		}
	}
	return out, true
}

// member is one JSON value. Its readers take an absent or null value as the zero value, and report a wrong type.
type member json.RawMessage

// UnmarshalJSON keeps the text.
func (m *member) UnmarshalJSON(b []byte) error { *m = append((*m)[:0], b...); return nil }

func (m member) absent() bool {
	t := bytes.TrimSpace(m)
	return len(t) == 0 || string(t) == "null"
}

// object returns the members by their exact names; encoding/json would match struct fields in any case.
func (m member) object() (map[string]member, bool) {
	if m.absent() {
		return nil, true
	}
	var out map[string]member
	err := json.Unmarshal(m, &out)
	return out, err == nil
}

func (m member) text(most int) (string, bool) {
	if m.absent() {
		return "", true
	}
	var s string
	err := json.Unmarshal(m, &s)
	return s, err == nil && len(s) <= most && !strings.ContainsRune(s, 0)
}

func (m member) boolean() (b, ok bool) {
	if m.absent() {
		return false, true
	}
	err := json.Unmarshal(m, &b)
	return b, err == nil
}

// seconds reads an integer from 0 to 2^53 - 1.
func (m member) seconds() (*int64, bool) {
	if m.absent() {
		return nil, true
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(m)), 10, 64)
	return &n, err == nil && n >= 0 && n <= maxExact
}
