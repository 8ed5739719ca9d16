package recount

import "math/big"

// streams checks counts, bytes and newest times, stream by stream: what evidence holds and the marks' deltas together.
func (c *checker) streams(id string, want, got Evidence, b behind) {
	wanted, stored := streamsOf(want), streamsOf(got)
	for _, name := range keys(wanted, stored, toDocs(b.deltas)) {
		if b.recounted("records", name) {
			continue
		}
		w, g, d := wanted[name], stored[name], b.deltas[name]
		columns := sizes
		if b.recounted("retained_bytes", name) {
			columns = []string{"record_count"}
		}
		for _, column := range columns {
			sum := number(g[column])
			if d != nil {
				sum = new(big.Int).Add(sum, d.sums[column])
			}
			if sum.Cmp(number(w[column])) != 0 {
				c.report(id, "streams."+name+"."+column, number(w[column]).String(), sum.String())
			}
		}
		if newest, known := newestOf(g, d, number(w["record_count"]).Sign() > 0); known {
			c.compare(id, "streams."+name+".newest_emitted_at", w["newest_emitted_at"], newest)
		}
	}
}

// newestOf is the newest live time as evidence and deltas give it; known is false if something that was lost may have been it.
func newestOf(stored map[string]any, d *delta, any bool) (newest any, known bool) {
	newest = stored["newest_emitted_at"]
	if d == nil {
		return newest, true
	}
	if !any {
		return nil, true
	}
	at, _ := newest.(string)
	at = max(at, d.gained)
	if d.lost >= at {
		return nil, false
	}
	return at, true
}

func toDocs(deltas map[string]*delta) map[string]map[string]any {
	out := make(map[string]map[string]any, len(deltas))
	for k := range deltas {
		out[k] = nil
	}
	return out
}
