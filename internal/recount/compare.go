package recount

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Parse reads evidence that something else rendered as JSON, in the shape of Evidence, for Compare.
func Parse(text []byte) (Evidence, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var e Evidence
	if err := decoder.Decode(&e); err != nil {
		return nil, fmt.Errorf("decode evidence: %w", err)
	}
	e.blur()
	return e, nil
}

// Compare reports the innermost differences of two JSON values.
func Compare(id, path string, want, got any) []Problem {
	var found []Problem
	compare(path, want, got, func(path string, want, got any) {
		found = append(found, Problem{id, path, render(want), render(got)})
	})
	return found
}

func compare(path string, want, got any, report func(path string, want, got any)) {
	if reflect.DeepEqual(want, got) {
		return
	}
	w, wantMap := want.(map[string]any)
	g, gotMap := got.(map[string]any)
	if wantMap && gotMap {
		for _, k := range keys(w, g) {
			compare(path+"."+k, w[k], g[k], report)
		}
		return
	}
	wl, wantList := want.([]any)
	gl, gotList := got.([]any)
	if wantList && gotList && len(wl) == len(gl) {
		for i := range wl {
			compare(fmt.Sprintf("%s[%d]", path, i), wl[i], gl[i], report)
		}
		return
	}
	report(path, want, got)
}

func render(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
