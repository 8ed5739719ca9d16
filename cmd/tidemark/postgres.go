package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"tidemark/db"
	"tidemark/drain"
	"tidemark/listener"
	"tidemark/summary"
	"tidemark/triggers"
)

// postgres is the engine on PostgreSQL.
type postgres struct{ *db.Replicated }

// openPostgres connects to the database and, unless readDSN is empty, to the standby of it that reads come from.
func openPostgres(ctx context.Context, dsn, readDSN string) (engine, error) {
	d, err := db.Open(ctx, dsn, db.Options{})
	if err != nil {
		return nil, err
	}
	r, err := db.Replicate(ctx, d, readDSN)
	if err != nil {
		d.Close()
		return nil, err
	}
	return postgres{r}, nil
}

func (p postgres) close() error {
	p.Close()
	return nil
}

func (p postgres) schema(ctx context.Context) (current, latest int64, err error) {
	m, err := p.Migration(ctx)
	return m.Current, m.Latest, err
}

func (p postgres) install(ctx context.Context) error {
	conn, err := p.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // given up either way
	_, err = triggers.Install(ctx, conn)
	return err
}

func (p postgres) mend(ctx context.Context) error {
	conn, err := p.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // given up either way
	_, err = triggers.Mend(ctx, conn)
	return err
}

func (p postgres) inventory(ctx context.Context) ([]drain.Finding, error) {
	found, err := triggers.Inventory(ctx, p.Pool())
	return findings(found), err
}

func (p postgres) distrust(ctx context.Context) ([]drain.Finding, error) {
	found, _, err := triggers.Distrust(ctx, p.Pool())
	return findings(found), err
}

func (p postgres) watched(ctx context.Context) (bool, string, error) {
	return triggers.Watch(ctx, p.Pool())
}

func (p postgres) touched(ctx context.Context) (touched bool, err error) {
	err = p.Pool().QueryRow(ctx, `SELECT EXISTS (SELECT FROM tidemark.capture_touched)`).Scan(&touched)
	return touched, err
}

func findings(found []triggers.Finding) []drain.Finding {
	out := make([]drain.Finding, len(found))
	for i, f := range found {
		out[i] = drain.Finding{Table: f.Table, Object: f.Object, Problem: string(f.Problem), Detail: f.Detail, Fix: f.Fix}
	}
	return out
}

func (p postgres) loops(signal listener.Signal, audit bool, log *slog.Logger) (loops, error) {
	cfg, hub := p.Pool().Config().ConnConfig, listener.NewHub(0)
	l := listener.New(listener.Config{Connect: cfg, Drainer: p, Patient: true, Signal: signal, Logger: log})
	heard := listener.NewChanges(listener.ChangesConfig{Choose: p.ReadsFrom, Hub: hub, Patient: true, Logger: log})
	told := newChanges(hub)
	work := loops{
		run:     []func(context.Context) error{l.Run, heard.Run, told.Run},
		checks:  []func() summary.Check{func() summary.Check { return l.Status().Check() }},
		leads:   func() bool { return l.Status().Role.Drains() },
		status:  l.Status,
		changes: told,
	}
	work.run = append(work.run, newPresence(p.Replicated, l.Status, log).run)
	if p.Replicates() {
		p.SetLogger(log)
		work.run, work.checks = append(work.run, p.Run), append(work.checks, p.Check)
		work.metrics = append(work.metrics, standbyMetrics(p.Replica)...)
	}
	if audit {
		auditor := listener.NewAuditor(listener.AuditConfig{Connect: cfg, Engine: p, Leads: work.leads, Logger: log})
		work.run, work.checks = append(work.run, auditor.Run), append(work.checks, auditor.Check)
		work.metrics = append(work.metrics, auditMetrics(auditor.Status)...)
	} else {
		work.run = append(work.run, func(ctx context.Context) error {
			warn(ctx, log, "what an auditor left cannot be taken away", listener.EndAudit(ctx, cfg))
			return nil
		})
	}
	return work, nil
}

// insert copies, as a restore does.
func (p postgres) insert(ctx context.Context, tables []rows) error {
	return pgx.BeginFunc(ctx, p.Pool(), func(tx pgx.Tx) error {
		for _, t := range tables {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{"public", t.table}, t.columns, pgx.CopyFromSlice(len(t.values), func(i int) ([]any, error) {
				out := make([]any, len(t.values[i]))
				for c, v := range t.values[i] {
					if at, ok := v.(summary.Instant); ok {
						v = at.Time()
					}
					out[c] = v
				}
				return out, nil
			}))
			if err != nil {
				return fmt.Errorf("copy into %s: %w", t.table, err)
			}
		}
		return nil
	})
}

func (p postgres) texts(ctx context.Context, sql string) ([]string, error) {
	rows, err := p.Pool().Query(ctx, qualify(sql, "public.", "tidemark."))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
