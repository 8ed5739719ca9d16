package sqlitecompat

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkBatch is bar P3: a transaction that inserts 1,000 records of 300 octets, by the bare driver into tables with
// primary and foreign keys only, and through the layer into ours, guards on. Compare medians of interleaved runs.
func BenchmarkBatch(b *testing.B) {
	b.Run("bare", func(b *testing.B) { insertBatches(b, bare(b)) })
	b.Run("layer", func(b *testing.B) {
		db, err := Open(b.Context(), filepath.Join(b.TempDir(), "layer.db"), Options{})
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close() //nolint:errcheck // a benchmark
		if err := db.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		insertBatches(b, db.Writer())
	})
}

func bare(b *testing.B) *sql.DB {
	db, err := sql.Open("sqlite", dsn(filepath.Join(b.TempDir(), "bare.db"), "rwc", "foreign_keys(1)", "synchronous(FULL)", "journal_mode(WAL)"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() }) //nolint:errcheck // a benchmark
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`
		CREATE TABLE connectors (connector_id TEXT PRIMARY KEY);
		CREATE TABLE connector_instances (connector_instance_id TEXT PRIMARY KEY, owner_subject_id TEXT, connector_id TEXT REFERENCES connectors);
		CREATE TABLE records (connector_instance_id TEXT NOT NULL REFERENCES connector_instances ON DELETE CASCADE, stream TEXT NOT NULL,
			record_key TEXT NOT NULL, record_json TEXT, emitted_at TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1,
			record_bytes INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(length(CAST(record_json AS BLOB)), 0)) STORED,
			deleted INTEGER NOT NULL DEFAULT 0, deleted_at TEXT, PRIMARY KEY (connector_instance_id, stream, record_key))`)
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func insertBatches(b *testing.B, db *sql.DB) {
	for _, q := range []string{
		`INSERT INTO connectors (connector_id) VALUES ('k')`,
		`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('ci_0001', 'o', 'k')`,
	} {
		if _, err := db.Exec(q); err != nil {
			b.Fatal(err)
		}
	}
	insert, err := db.Prepare(`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		b.Fatal(err)
	}
	defer insert.Close() //nolint:errcheck // a benchmark
	json := `{"id":123456,"name":"` + strings.Repeat("abcdefgh ", 29) + `"}`
	n := 0
	for b.Loop() {
		tx, err := db.BeginTx(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		stmt := tx.StmtContext(b.Context(), insert)
		for range 1000 {
			n++
			if _, err := stmt.ExecContext(b.Context(), "ci_0001", "orders", fmt.Sprintf("key-%08d", n), json, "2026-11-22T05:00:00.123456Z"); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}
