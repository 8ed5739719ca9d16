package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"tidemark/drain"
	"tidemark/listener"
	"tidemark/sqlitecompat"
	"tidemark/summary"
)

// sqlite is the engine on a SQLite file.
type sqlite struct{ *sqlitecompat.DB }

func openSQLite(ctx context.Context, path string) (engine, error) {
	d, err := sqlitecompat.Open(ctx, path, sqlitecompat.Options{})
	if err != nil {
		return nil, err
	}
	return sqlite{d}, nil
}

func (s sqlite) close() error { return s.Close() }

func (s sqlite) schema(ctx context.Context) (current, latest int64, err error) {
	m, err := s.Migration(ctx)
	return m.Current, m.Latest, err
}

func (s sqlite) install(ctx context.Context) error {
	_, err := s.EnsureCapture(ctx)
	return err
}

func (s sqlite) mend(ctx context.Context) error { return s.install(ctx) }

func (s sqlite) inventory(ctx context.Context) ([]drain.Finding, error) { return s.Inventory(ctx) }

// distrust is the inventory: what it finds this process distrusts at once, and mending it puts it on record.
func (s sqlite) distrust(ctx context.Context) ([]drain.Finding, error) { return s.Inventory(ctx) }

// watched and touched: SQLite tells nobody of DDL.
func (s sqlite) watched(context.Context) (bool, string, error) {
	return false, "", nil
}

func (s sqlite) touched(context.Context) (bool, error) { return false, nil }

// loops has no use for a signal: SQLite has one of its own.
func (s sqlite) loops(_ listener.Signal, audit bool, log *slog.Logger) (loops, error) {
	if audit {
		return loops{}, usagef("--audit on needs PostgreSQL: SQLite's log does not say who changed what")
	}
	l := listener.NewLocal(listener.LocalConfig{Drainer: s, Wake: s.Wake(), Logger: log})
	return loops{
		run:     []func(context.Context) error{l.Run},
		checks:  []func() summary.Check{func() summary.Check { return l.Status().Check() }},
		leads:   func() bool { return l.Status().Role.Drains() },
		status:  l.Status,
		changes: s,
	}, nil
}

// insert writes through the hooked connection.
func (s sqlite) insert(ctx context.Context, tables []rows) (err error) {
	tx, err := s.Writer().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	for _, t := range tables {
		if err := insertRows(ctx, tx, t); err != nil {
			return fmt.Errorf("insert into %s: %w", t.table, err)
		}
	}
	return tx.Commit()
}

func insertRows(ctx context.Context, tx *sql.Tx, t rows) error {
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(t.columns)), ", ")
	insert, err := tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", t.table, strings.Join(t.columns, ", "), marks))
	if err != nil {
		return err
	}
	defer insert.Close() //nolint:errcheck // it ends with the transaction
	for _, row := range t.values {
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}

func (s sqlite) texts(ctx context.Context, query string) ([]string, error) {
	found, err := s.Reader().QueryContext(ctx, qualify(query, "", ""))
	if err != nil {
		return nil, err
	}
	defer found.Close() //nolint:errcheck // read to its end, or its error is told
	var out []string
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, found.Err()
}
