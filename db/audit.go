package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tidemark/drain"
	"tidemark/summary"
)

// Distrust declares the capture of a table untrusted from now on. A reason that it had before stays; a recount that has begun
// does not earn trust any more.
func (d *DB) Distrust(ctx context.Context, table, reason, detail string, recount []summary.Component) error {
	components := make([]string, len(recount))
	for i, c := range recount {
		components[i] = string(c)
	}
	return d.store(ctx, "distrust capture", `
		UPDATE tidemark.capture_state SET trusted = false, since = clock_timestamp(),
		       reason_code = CASE WHEN trusted THEN $2 ELSE reason_code END, detail = CASE WHEN trusted THEN $3 ELSE detail END,
		       recount = ARRAY(SELECT DISTINCT unnest(recount || $4::text[]::tidemark.component[]) ORDER BY 1)
		WHERE table_name = $1`, table, reason, detail, components)
}

// Unannounced implements drain.AuditEngine.
func (d *DB) Unannounced(ctx context.Context, connectors []string) ([]string, error) {
	rows, err := d.pool.Query(ctx, `
		SELECT connector_id FROM public.connectors c FULL JOIN tidemark.announced_manifests a USING (connector_id)
		WHERE ($1::text[] IS NULL OR connector_id = ANY ($1))
		  AND a.digest IS DISTINCT FROM CASE WHEN c.connector_id IS NOT NULL THEN tidemark.manifest_digest(c.display_name, c.manifest) END
		  AND NOT EXISTS (
			SELECT FROM tidemark.pending_marks m
			WHERE m.component = 'manifest' AND (m.scope = 'all' OR m.connector_id = coalesce(c.connector_id, a.connector_id)))
		ORDER BY 1`, connectors)
	if err != nil {
		return nil, fmt.Errorf("compare connectors: %w", unreachable(err))
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("compare connectors: %w", unreachable(err))
	}
	return ids, nil
}

// BeginAudit stores that an auditor reads a slot from now on. What was still to be looked into is covered by the verification
// that follows.
func (d *DB) BeginAudit(ctx context.Context, slot string) error {
	return d.store(ctx, "store audit", `
		WITH covered AS (UPDATE tidemark.audit_tables SET suspect_xid = NULL WHERE suspect_xid IS NOT NULL)
		INSERT INTO tidemark.audit (slot, began_at) VALUES ($1, clock_timestamp())
		ON CONFLICT (one) DO UPDATE SET slot = excluded.slot, began_at = excluded.began_at, verified_at = NULL`, slot)
}

// VerifiedAudit stores that what was changed before the slot began is known to be right.
func (d *DB) VerifiedAudit(ctx context.Context, found int64) error {
	return d.store(ctx, "store audit", `UPDATE tidemark.audit SET verified_at = clock_timestamp(), verify_found = verify_found + $1`, found)
}

// Bypassed counts confirmed bypasses of a table.
func (d *DB) Bypassed(ctx context.Context, table string, found, xid int64, connection string) error {
	return d.store(ctx, "count bypass", `
		INSERT INTO tidemark.audit_tables AS t (table_name, found, last_at, last_xid, connector_instance_id) VALUES ($1, $2, clock_timestamp(), $3, $4)
		ON CONFLICT (table_name) DO UPDATE SET found = t.found + excluded.found, last_at = excluded.last_at, last_xid = excluded.last_xid,
			connector_instance_id = excluded.connector_instance_id`, table, found, xid, connection)
}

// Suspected stores which transaction may have changed any row of a table; 0: none that has not been looked into.
func (d *DB) Suspected(ctx context.Context, table string, xid int64) error {
	return d.store(ctx, "store suspicion", `
		INSERT INTO tidemark.audit_tables (table_name, suspect_xid) VALUES ($1, nullif($2::bigint, 0))
		ON CONFLICT (table_name) DO UPDATE SET suspect_xid = excluded.suspect_xid`, table, xid)
}

func (d *DB) store(ctx context.Context, verb, sql string, args ...any) error {
	if _, err := d.pool.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("%s: %w", verb, unreachable(err))
	}
	return nil
}

// Audit reads what auditors have found.
func (d *DB) Audit(ctx context.Context) (*drain.AuditState, error) {
	var s drain.AuditState
	err := d.pool.QueryRow(ctx, `
		SELECT a.slot, EXISTS (SELECT FROM pg_replication_slots s WHERE s.slot_name = a.slot AND s.active AND s.database = current_database()),
		       a.began_at, a.verified_at, a.verify_found
		FROM tidemark.audit a`).Scan(&s.Slot, &s.Watching, &s.BeganAt, &s.VerifiedAt, &s.VerifyFound)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read audit: %w", unreachable(err))
	}
	rows, err := d.pool.Query(ctx, `
		SELECT table_name, found, last_at, last_xid, connector_instance_id, suspect_xid FROM tidemark.audit_tables ORDER BY table_name`)
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", unreachable(err))
	}
	if s.Tables, err = pgx.AppendRows([]drain.AuditTable{}, rows, pgx.RowToStructByPos[drain.AuditTable]); err != nil {
		return nil, fmt.Errorf("read audit: %w", unreachable(err))
	}
	return &s, nil
}
