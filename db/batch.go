package db

import (
	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

// batch gathers the marks that one drain took.
type batch struct {
	connections map[string]*summary.Pending
	runs        []drain.RunMark
	connectors  []string
	identities  []string                              // connections whose identity may have changed
	boundKeys   []string                              // profile keys that somebody began or ceased to expect
	broad       map[summary.Component]summary.Instant // marks that cover every connection; the oldest of each
	expanded    bool
	marks       int64
	more        bool
}

// group is one row of the query groups.
type group struct {
	scope, component                   string
	recount                            bool
	connection                         string
	stream                             *string
	run, profileKey, connector         string
	count                              int64
	markedAt                           summary.Instant
	records, recordBytes               *string
	changes, changeBytes, blobs, bytes *string
	gained, lost                       *summary.Instant
}

// collect reads the rows of groups into the batch.
func (b *batch) collect(rows pgx.Rows, err error) error {
	if err != nil {
		return err
	}
	var g group
	_, err = pgx.ForEachRow(rows, []any{
		&g.scope, &g.component, &g.recount, &g.connection, &g.stream, &g.run, &g.profileKey, &g.connector, &g.count,
		&g.markedAt, &g.records, &g.recordBytes, &g.changes, &g.changeBytes, &g.blobs, &g.bytes, &g.gained, &g.lost,
	}, func() error {
		b.add(g)
		return nil
	})
	return err
}

func (b *batch) add(g group) {
	b.marks += g.count
	switch g.scope {
	case "all":
		if b.broad == nil {
			b.broad = map[summary.Component]summary.Instant{}
		}
		c := summary.Component(g.component)
		if at, ok := b.broad[c]; !ok || g.markedAt.Before(at) {
			b.broad[c] = g.markedAt
		}
	case "run":
		b.runs = append(b.runs, drain.RunMark{RunID: g.run, ProfileKey: g.profileKey, ConnectionID: g.connection})
		if g.run == "" {
			b.boundKeys = append(b.boundKeys, g.profileKey)
		}
	case "connector":
		b.connectors = append(b.connectors, g.connector)
	default:
		if c := summary.Component(g.component); c == summary.Identity || c == summary.All {
			b.identities = append(b.identities, g.connection)
		}
		p := b.connections[g.connection]
		if p == nil {
			p = &summary.Pending{}
			b.connections[g.connection] = p
		}
		p.Add(g.mark())
	}
}

// mark is the group as one mark; sums that fit no int64 ask for a recount instead.
func (g group) mark() summary.Mark {
	at := g.markedAt
	m := summary.Mark{Component: summary.Component(g.component), Recount: g.recount, Stream: g.stream, MarkedAt: &at}
	m.Delta.Gained, m.Delta.Lost = g.gained, g.lost
	fits := setSum(&m.Delta.Records, g.records) && setSum(&m.Delta.RecordBytes, g.recordBytes) &&
		setSum(&m.Delta.Changes, g.changes) && setSum(&m.Delta.ChangeBytes, g.changeBytes) &&
		setSum(&m.Delta.Blobs, g.blobs) && setSum(&m.Delta.BlobBytes, g.bytes)
	if !fits { // only a recount can tell; one of records implies the retained bytes
		m.Recount, m.Component = true, summary.Records
	}
	return m
}
