package recount

import (
	"context"
	"encoding/json"
	"math/big"
)

// Evidence is what one connection's evidence says, by component: identity, streams, totals, runs, schedule, gaps,
// attention and device. Stored evidence has state, last_error, version and computed_at beside them.
type Evidence map[string]any

// expected is what the evidence of every connection should say, from the source tables alone.
func (s Snapshot) expected(ctx context.Context) (map[string]Evidence, error) {
	connections, err := s.read(ctx, "connections")
	if err != nil {
		return nil, err
	}
	streams, err := s.byConnection(ctx, "streams")
	if err != nil {
		return nil, err
	}
	runs, err := s.byConnection(ctx, "runs")
	if err != nil {
		return nil, err
	}
	out := make(map[string]Evidence, len(connections))
	for _, c := range connections {
		e := Evidence(c.doc)
		for _, stream := range streams[c.key] {
			joinHalves(stream)
		}
		e["streams"], e["totals"] = list(streams[c.key]), totals(streams[c.key])
		e["runs"] = runsOf(runs[c.key])
		out[c.key] = e
	}
	return out, nil
}

func (s Snapshot) byConnection(ctx context.Context, name string) (map[string][]map[string]any, error) {
	rows, err := s.read(ctx, name)
	if err != nil {
		return nil, err
	}
	out := map[string][]map[string]any{}
	for _, r := range rows {
		out[r.key] = append(out[r.key], r.doc)
	}
	return out, nil
}

func list(docs []map[string]any) []any {
	out := make([]any, len(docs))
	for i, d := range docs {
		out[i] = d
	}
	return out
}

// joinHalves puts blob_bytes together: blob_high counts 2^26 octets each.
func joinHalves(stream map[string]any) {
	high, low := number(stream["blob_high"]), number(stream["blob_low"])
	delete(stream, "blob_high")
	delete(stream, "blob_low")
	stream["blob_bytes"] = json.Number(high.Lsh(high, 26).Add(high, low).String())
}

// totals sums streams as evidence's total columns do.
func totals(streams []map[string]any) map[string]any {
	sum := func(column string) *big.Int {
		n := new(big.Int)
		for _, s := range streams {
			n.Add(n, number(s[column]))
		}
		return n
	}
	var newest any
	for _, s := range streams {
		if at, ok := s["newest_emitted_at"].(string); ok && (newest == nil || at > newest.(string)) {
			newest = at
		}
	}
	records, changes, blobs := sum("record_bytes"), sum("change_bytes"), sum("blob_bytes")
	total := new(big.Int).Add(records, changes)
	total.Add(total, blobs)
	return map[string]any{
		"total_records": text(sum("record_count")), "stream_count": text(big.NewInt(int64(len(streams)))), "last_record_updated_at": newest,
		"total_retained_bytes": text(total),
		"retained_bytes_json": map[string]any{
			"record_json_bytes": text(records), "record_changes_json_bytes": text(changes), "blob_bytes": text(blobs), "total_bytes": text(total),
		},
	}
}

// number reads a JSON number exactly; null is 0.
func number(v any) *big.Int {
	n := new(big.Int)
	if s, ok := v.(json.Number); ok {
		n.SetString(s.String(), 10)
	}
	return n
}

func text(n *big.Int) json.Number { return json.Number(n.String()) }
