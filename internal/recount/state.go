package recount

import "context"

// State is everything that one snapshot says, read at once.
type State struct {
	// Expected is what the evidence of every connection should say, from the source tables alone.
	Expected map[string]Evidence
	// Stored is what it says.
	Stored map[string]Evidence

	twice     []string // connections with more than one evidence row
	sizes     map[string][]map[string]any
	marks     marks
	named     map[string]map[string]any // what the events of each run name
	listed    map[listing]bool          // as nobody's
	overview  map[string]map[string]any
	untrusted map[string]string
}

// Load reads the state of a snapshot.
func Load(ctx context.Context, s Snapshot) (*State, error) {
	st := &State{Stored: map[string]Evidence{}, overview: map[string]map[string]any{}, untrusted: map[string]string{}}
	var err error
	if st.Expected, err = s.expected(ctx); err != nil {
		return nil, err
	}
	stored, err := s.read(ctx, "evidence")
	if err != nil {
		return nil, err
	}
	for _, row := range stored {
		if st.Stored[row.key] != nil {
			st.twice = append(st.twice, row.key)
		}
		st.Stored[row.key] = row.doc
		st.Stored[row.key].blur()
	}
	if st.sizes, err = s.byConnection(ctx, "sizes"); err != nil {
		return nil, err
	}
	if st.marks, err = s.marks(ctx); err != nil {
		return nil, err
	}
	if err := st.loadRuns(ctx, s); err != nil {
		return nil, err
	}
	overview, err := s.read(ctx, "overview")
	if err != nil {
		return nil, err
	}
	for _, row := range overview {
		st.overview[row.key] = row.doc
	}
	untrusted, err := s.read(ctx, "untrusted")
	for _, row := range untrusted {
		st.untrusted[row.key] = render(row.doc)
	}
	return st, err
}

func (s *State) loadRuns(ctx context.Context, from Snapshot) error {
	named, err := from.read(ctx, "named")
	if err != nil {
		return err
	}
	s.named, s.listed = map[string]map[string]any{}, map[listing]bool{}
	for _, row := range named {
		s.named[row.key] = row.doc
	}
	listed, err := from.read(ctx, "listed")
	for _, row := range listed {
		kind, _ := row.doc["kind"].(string)
		name, _ := row.doc["name"].(string)
		s.listed[listing{row.key, kind, name}] = true
	}
	return err
}

// Dirty lists the connections, existing or with evidence, that a visible mark covers.
func (s *State) Dirty() []string {
	var out []string
	for _, id := range keys(s.Expected, s.Stored) {
		if b := s.marks.of(id, profileKey(s.Expected[id])); b.marks > 0 {
			out = append(out, id)
		}
	}
	return out
}

// Marked lists the components that the visible marks of a connection name, by deltas or for a recount.
func (s *State) Marked(id string) []string {
	return keys(s.marks.of(id, profileKey(s.Expected[id])).named)
}

// profileKey is the key that a connection expects, or nil.
func profileKey(e Evidence) any {
	identity, _ := e["identity"].(map[string]any)
	return identity["browser_profile_key"]
}
