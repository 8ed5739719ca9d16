package recount

import "slices"

// blur replaces, in the runs, what only package summary can foretell.
func (e Evidence) blur() {
	runs, _ := e["runs"].(map[string]any)
	for _, name := range []string{"last", "last_successful", "last_finished"} {
		if run, ok := runs[name].(map[string]any); ok {
			blur(run)
		}
	}
}

// streamsOf reads a streams component by name.
func streamsOf(e Evidence) map[string]map[string]any {
	out := map[string]map[string]any{}
	streams, _ := e["streams"].([]any)
	for _, s := range streams {
		if doc, ok := s.(map[string]any); ok {
			name, _ := doc["stream"].(string)
			out[name] = doc
		}
	}
	return out
}

// keys returns what any of the maps has, sorted.
func keys[V any](maps ...map[string]V) []string {
	var out []string
	for _, m := range maps {
		for k := range m {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
