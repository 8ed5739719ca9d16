package listener

import (
	"context"
	"fmt"

	"github.com/jackc/pglogrepl"

	"tidemark/summary"
)

// relation is a table as the stream describes it.
type relation struct {
	table *audited // nil: not a source table
	marks bool
	// names is the place of the column that says what a row belongs to; keyed: it is part of the replica identity, so an
	// update that does not tell the row as it was did not change it.
	names int
	keyed bool
	// component is the place of a mark's component.
	component int
}

// witnessed is what one transaction has changed until now. However large it is, it takes bounded memory.
type witnessed struct {
	xid     uint32
	changed map[*audited]*suspicion
	marked  map[summary.Component]bool
}

// witness reads the stream, transaction by transaction, and raises what changed source tables without a mark that fits.
type witness struct {
	suspects  *suspects
	relations map[uint32]relation
	// rootOf names the source table that another table is a part of; empty if none.
	rootOf func(ctx context.Context, part *pglogrepl.RelationMessage) (string, error)
	now    witnessed
}

// hear takes in one message of pgoutput.
func (w *witness) hear(ctx context.Context, data []byte) error {
	switch kind := pglogrepl.MessageType(data[0]); kind {
	case pglogrepl.MessageTypeBegin:
		var m pglogrepl.BeginMessage
		if err := m.Decode(data[1:]); err != nil {
			return err
		}
		w.now = witnessed{xid: m.Xid, changed: map[*audited]*suspicion{}, marked: map[summary.Component]bool{}}
	case pglogrepl.MessageTypeRelation:
		return w.describe(ctx, data[1:])
	case pglogrepl.MessageTypeInsert, pglogrepl.MessageTypeUpdate, pglogrepl.MessageTypeDelete:
		c, err := parseChange(data)
		if err != nil {
			return err
		}
		w.change(c)
	case pglogrepl.MessageTypeTruncate:
		var m pglogrepl.TruncateMessage
		if err := m.Decode(data[1:]); err != nil {
			return err
		}
		for _, id := range m.RelationIDs {
			if a := w.relations[id].table; a != nil {
				w.suspect(a).whole(w.now.xid)
			}
		}
	case pglogrepl.MessageTypeCommit:
		var m pglogrepl.CommitMessage
		if err := m.Decode(data[1:]); err != nil {
			return err
		}
		w.commit(m.CommitLSN)
	}
	return nil
}

// describe remembers a table. A column list may leave out columns, but never those of marks that are needed.
func (w *witness) describe(ctx context.Context, data []byte) error {
	var m pglogrepl.RelationMessage
	if err := m.Decode(data); err != nil {
		return err
	}
	r := relation{names: -1, component: -1}
	switch {
	case m.Namespace == "tidemark" && m.RelationName == "marks":
		r.marks = true
	case m.Namespace == "public" && auditedTable(m.RelationName) != nil:
		r.table = auditedTable(m.RelationName)
	default:
		root, err := w.rootOf(ctx, &m)
		if err != nil {
			return err
		}
		if r.table = auditedTable(root); r.table == nil { // and what changed is unknown: everything is verified anew
			return fmt.Errorf("read replication stream: nothing says any more which source table %s.%s was a part of", m.Namespace, m.RelationName)
		}
	}
	for i, c := range m.Columns {
		switch {
		case r.table != nil && c.Name == r.table.names:
			r.names, r.keyed = i, c.Flags&1 != 0
		case r.marks && c.Name == "component":
			r.component = i
		}
	}
	if r.marks && r.component < 0 {
		return fmt.Errorf("read replication stream: marks come without their component: %w", errMalformed)
	}
	if w.relations == nil {
		w.relations = map[uint32]relation{}
	}
	w.relations[m.RelationID] = r
	return nil
}

func (w *witness) suspect(a *audited) *suspicion {
	if w.now.changed[a] == nil {
		w.now.changed[a] = &suspicion{}
	}
	return w.now.changed[a]
}

// change takes note of whose row it is, and whose it was.
func (w *witness) change(c change) {
	r := w.relations[c.relation]
	if r.marks && c.new != nil {
		if component, ok := column(c.new, r.component); ok {
			w.now.marked[summary.Component(component)] = true
		}
		return
	}
	if r.table == nil {
		return
	}
	s := w.suspect(r.table)
	if s.all {
		return
	}
	xid := w.now.xid
	if r.names < 0 {
		s.whole(xid)
		return
	}
	id, named := column(c.new, r.names)
	was, told := column(c.old, r.names)
	// Whose the row was is known if the message says so, or if it would have said that this has changed.
	known := c.kind == 'I' || c.whole || told || r.keyed && c.kind == 'U'
	switch {
	case c.kind == 'D' && !known, c.kind == 'U' && !named && !known:
		s.whole(xid)
		return
	case named:
		s.name(string(id), xid, !known || r.table.wide)
	}
	if told {
		s.name(string(was), xid, r.table.wide)
	}
}

// commit ends the transaction: what it changed without a mark that fits is suspected.
func (w *witness) commit(at pglogrepl.LSN) {
	for a, s := range w.now.changed {
		all := w.now.marked[summary.All] && a.owner != ofConnector // for no recount tells clients of a connector
		if all || w.now.marked[a.mark] || !s.all && len(s.ids) == 0 {
			delete(w.now.changed, a)
		}
	}
	if len(w.now.changed) > 0 {
		w.suspects.raise(w.now.xid, at, w.now.changed)
	}
	w.now = witnessed{}
}
