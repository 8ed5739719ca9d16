package triggers

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"tidemark/summary"
)

// TestProblemsAreReasonCodes: what capture_state may say is in the closed list that summary keeps, or it would be shown as
// untrusted without a reason.
func TestProblemsAreReasonCodes(t *testing.T) {
	read := func(name string) string {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(source)
	}
	values := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\t(Capture\w+) += "(\w+)"`).FindAllStringSubmatch(read("../summary/capture.go"), -1) {
		values[m[1]] = m[2]
	}
	names := regexp.MustCompile(`= summary\.(Capture\w+)`).FindAllStringSubmatch(read("finding.go"), -1)
	// And the view that tells of touched objects names codes itself.
	views := regexp.MustCompile(`'((?:table|partition|function|trigger)_(?:missing|replaced|detached|attached|touched|stray))'`).
		FindAllStringSubmatch(read("../migrations/postgres/003_evidence.sql"), -1)
	if len(names) < 10 || len(views) < 8 {
		t.Fatalf("found %d codes in finding.go, %d in the migration", len(names), len(views))
	}
	var codes []string
	for _, n := range names {
		codes = append(codes, values[n[1]])
	}
	for _, v := range views {
		codes = append(codes, v[1])
	}
	for _, c := range codes {
		if !slices.Contains(summary.CaptureReasons, c) {
			t.Errorf("%q is not in summary.CaptureReasons", c)
		}
	}
}
