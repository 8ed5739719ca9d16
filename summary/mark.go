package summary

// Delta is by how much a source change moved what one stream retains. Bytes are octets of the stored text.
type Delta struct {
	Records, RecordBytes int64 // live records
	Changes, ChangeBytes int64 // record_changes
	Blobs, BlobBytes     int64
	// Gained and Lost are the newest emitted_at among the live records that came and that went.
	Gained, Lost *Instant
}

// Add sums two deltas of one stream. Order does not matter. It reports false on overflow of an int64.
func (d *Delta) Add(o Delta) bool {
	ok := true
	d.Records = add(d.Records, o.Records, &ok)
	d.RecordBytes = add(d.RecordBytes, o.RecordBytes, &ok)
	d.Changes = add(d.Changes, o.Changes, &ok)
	d.ChangeBytes = add(d.ChangeBytes, o.ChangeBytes, &ok)
	d.Blobs = add(d.Blobs, o.Blobs, &ok)
	d.BlobBytes = add(d.BlobBytes, o.BlobBytes, &ok)
	d.Gained, d.Lost = Later(d.Gained, o.Gained), Later(d.Lost, o.Lost)
	return ok
}

// add sums a and b, clearing ok on overflow.
func add(a, b int64, ok *bool) int64 {
	s := a + b
	if (s > a) != (b > 0) && b != 0 {
		*ok = false
	}
	return s
}

// Mark is one pending mark, or the sum of several alike, resolved to a connection.
type Mark struct {
	Component Component
	Recount   bool
	Stream    *string // nil: every stream
	Delta     Delta
	MarkedAt  *Instant // the oldest
	Parked    bool
}

// moves reports whether the mark says by how much counts and bytes moved. Any other is answered only by a recount.
func (m Mark) moves() bool {
	return !m.Recount && m.Stream != nil && (m.Component == Records || m.Component == RetainedBytes)
}
