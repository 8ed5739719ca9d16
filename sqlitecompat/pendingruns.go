package sqlitecompat

import (
	"context"
	"database/sql"
)

// PendingRuns implements drain.Snapshot.
func (s source) PendingRuns(ctx context.Context, runIDs []string) (map[string]bool, error) {
	out := map[string]bool{}
	err := s.each(ctx, `
		SELECT run_id FROM marks WHERE scope = 'run' AND run_id IN (SELECT value FROM json_each(?))
		UNION SELECT NULL FROM marks WHERE scope = 'all' AND component IN ('runs', 'all')`, []any{array(runIDs)}, func(rows *sql.Rows) error {
		var id *string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if id != nil {
			out[*id] = true
			return nil
		}
		for _, every := range runIDs {
			out[every] = true
		}
		return nil
	})
	return out, err
}
