package triggers

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// acknowledge records what the installation leaves in the catalog of the tables that it has mended, and forgets what the event triggers
// have written down of them and of its own DDL. Only now can the tables earn trust again.
func acknowledge(ctx context.Context, tx pgx.Tx, tables []string) error {
	for _, sql := range []string{
		`DELETE FROM tidemark.capture_touched WHERE xid = pg_current_xact_id() OR table_name = ANY ($1)`,
		`DELETE FROM tidemark.capture_seen s USING tidemark.capture_differs d
		 WHERE (s.table_name, s.object_kind, s.relation, s.object_name) = (d.table_name, d.object_kind, d.relation, d.object_name)
		   AND s.table_name = ANY ($1)`,
		`INSERT INTO tidemark.capture_seen (table_name, object_kind, relation, object_name, stamp, shown)
		 SELECT o.table_name, o.object_kind, o.relation, o.object_name, o.stamp, o.shown FROM tidemark.capture_objects o
		 WHERE o.table_name = ANY ($1) ON CONFLICT DO NOTHING`,
	} {
		if _, err := tx.Exec(ctx, sql, tables); err != nil {
			return fmt.Errorf("record what is installed: %w", err)
		}
	}
	return nil
}

// eventTriggers hasten the inventory: they record distrust in the transaction of the DDL. ENABLE ALWAYS, so that they see what a session
// under replica role does, too.
var eventTriggers = map[string]string{
	"tidemark_ddl": `ON ddl_command_end
		WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE', 'CREATE TRIGGER', 'ALTER TRIGGER', 'CREATE FUNCTION', 'ALTER FUNCTION', 'ALTER ROUTINE', 'ALTER SCHEMA')`,
	"tidemark_drop": `ON sql_drop`,
}

// Watch tells how loss of capture is noticed: at once, by event triggers, or else only by the inventory, and why.
func Watch(ctx context.Context, q Beginner) (atOnce bool, why string, err error) {
	tx, err := q.Begin(ctx)
	if err != nil {
		return false, "", fmt.Errorf("look for event triggers: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // nothing was written
	missing, err := missingEventTriggers(ctx, tx)
	if err != nil || len(missing) == 0 {
		return err == nil, "", err
	}
	var super bool
	var owner, user string
	err = tx.QueryRow(ctx, `
		SELECT r.rolsuper, r.rolname, current_user FROM pg_class m JOIN pg_roles r ON r.oid = m.relowner
		WHERE m.oid = to_regclass('tidemark.marks')`).Scan(&super, &owner, &user)
	switch {
	case err != nil:
		return false, "", fmt.Errorf("look for event triggers: %w", err)
	case !super:
		return false, fmt.Sprintf("%s owns schema tidemark and is no superuser: PostgreSQL lets only superusers create event triggers", owner), nil
	}
	return false, fmt.Sprintf("%s has not installed them, as `%s` run as %s does", user, fix, owner), nil
}

func missingEventTriggers(ctx context.Context, tx pgx.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, `
		SELECT name FROM unnest(ARRAY['tidemark_ddl', 'tidemark_drop']) name
		WHERE NOT EXISTS (SELECT FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid
		                  WHERE e.evtname = name AND e.evtenabled = 'A' AND p.pronamespace = 'tidemark'::regnamespace AND p.proname = 'watch_ddl')
		ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("look for event triggers: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// watchDDL creates the event triggers where it may. Only the owner of the schema does it for itself: an event trigger runs in every
// session's DDL, a superuser's too, and its function is the owner's to alter.
func watchDDL(ctx context.Context, tx pgx.Tx, c catalog) error {
	if c.user != c.owner {
		return nil
	}
	missing, err := missingEventTriggers(ctx, tx)
	if err != nil || len(missing) == 0 {
		return err
	}
	err = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		for _, name := range missing {
			for _, sql := range []string{
				`DROP EVENT TRIGGER IF EXISTS ` + name,
				`CREATE EVENT TRIGGER ` + name + ` ` + eventTriggers[name] + ` EXECUTE FUNCTION tidemark.watch_ddl()`,
				`ALTER EVENT TRIGGER ` + name + ` ENABLE ALWAYS`,
			} {
				if _, err := tx.Exec(ctx, sql); err != nil {
					return err
				}
			}
		}
		return nil
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "42501" || pg.Code == "42710") { // no right; another database role's of the same name
		return nil
	}
	if err != nil {
		return fmt.Errorf("create event triggers: %w", err)
	}
	return nil
}
