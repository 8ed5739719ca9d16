package recount

import "slices"

// listing is an entry of the list of what belongs to nobody.
type listing struct{ connector, kind, name string }

// connection is what decides whose runs are whose.
type connection struct{ id, owner, connector, profileKey string }

// connections are those that exist.
func (s *State) connections() []connection {
	var out []connection
	for id, e := range s.Expected {
		identity, _ := e["identity"].(map[string]any)
		text := func(name string) string { v, _ := identity[name].(string); return v }
		out = append(out, connection{id, text("owner_subject_id"), text("connector_id"), text("browser_profile_key")})
	}
	return out
}

// names are what a run names, as last derived.
type names struct{ keys, ids, sources []string }

func namesOf(doc map[string]any) names {
	list := func(name string) (out []string) {
		values, _ := doc[name].([]any)
		for _, v := range values {
			s, _ := v.(string)
			out = append(out, s)
		}
		return out
	}
	return names{list("profile_keys"), list("connection_ids"), list("source_ids")}
}

// owned reports whether the run belongs to a connection (SPEC section 9 rule 1).
func (n names) owned(all []connection) bool {
	matching := 0
	for _, c := range all {
		switch {
		case len(n.keys) == 0 && len(n.ids) == 1 && c.id == n.ids[0]:
			return true
		case len(n.keys) == 1 && len(n.sources) == 1 && c.profileKey == n.keys[0] && c.connector == n.sources[0]:
			matching++
		}
	}
	return matching == 1
}

// tellable reports whether an owner may be told of the run, which is nobody's.
func (n names) tellable(owner string, all []connection) bool {
	concerned := func(c connection) bool {
		return slices.Contains(n.ids, c.id) || c.profileKey != "" && slices.Contains(n.keys, c.profileKey) && slices.Contains(n.sources, c.connector)
	}
	if !slices.ContainsFunc(all, concerned) {
		concerned = func(c connection) bool { return slices.Contains(n.sources, c.connector) }
	}
	return !slices.ContainsFunc(all, func(c connection) bool { return concerned(c) && c.owner != owner })
}

// Unattributed counts the runs of a connector, as last derived, that belong to no connection there is and that an owner may be told of.
func (s *State) Unattributed(connector, owner string) (n int64) {
	all := s.connections()
	for _, doc := range s.marks.maintained {
		run := namesOf(doc)
		if slices.Contains(run.sources, connector) && !run.owned(all) && run.tellable(owner, all) {
			n++
		}
	}
	return n
}

// nobodys is by what runs are nobody's, as last derived.
func (s *State) nobodys() map[listing]bool {
	all, out := s.connections(), map[listing]bool{}
	for id, doc := range s.marks.maintained {
		run := namesOf(doc)
		if run.owned(all) {
			continue
		}
		kind, name := "run", id
		switch {
		case len(run.keys) == 1 && len(run.sources) == 1:
			kind, name = "profile", run.keys[0]
		case len(run.keys) == 0 && len(run.ids) == 1:
			kind, name = "connection", run.ids[0]
		}
		for _, connector := range run.sources {
			out[listing{connector, kind, name}] = true
		}
	}
	return out
}

// runs checks what is kept of runs, whoever they belong to: what they name, and that those of nobody are listed unless a mark that no
// drain has seen says why not.
func (c *checker) runs() {
	all := c.connections()
	for _, id := range keys(c.named, c.marks.maintained) {
		if !c.marks.ofRun(id, namesOf(c.named[id]), all) {
			c.compare("", "run_evidence["+id+"]", orNil(c.named[id]), orNil(c.marks.maintained[id]))
		}
	}
	for entry := range c.nobodys() {
		if !c.listed[entry] && !c.marks.moved(entry) {
			c.report("", "unattributed", entry.connector+" "+entry.kind+" "+entry.name, "not listed")
		}
	}
}

// settledRuns checks that nothing else is listed.
func (c *checker) settledRuns() {
	want := c.nobodys()
	for entry := range c.listed {
		if !want[entry] {
			c.report("", "unattributed", "not listed", entry.connector+" "+entry.kind+" "+entry.name)
		}
	}
}

func orNil(doc map[string]any) any {
	if doc == nil {
		return nil
	}
	return doc
}

// ofRun reports whether a mark asks for the run to be derived again: one of it, of everything, or of a connection that it names or matches.
func (m marks) ofRun(id string, run names, all []connection) bool {
	return slices.ContainsFunc(m.all, func(mark document) bool {
		everything := mark.doc["component"] == "all"
		switch mark.doc["scope"] {
		case "run":
			return mark.doc["run_id"] == id
		case "all":
			return everything || mark.doc["component"] == "runs"
		case "connection":
			return everything && (slices.Contains(run.ids, mark.key) || slices.ContainsFunc(all, func(c connection) bool {
				return c.id == mark.key && slices.Contains(run.keys, c.profileKey)
			}))
		}
		return false
	})
}

// moved reports whether a mark that no drain has seen says that a connection came, went or changed its key.
func (m marks) moved(entry listing) bool {
	return slices.ContainsFunc(m.all, func(mark document) bool {
		identity := mark.doc["component"] == "identity" || mark.doc["component"] == "all"
		switch {
		case mark.doc["held"] != "no":
			return false
		case mark.doc["scope"] == "all":
			return identity
		case mark.doc["scope"] == "connection":
			return identity && entry.kind == "connection" && mark.key == entry.name
		}
		return mark.doc["scope"] == "run" && mark.doc["run_id"] == nil && entry.kind == "profile" && mark.doc["profile_key"] == entry.name
	})
}
