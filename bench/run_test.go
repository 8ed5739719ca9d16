package bench_test

import (
	"strings"
	"testing"
	"time"

	"tidemark/bench"
	"tidemark/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// Every bar can be measured, each setting with its baseline, and is printed with its machine. What the figures are is no
// matter of tests.
func TestEveryBarIsMeasured(t *testing.T) {
	r, err := bench.Run(t.Context(), bench.Options{Rounds: 1, Slice: 20 * time.Millisecond, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	settings, bars := map[string]int{}, map[string]bool{}
	for _, f := range r.Figures {
		if f.Rate <= 0 || f.Ratio <= 0 {
			t.Errorf("%+v: nothing was written", f)
		}
		settings[f.Setting]++
		bars[f.Bar] = true
	}
	for s, variants := range settings {
		if variants != 3 {
			t.Errorf("%s: %d variants, want 3", s, variants)
		}
	}
	if len(bars) != len(bench.Bars) {
		t.Errorf("measured %v of %v", bars, bench.Bars)
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil || !strings.Contains(text.String(), " cores, ") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestUnknownBar(t *testing.T) {
	if _, err := bench.Run(t.Context(), bench.Options{Bars: []string{"P0"}}); err == nil || !strings.Contains(err.Error(), `"P0"`) {
		t.Error(err)
	}
}
