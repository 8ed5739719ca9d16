package summary

// Connector is what is read live of a connector, never copied into evidence.
type Connector struct {
	ConnectorID string
	DisplayName *string
	Manifest    *string // JSON as stored; nil if there is none
}

// Observation is everything that a summary of one connection is synthesized from, as one snapshot of the database holds it.
// Identity is the live row's. Counts and bytes have the pending marks' deltas folded in.
type Observation struct {
	Facts
	Connector Connector
	// SourceBinding (JSON) and UpdatedAt are the live row's, and no part of the evidence.
	SourceBinding string
	UpdatedAt     Instant
	// Version, ComputedAt and State are those of the evidence row; Version is 0 and ComputedAt nil while there is none.
	Version    int64
	ComputedAt *Instant
	State      string
	LastError  *string
	// Behind holds the components whose shown value may not be the snapshot's: a mark without a delta covers them, or there
	// is no evidence yet.
	Behind Set
	// BehindSince says since when, where that is not DirtySince: a mark of one component says nothing of another.
	BehindSince map[Component]Instant
	// DirtySince is the oldest visible mark's time; nil while the connection is clean.
	DirtySince *Instant
	// OnlyParked is true if all that is behind waits for a failed connection's retry.
	OnlyParked bool
	// Untrusted holds the components whose capture cannot be trusted, with a closed reason code each (SPEC G9).
	Untrusted map[Component]string
}

// Observe puts together what one snapshot holds of one connection. stored is nil while there is no evidence row: then the
// connection's own marks, from its insertion on, give its counts, and everything else is behind.
func Observe(id string, live IdentityFacts, stored *Evidence, p Pending, c Connector, untrusted map[Component]string) Observation {
	o := Observation{
		Facts: Facts{ConnectionID: id}, Connector: c, State: StateCurrent, Behind: Set{},
		DirtySince: p.Since, OnlyParked: p.Parked && len(p.Recount) > 0, Untrusted: untrusted,
	}
	if stored != nil {
		o.Facts, o.Version, o.State, o.LastError = stored.Facts, stored.Version, stored.State, stored.LastError
		o.ComputedAt = &stored.ComputedAt
	} else {
		o.Behind.Add(All)
	}
	o.Identity = live
	o.Behind.Union(p.Recount)
	delete(o.Behind, Identity) // read live
	f := Fold(o.Streams, p.Deltas)
	o.Streams = f.Streams
	moved := Set{}
	if f.Drifted {
		moved = NewSet(Records, RetainedBytes)
	}
	if len(f.NewestUnknown) > 0 {
		moved.Add(Records)
	}
	if stored != nil {
		o.BehindSince = p.behindSince(moved)
	}
	o.Behind.Union(moved)
	return o
}

// behindSince is p.Asked, and since when deltas leave the components of moved behind.
func (p *Pending) behindSince(moved Set) map[Component]Instant {
	if len(moved) == 0 || p.Moved == nil {
		return p.Asked
	}
	out := make(map[Component]Instant, len(p.Asked)+len(moved))
	for c, at := range p.Asked {
		out[c] = at
	}
	for c := range moved {
		if at, known := out[c]; !known || p.Moved.Before(at) {
			out[c] = *p.Moved
		}
	}
	return out
}
