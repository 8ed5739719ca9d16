package recount

import (
	"context"
	"math/big"
)

// sizes are the columns that deltas move.
var sizes = []string{"record_count", "record_bytes", "change_count", "change_bytes", "blob_count", "blob_bytes"}

// behind is what the visible marks of one connection say.
type behind struct {
	marks      int
	since      string                     // the oldest mark's time
	named      map[string]bool            // the components of the marks
	components map[string]bool            // that only a recount can give
	everywhere map[string]bool            // records, retained_bytes: of every stream
	streams    map[string]map[string]bool // by stream: records, retained_bytes
	deltas     map[string]*delta
}

// delta is by how much the marks say that one stream moved.
type delta struct {
	sums         map[string]*big.Int
	gained, lost string // newest live times; empty if none
}

// marks are the pending marks of one snapshot, with what is needed to resolve them.
type marks struct {
	all        []document
	own        map[string][]document // that name one connection, by it
	others     []document            // of runs, and those that cover all
	maintained map[string]map[string]any
}

func (s Snapshot) marks(ctx context.Context) (marks, error) {
	docs, err := s.read(ctx, "marks")
	if err != nil {
		return marks{}, err
	}
	runs, err := s.read(ctx, "maintained")
	m := marks{docs, map[string][]document{}, nil, map[string]map[string]any{}}
	for _, mark := range docs {
		switch {
		case mark.doc["scope"] == "connector", mark.doc["component"] == "manifest": // no connection is dirty for a manifest
		case mark.doc["scope"] == "run" && mark.doc["held"] == "backlog": // a mark of each connection was put beside it
		case mark.doc["scope"] == "connection":
			m.own[mark.key] = append(m.own[mark.key], mark)
		default:
			m.others = append(m.others, mark)
		}
	}
	for _, r := range runs {
		m.maintained[r.key] = r.doc
	}
	return m, err
}

// of resolves the marks that cover a connection; profileKey is the one that it expects, or nil.
func (m marks) of(id string, profileKey any) behind {
	b := behind{
		named: map[string]bool{}, components: map[string]bool{}, everywhere: map[string]bool{}, streams: map[string]map[string]bool{}, deltas: map[string]*delta{},
	}
	for _, mark := range m.own[id] {
		b.add(mark)
	}
	for _, mark := range m.others {
		if mark.doc["scope"] == "all" || m.touches(mark, id, profileKey) {
			b.add(mark)
		}
	}
	return b
}

// touches reports whether a mark of a run covers the connection: the event named it or its profile key, or the run, as
// last derived, did.
func (m marks) touches(mark document, id string, profileKey any) bool {
	if mark.key == id || profileKey != nil && mark.doc["profile_key"] == profileKey {
		return true
	}
	run, _ := mark.doc["run_id"].(string)
	return has(m.maintained[run]["connection_ids"], id) || profileKey != nil && has(m.maintained[run]["profile_keys"], profileKey)
}

func has(list, want any) bool {
	values, _ := list.([]any)
	for _, v := range values {
		if v == want {
			return true
		}
	}
	return false
}

func (b *behind) add(mark document) {
	doc := mark.doc
	b.marks++
	if at, _ := doc["marked_at"].(string); b.since == "" || at < b.since {
		b.since = at
	}
	component, _ := doc["component"].(string)
	stream, ofStream := doc["stream"].(string)
	b.named[component] = true
	switch component {
	case "records", "retained_bytes":
		switch {
		case doc["recount"] != true && ofStream:
			b.move(stream, doc)
		case ofStream:
			if b.streams[stream] == nil {
				b.streams[stream] = map[string]bool{}
			}
			b.streams[stream][component] = true
		default:
			b.everywhere[component] = true
		}
	case "identity": // its connector or binding may have changed, and with it whose runs are whose
		b.components["identity"], b.components["runs"] = true, true
	case "all":
		for _, c := range []string{"identity", "runs", "schedule", "gaps", "attention", "device"} {
			b.components[c] = true
		}
		b.everywhere["records"] = true
	default:
		b.components[component] = true
	}
}

func (b *behind) move(stream string, doc map[string]any) {
	d := b.deltas[stream]
	if d == nil {
		d = &delta{sums: map[string]*big.Int{}}
		b.deltas[stream] = d
	}
	for _, column := range sizes {
		if d.sums[column] == nil {
			d.sums[column] = new(big.Int)
		}
		d.sums[column].Add(d.sums[column], number(doc[column]))
	}
	if at, _ := doc["gained"].(string); at > d.gained {
		d.gained = at
	}
	if at, _ := doc["lost"].(string); at > d.lost {
		d.lost = at
	}
}

// recounted reports whether a mark asks for records (which covers bytes, too) or retained bytes of the stream to be counted.
func (b *behind) recounted(component, stream string) bool {
	return b.everywhere[component] || b.streams[stream][component] ||
		component == "retained_bytes" && b.recounted("records", stream)
}

// anyRecounted reports it of any stream.
func (b *behind) anyRecounted() bool { return len(b.everywhere) > 0 || len(b.streams) > 0 }
