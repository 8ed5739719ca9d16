package summary

import (
	"maps"
	"slices"
)

// Pending is what the visible marks of one connection amount to: how streams moved, what must be recounted, since when.
// The zero value is a connection without a mark.
type Pending struct {
	// Deltas per stream, of records and retained bytes.
	Deltas map[string]Delta
	// Recount holds the components that only a recount of the source tables can give. Records implies RetainedBytes.
	Recount Set
	// Streams names the streams whose sizes must be recounted; AllStreams stands for every one.
	Streams    map[string]bool
	AllStreams bool
	// Rederive says that the connection's runs must be derived from their events again, not merely attributed again.
	Rederive bool
	// Since is the oldest mark's marked_at; nil while there is none.
	Since *Instant
	// Asked holds, per component of Recount, the oldest marked_at of the marks that ask for it; Moved that of the deltas.
	Asked map[Component]Instant
	Moved *Instant
	// Demanded says that a recount was asked for by who took every mark of the connection: it is whole.
	Demanded bool
	// Parked is true while every mark that asks for a recount is parked: waiting a moment for the drain will not help.
	Parked bool
}

// Dirty reports whether any mark is visible.
func (p *Pending) Dirty() bool { return p.Since != nil }

// Add takes in one mark. Marks of records and retained bytes either move counts by their delta or ask for a recount; any
// other component is always recomputed whole. Order does not matter.
func (p *Pending) Add(m Mark) {
	p.Since = Earlier(p.Since, m.MarkedAt)
	if m.moves() {
		p.Moved = Earlier(p.Moved, m.MarkedAt)
		p.move(*m.Stream, m.Delta)
		return
	}
	p.Parked = m.Parked && (p.Parked || len(p.Recount) == 0)
	for _, c := range m.covers() {
		p.Ask(c)
		p.askedAt(c, m.MarkedAt)
	}
	switch m.Component {
	case Records, RetainedBytes:
		if m.Stream != nil {
			p.askStream(*m.Stream)
		} else {
			p.AllStreams = true
		}
	case Runs:
		p.Rederive = true
	case All:
		p.Force()
	}
}

// covers are the components that a mark which moves nothing leaves behind.
func (m Mark) covers() []Component {
	switch m.Component {
	case Records:
		return []Component{Records, RetainedBytes}
	case Identity: // a binding or connector that changed moves runs, too
		return []Component{Identity, Runs}
	case All:
		return EvidenceComponents
	}
	return []Component{m.Component}
}

func (p *Pending) askedAt(c Component, at *Instant) {
	if at == nil {
		return
	}
	if p.Asked == nil {
		p.Asked = map[Component]Instant{}
	}
	if known, ok := p.Asked[c]; !ok || at.Before(known) {
		p.Asked[c] = *at
	}
}

// Ask adds a component to what must be recomputed.
func (p *Pending) Ask(c Component) {
	if p.Recount == nil {
		p.Recount = Set{}
	}
	p.Recount.Add(c)
}

// Force asks for everything to be derived from the source tables again.
func (p *Pending) Force() {
	p.Ask(All)
	p.AllStreams, p.Rederive = true, true
}

// Demand asks for these components to be derived from the source tables again, whatever marks say; nil is everything.
func (p *Pending) Demand(components Set) {
	p.Demanded = true
	if components == nil {
		p.Force()
		return
	}
	for _, c := range components.Sorted() {
		p.Ask(c)
		switch c {
		case Records, RetainedBytes:
			p.Ask(RetainedBytes)
			p.AllStreams = true
		case Identity:
			p.Ask(Runs)
		case Runs:
			p.Rederive = true
		}
	}
}

func (p *Pending) askStream(name string) {
	if p.Streams == nil {
		p.Streams = map[string]bool{}
	}
	p.Streams[name] = true
}

// move sums one delta. Deltas that cannot be summed are worth a recount of their stream.
func (p *Pending) move(stream string, d Delta) {
	if p.Deltas == nil {
		p.Deltas = map[string]Delta{}
	}
	sum := p.Deltas[stream]
	if !sum.Add(d) {
		for _, c := range []Component{Records, RetainedBytes} {
			p.Ask(c)
			p.askedAt(c, p.Moved)
		}
		p.askStream(stream)
	}
	p.Deltas[stream] = sum
}

// Marks are as few marks as say the same as p, for parking; all carry p.Since.
func (p *Pending) Marks() []Mark {
	var out []Mark
	for _, stream := range slices.Sorted(maps.Keys(p.Deltas)) {
		out = append(out, Mark{Component: Records, Stream: &stream, Delta: p.Deltas[stream], MarkedAt: p.Since, Parked: true})
	}
	for _, c := range p.Recount.Sorted() {
		if c == Records && p.Recount[RetainedBytes] {
			continue // one mark covers both below
		}
		m := Mark{Component: c, Recount: true, MarkedAt: p.Since, Parked: true}
		if c == RetainedBytes && p.Recount[Records] {
			m.Component = Records
		}
		out = append(out, m)
	}
	return out
}
