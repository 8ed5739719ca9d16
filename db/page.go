package db

import (
	"context"
	"strings"

	"tidemark/summary"
)

// Page implements server.Store.
func (d *DB) Page(ctx context.Context, q summary.PageQuery) (summary.Page, error) {
	sql, args := chosenPage(q)
	found, err := observe(ctx, d.pool, sql, args...)
	if err != nil {
		return summary.Page{}, err
	}
	p := summary.Page{Observations: found}
	if len(found) > q.Limit {
		p.Observations, p.More = found[:q.Limit], true
	}
	return p, nil
}

// chosenPage selects one row more than the page holds, walking connector_instances_page. Conditions that are not asked for are not
// in the statement, so that each form gets the plan that fits it.
func chosenPage(q summary.PageQuery) (sql string, args []any) {
	var b strings.Builder
	arg := func(v any) string {
		args = append(args, v)
		return placeholder(len(args))
	}
	b.WriteString(`SELECT * FROM public.connector_instances c WHERE c.owner_subject_id = ` + arg(q.Owner))
	if q.After != nil {
		// Ids that are no UTF-8 are none of ours: whoever forged the cursor goes on somewhere.
		connector, id := strings.ToValidUTF8(q.After.ConnectorID, ""), strings.ToValidUTF8(q.After.ConnectionID, "")
		b.WriteString(` AND (c.connector_id, c.created_at, c.connector_instance_id) > (` +
			arg(connector) + `, ` + arg(q.After.CreatedAt.Time()) + `, ` + arg(id) + `)`)
	}
	if len(q.Filter.ConnectorIDs) > 0 {
		b.WriteString(` AND c.connector_id = ANY (` + arg(q.Filter.ConnectorIDs) + `)`)
	}
	if q.Filter.Status != "" {
		b.WriteString(` AND c.status = ` + arg(q.Filter.Status))
	}
	if q.Scheduled {
		b.WriteString(` AND EXISTS (SELECT FROM public.connector_schedules s WHERE s.connector_instance_id = c.connector_instance_id)`)
	}
	if q.Filter.Query != "" { // lower under collation C changes A to Z only
		needle := `lower(` + arg(q.Filter.Query) + `::text COLLATE "C")`
		b.WriteString(` AND (position(` + needle + ` IN lower(c.connector_id)) > 0 OR position(` + needle + ` IN lower(c.display_name)) > 0)`)
	}
	b.WriteString(` ORDER BY c.connector_id, c.created_at, c.connector_instance_id LIMIT ` + arg(q.Limit+1))
	return b.String(), args
}
