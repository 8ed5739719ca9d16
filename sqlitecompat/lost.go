package sqlitecompat

import (
	"slices"

	"tidemark/drain"
	"tidemark/summary"
)

// loss is a table whose capture was found lost and that may still be on record as trusted.
type loss struct {
	table, reason, detail string
	since                 summary.Instant
	components            []summary.Component
}

// everyTable is the table of findings that concern all of them.
const everyTable = "hooked"

// lose keeps what an inventory found, since when.
func (d *DB) lose(found []drain.Finding) {
	var now []loss
	before := d.losses()
	for _, g := range guards {
		i := slices.IndexFunc(found, func(f drain.Finding) bool { return f.Table == g.table || f.Table == everyTable })
		if i < 0 {
			continue
		}
		l := loss{g.table, found[i].Problem, found[i].Object + ": " + found[i].Problem, d.instant(), g.components()}
		if j := slices.IndexFunc(before, func(o loss) bool { return o.table == l.table && o.detail == l.detail }); j >= 0 {
			l.since = before[j].since
		}
		now = append(now, l)
	}
	d.lost.Store(&now)
}

func (d *DB) losses() []loss {
	if p := d.lost.Load(); p != nil {
		return *p
	}
	return nil
}

// overlay makes a state that is on record as trusted what it is.
func (l loss) overlay(c *drain.CaptureState) {
	if c.Table == l.table && c.Trusted {
		c.Trusted, c.Since, c.ReasonCode, c.Detail, c.Recount = false, l.since, &l.reason, &l.detail, l.components
	}
}

// components are what rests on the table.
func (g guard) components() []summary.Component {
	switch g.component {
	case "all": // a connection that came or went is derived, or forgotten, whole
		return []summary.Component{summary.Identity, summary.Runs}
	case string(summary.Records):
		return []summary.Component{summary.Records, summary.RetainedBytes}
	}
	return []summary.Component{summary.Component(g.component)}
}
