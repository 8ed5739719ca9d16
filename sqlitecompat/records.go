package sqlitecompat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"tidemark/drain"
	"tidemark/summary"
)

// EnsureConnection creates the connection, as one that is filled by hand, and its connector, if they are missing. A connector
// made here declares nothing. It is an error if the connection is another owner's or connector's, or revoked.
func (d *DB) EnsureConnection(ctx context.Context, owner, connector, connection string) error {
	err := d.immediate(ctx, func(conn *sql.Conn) (bool, error) {
		_, err := conn.ExecContext(ctx, `
			INSERT INTO connectors (connector_id, manifest) VALUES (?, '{"streams": []}') ON CONFLICT DO NOTHING`, connector)
		if err != nil {
			return false, err
		}
		_, err = conn.ExecContext(ctx, `
			INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, source_kind)
			VALUES (?, ?, ?, 'manual') ON CONFLICT DO NOTHING`, connection, owner, connector)
		if err != nil {
			return false, err
		}
		var hasOwner, hasConnector, revoked bool
		err = conn.QueryRowContext(ctx, `
			SELECT owner_subject_id = ?, connector_id = ?, status = 'revoked'
			FROM connector_instances WHERE connector_instance_id = ?`, owner, connector, connection).Scan(&hasOwner, &hasConnector, &revoked)
		switch {
		case err != nil:
			return false, err
		case !hasOwner:
			return false, errors.New("it belongs to another owner")
		case !hasConnector:
			return false, fmt.Errorf("its connector is not %q", connector)
		case revoked:
			return false, summary.ErrConnectionRevoked
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("create connection %q: %w", connection, unreachable(err))
	}
	return nil
}

// putAtOnce is how many records one statement takes: a statement costs more than a row.
const putAtOnce = 200

// PutRecords writes records of one stream in one transaction. One that is stored with the same JSON already is left
// alone; any other gets a new version and a row of history, and is live again if it was deleted. Of several with one key
// the later comes after the earlier. drain.ErrUnknownConnection and summary.ErrConnectionRevoked say why nothing was written.
func (d *DB) PutRecords(ctx context.Context, connection, stream string, records []summary.Record) (summary.Written, error) {
	var total summary.Written
	err := d.immediate(ctx, func(conn *sql.Conn) (bool, error) {
		if err := writable(ctx, conn, connection); err != nil {
			return false, err
		}
		p := put{conn: conn, connection: connection, stream: stream}
		for rest := records; len(rest) > 0; {
			n := unlike(rest)
			w, err := p.chunk(ctx, rest[:n])
			if err != nil {
				return false, err
			}
			total.Add(w)
			rest = rest[n:]
		}
		return true, nil
	})
	if err != nil {
		return summary.Written{}, fmt.Errorf("write records of connection %q: %w", connection, unreachable(err))
	}
	return total, nil
}

// writable is an error unless there is such a connection, and it is not revoked.
func writable(ctx context.Context, conn *sql.Conn, connection string) error {
	var revoked bool
	err := conn.QueryRowContext(ctx, `
		SELECT status = 'revoked' FROM connector_instances WHERE connector_instance_id = ?`, connection).Scan(&revoked)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return drain.ErrUnknownConnection
	case err != nil:
		return err
	case revoked:
		return summary.ErrConnectionRevoked
	}
	return nil
}

// unlike is how many records one statement may take from the front: until a key comes again.
func unlike(records []summary.Record) int {
	seen := make(map[string]bool, putAtOnce)
	for i, r := range records[:min(len(records), putAtOnce)] {
		if seen[r.Key] {
			return i
		}
		seen[r.Key] = true
	}
	return min(len(records), putAtOnce)
}

// put writes records of one stream. Its transaction has the write lock, so nobody comes between a look and a write.
type put struct {
	conn               *sql.Conn
	connection, stream string
}

// chunk writes those records that differ from what is stored.
func (p put) chunk(ctx context.Context, records []summary.Record) (summary.Written, error) {
	versions, w, err := p.look(ctx, records)
	if err != nil || w.Inserted+w.Updated == 0 {
		return w, err
	}
	var rows []any
	for i, r := range records {
		if versions[i] > 0 {
			rows = append(rows, p.connection, p.stream, r.Key, r.JSON, r.EmittedAt, versions[i])
		}
	}
	_, err = p.conn.ExecContext(ctx, `
		INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at, version) VALUES `+placeholders(len(rows)/6, 6)+`
		ON CONFLICT (connector_instance_id, stream, record_key) DO UPDATE SET record_json = excluded.record_json,
			emitted_at = excluded.emitted_at, version = excluded.version, deleted = 0, deleted_at = NULL`, rows...)
	if err == nil {
		_, err = p.conn.ExecContext(ctx, `
			INSERT INTO record_changes (connector_instance_id, stream, record_key, record_json, emitted_at, version) VALUES `+placeholders(len(rows)/6, 6), rows...)
	}
	return w, err
}

// look finds the version that each record is to get, 0 if it is to be left alone. A record that is gone may have left
// history: its versions go on from there.
func (p put) look(ctx context.Context, records []summary.Record) (versions []int64, w summary.Written, err error) {
	args := []any{p.connection, p.stream} // ?1 and ?2, before the placeholders without a number
	for i, r := range records {
		args = append(args, i, r.Key, r.JSON)
	}
	rows, err := p.conn.QueryContext(ctx, `
		SELECT g.column1, r.version IS NOT NULL, coalesce(NOT r.deleted AND r.record_json IS g.column3, 0),
		       1 + max(coalesce(r.version, 0), coalesce((
				SELECT max(h.version) FROM record_changes h
				WHERE h.connector_instance_id = ?1 AND h.stream = ?2 AND h.record_key = g.column2), 0))
		FROM (VALUES `+placeholders(len(records), 3)+`) g
		LEFT JOIN records r ON r.connector_instance_id = ?1 AND r.stream = ?2 AND r.record_key = g.column2`, args...)
	if err != nil {
		return nil, w, err
	}
	defer rows.Close() //nolint:errcheck // read to its end, or its error is told
	versions = make([]int64, len(records))
	for rows.Next() {
		var i int
		var there, same bool
		var next int64
		if err := rows.Scan(&i, &there, &same, &next); err != nil {
			return nil, w, err
		}
		switch {
		case same:
			w.Unchanged++
			continue
		case there:
			w.Updated++
		default:
			w.Inserted++
		}
		versions[i] = next
	}
	return versions, w, rows.Err()
}

// placeholders is (?, …), (?, …): rows of so many columns.
func placeholders(rows, columns int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
	return strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ")
}
