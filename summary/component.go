package summary

// Component is a part of the evidence (SPEC section 1).
type Component string

// The components. Manifest comes from the connector, live; All stands in marks that ask for a recount of everything.
const (
	Identity      Component = "identity"
	Records       Component = "records"
	RetainedBytes Component = "retained_bytes"
	Runs          Component = "runs"
	Schedule      Component = "schedule"
	Gaps          Component = "gaps"
	Attention     Component = "attention"
	Device        Component = "device"
	Manifest      Component = "manifest"
	All           Component = "all"
)

// EvidenceComponents are the components that are part of a connection's evidence, in the order of SPEC section 1.
var EvidenceComponents = []Component{Identity, Records, RetainedBytes, Runs, Schedule, Gaps, Attention, Device}

// Set is a set of components.
type Set map[Component]bool

// NewSet returns the set of cs; All adds every evidence component.
func NewSet(cs ...Component) Set {
	s := Set{}
	for _, c := range cs {
		s.Add(c)
	}
	return s
}

// Add puts c into the set; All stands for every evidence component.
func (s Set) Add(c Component) {
	if c != All {
		s[c] = true
		return
	}
	for _, e := range EvidenceComponents {
		s[e] = true
	}
}

// Union puts all of o into s.
func (s Set) Union(o Set) {
	for c := range o {
		s[c] = true
	}
}

// Sorted returns the members in the order of SPEC section 1, Manifest last.
func (s Set) Sorted() []Component {
	out := make([]Component, 0, len(s))
	for _, c := range append(EvidenceComponents[:len(EvidenceComponents):len(EvidenceComponents)], Manifest) {
		if s[c] {
			out = append(out, c)
		}
	}
	return out
}
