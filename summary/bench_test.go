package summary

import (
	"encoding/json"
	"testing"
)

// BenchmarkSynthesize is one list row, from evidence to JSON.
func BenchmarkSynthesize(b *testing.B) {
	o := well()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(Synthesize(o, noon, false)); err != nil {
			b.Fatal(err)
		}
	}
}
