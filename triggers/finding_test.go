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
	source, err := os.ReadFile("finding.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?:Problem|InstalledOnPopulated) = "(\w+)"`).FindAllSubmatch(source, -1)
	if len(codes) < 10 {
		t.Fatalf("found %d codes in finding.go", len(codes))
	}
	for _, c := range codes {
		if !slices.Contains(summary.CaptureReasons, string(c[1])) {
			t.Errorf("%s is not in summary.CaptureReasons", c[1])
		}
	}
}
