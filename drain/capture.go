package drain

import (
	"strings"

	"tidemark/summary"
)

// CheckCapture is readiness as far as capture goes: which tables are not trusted, why, and what mends that.
func CheckCapture(states []CaptureState) summary.Check {
	var lost []string
	for _, s := range states {
		if !s.Trusted {
			lost = append(lost, s.Table+" ("+summary.CaptureReason(s.ReasonCode)+")")
		}
	}
	if len(lost) == 0 {
		return summary.Check{Name: summary.CheckCapture, OK: true}
	}
	return summary.Check{Name: summary.CheckCapture, Reason: "capture is not trusted on " + strings.Join(lost, ", ") +
		": `tidemark migrate up` puts the triggers in place, and a server, or `tidemark rebuild`, recounts; see `tidemark doctor`"}
}
