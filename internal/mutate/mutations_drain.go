package main

// What drain, db and summary must not be without.
var ofDrain = []mutation{
	{
		name: "drain lock omitted", guarantee: "G3", file: "db/tx.go",
		old: "if _, err = tx.Exec(ctx, `LOCK TABLE tidemark.drain_lock IN EXCLUSIVE MODE`); err != nil {",
		new: "if _, err = tx.Exec(ctx, `SELECT 1`); err != nil {",
		pkg: "./db", run: "TestDrainsTakeTurns",
	},
	{
		name: "drain lock after the snapshot", guarantee: "G3", file: "db/tx.go",
		old: "		// LOCK TABLE takes no snapshot",
		new: "		if _, err = tx.Exec(ctx, `SELECT 1`); err != nil {\n			return err\n		}\n		// LOCK TABLE takes no snapshot",
		pkg: "./db", run: "TestDrainsTakeTurns",
	},
	{
		name: "delete, then recount", guarantee: "G2", file: "db/tx.go",
		old: "err := pgx.BeginTxFunc(ctx, d.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) (err error) {",
		new: "err := pgx.BeginTxFunc(ctx, d.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) (err error) {",
		pkg: "./db", run: "TestRecountSeesOneSnapshot",
	},
	{
		name: "cursor without transactions in progress", guarantee: "G1", file: "db/take.go",
		old: "	OR m.xid = ANY (ARRAY(SELECT pg_snapshot_xip(snap) FROM tidemark.current_cursor)))`",
		new: "	)`",
		pkg: "./db", run: "TestDrainSeesLateCommits",
	},
	{
		name: "cursor of another cluster believed", guarantee: "G8", file: "migrations/postgres/002_marks.sql",
		old: "WHERE c.system_identifier = (SELECT s.system_identifier FROM pg_catalog.pg_control_system() s)\n                   AND",
		new: "WHERE",
		pkg: "./db", run: "TestCursorSurvivesPinnedSnapshotAndRestore",
	},
	{
		name: "backlog hidden from readers", guarantee: "G2", file: "migrations/postgres/002_marks.sql",
		old: "UNION ALL SELECT b.*, 'backlog' FROM tidemark.marks_backlog b\n", new: "",
		pkg: "./db", run: "TestBacklog",
	},
	{
		name: "parked marks hidden from readers", guarantee: "G2", file: "migrations/postgres/002_marks.sql",
		old: "UNION ALL SELECT p.*, 'parked' FROM tidemark.marks_parked p", new: "",
		pkg: "./db", run: "TestFailedConnectionDoesNotStarveOthers",
	},
	{
		name: "failed connection starves the rest", guarantee: "G9", file: "drain/write.go",
		old: "	if err == nil || r.ctx.Err() != nil {\n		return err\n	}\n	ids :=",
		new: "	if true {\n		return err\n	}\n	ids :=",
		pkg: "./db", run: "TestFailingStatementIsIsolated",
	},
	{
		name: "retry before its time", guarantee: "G9", file: "db/park.go",
		old: "if due || slices.Contains(ids, id) {", new: "if true {",
		pkg: "./db", run: "TestFailedConnectionDoesNotStarveOthers",
	},
	{
		name: "version rises without a change", guarantee: "G4", file: "drain/write.go",
		old: "if !had || old.State != summary.StateCurrent || !old.Row.Same(sub.row) {", new: "if true {",
		pkg: "./db", run: "TestVersionRisesOnlyWithContent",
	},
	{
		name: "impossible sums believed", guarantee: "G3", file: "drain/sizes.go",
		old: "if f.Drifted {", new: "if false {",
		pkg: "./db", run: "TestImpossibleDeltasAreRecounted",
	},
	{
		name: "loss of the newest record ignored", guarantee: "G2", file: "summary/stream.go",
		old: "exact = d.Lost == nil || s.NewestAt != nil && d.Lost.Before(*s.NewestAt)", new: "exact = true",
		pkg: "./summary", run: "TestFold",
	},
	{
		name: "overflow of sums believed", guarantee: "G9", file: "summary/mark.go",
		old: "		*ok = false\n", new: "",
		pkg: "./summary", run: "TestFold",
	},
	{
		name: "mark of all not expanded to the gone", guarantee: "G3", file: "db/take.go",
		old: "				UNION SELECT connector_instance_id FROM tidemark.connector_summary_evidence\n", new: "",
		pkg: "./db", run: "TestMarkAllAndDeletion",
	},
	{
		name: "newer schema accepted", guarantee: "-", file: "db/migrate.go",
		old: "if int(current) > len(m.Migrations) {", new: "if false {",
		pkg: "./db", run: "TestMigrateRefusesNewerSchema",
	},
	{
		name: "password in an error", guarantee: "-", file: "db/db.go",
		old: `return nil, errors.New("parse database address: want`, new: `return nil, errors.New(err.Error() + "parse database address: want`,
		pkg: "./db", run: "TestOpenRefuses",
	},
}
