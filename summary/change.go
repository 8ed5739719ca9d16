package summary

import "reflect"

// maxSteps bounds how many moments NextChange looks at; each is one threshold of one connection.
const maxSteps = 64

// NextChange returns the first moment after now at which the same observation renders differently; nil if it never does.
// It costs a synthesis per threshold, so it is for those who push or keep answers, not for every read. If maxSteps moments
// in a row change nothing visible it returns the next one, which is too early but never too late.
func NextChange(o Observation, now Instant, scoped bool) *Instant {
	before := Synthesize(o, now, scoped)
	at := before.NextChange
	for range maxSteps {
		if at == nil {
			return nil
		}
		after := Synthesize(o, *at, scoped)
		if !rendersAs(before, after) {
			return at
		}
		at = after.NextChange
	}
	return at
}

// rendersAs compares what JSON shows.
func rendersAs(a, b Summary) bool {
	a.NextChange, b.NextChange = nil, nil
	a.row, b.row = fleetRow{}, fleetRow{}
	return reflect.DeepEqual(a, b)
}
