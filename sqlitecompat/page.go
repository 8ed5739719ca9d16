package sqlitecompat

import (
	"context"
	"strings"

	"tidemark/summary"
)

// Page implements server.Store.
func (d *DB) Page(ctx context.Context, q summary.PageQuery) (summary.Page, error) {
	var found []summary.Observation
	err := d.snapshot(ctx, func(s source) (err error) {
		query, args := chosenPage(q)
		found, err = s.observe(ctx, query, args...)
		return err
	})
	if err != nil {
		return summary.Page{}, err
	}
	p := summary.Page{Observations: found}
	if len(found) > q.Limit {
		p.Observations, p.More = found[:q.Limit], true
	}
	return p, nil
}

// chosenPage selects one row more than the page holds, walking connector_instances_page. Conditions that are not asked for are
// not in the statement, so that each form gets the plan that fits it.
func chosenPage(q summary.PageQuery) (query string, args []any) {
	var b strings.Builder
	add := func(condition string, values ...any) {
		b.WriteString(condition)
		args = append(args, values...)
	}
	add(`SELECT * FROM connector_instances c WHERE c.owner_subject_id = ?`, q.Owner)
	if q.After != nil {
		add(` AND (c.connector_id, c.created_at, c.connector_instance_id) > (?, ?, ?)`, q.After.ConnectorID, q.After.CreatedAt, q.After.ConnectionID)
	}
	if len(q.Filter.ConnectorIDs) > 0 {
		add(` AND c.connector_id IN (SELECT value FROM json_each(?))`, array(q.Filter.ConnectorIDs))
	}
	if q.Filter.Status != "" {
		add(` AND c.status = ?`, q.Filter.Status)
	}
	if q.Scheduled {
		add(` AND EXISTS (SELECT 1 FROM connector_schedules s WHERE s.connector_instance_id = c.connector_instance_id)`)
	}
	if q.Filter.Query != "" { // lower changes A to Z only
		add(` AND (instr(lower(c.connector_id), lower(?)) > 0 OR instr(lower(c.display_name), lower(?)) > 0)`, q.Filter.Query, q.Filter.Query)
	}
	add(` ORDER BY c.connector_id, c.created_at, c.connector_instance_id LIMIT ?`, q.Limit+1)
	return b.String(), args
}
