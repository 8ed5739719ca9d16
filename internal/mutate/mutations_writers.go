package main

// What the writer matrix, the crash matrix and the test of locks find out.
var ofWriters = []mutation{
	{
		name: "marks not logged", guarantee: "G8", file: "migrations/postgres/002_marks.sql",
		old: "CREATE TABLE tidemark.marks (", new: "CREATE UNLOGGED TABLE tidemark.marks (",
		pkg: "./internal/crash", run: "TestPostgres/(postgres|both)",
	},
	{
		name: "evidence not logged", guarantee: "G8", file: "migrations/postgres/003_evidence.sql",
		old: "CREATE TABLE tidemark.connector_summary_evidence (", new: "CREATE UNLOGGED TABLE tidemark.connector_summary_evidence (",
		pkg: "./internal/crash", run: "TestPostgres/(postgres|power)",
	},
	{
		name: "drain in pieces", guarantee: "G8", file: "sqlitecompat/draintx.go",
		old: "	_, err := t.conn.ExecContext(ctx, query, args...)\n	return err\n",
		new: "	if _, err := t.conn.ExecContext(ctx, query, args...); err != nil {\n		return err\n	}\n" +
			"	_, err := t.conn.ExecContext(ctx, `COMMIT; BEGIN IMMEDIATE`)\n	return err\n",
		pkg: "./internal/crash", run: "TestSQLite/(server|everything|power)",
	},
	{
		name: "lock waited for as SQLite does", guarantee: "G6", file: "sqlitecompat/connector.go",
		old: "	if c.wait > 0 {\n", new: "	if false {\n",
		pkg: "./sqlitecompat", run: "TestBesideHog",
	},
	{
		name: "recount locks writers out", guarantee: "G6", file: "db/yield.go",
		old: "IN ACCESS SHARE MODE`", new: "IN SHARE MODE`",
		pkg: "./internal/locks", run: "TestDisjointWriters",
	},
	{
		name: "mark locks its connection", guarantee: "G6", file: "triggers/tally.go",
		old: "	return t.into(s) + \"\\n\" + s.query(",
		new: "	return \"PERFORM FROM public.connector_instances FOR NO KEY UPDATE;\\n\" + t.into(s) + \"\\n\" + s.query(",
		pkg: "./internal/locks", run: "TestDisjointWriters",
	},
	{
		name: "triggers that a restore demoted overlooked", guarantee: "G9", file: "triggers/compare.go",
		old: "	case is.enabled == o.enabled:\n", new: "	case is.enabled == o.enabled, is.enabled != disabled:\n",
		pkg: "./internal/matrix", run: "TestDumpAndRestore",
	},
	{
		name: "rows of an apply marked as an origin's", guarantee: "G1", file: "triggers/render.go",
		old: `add("replica", "INSERT OR DELETE OR UPDATE", "FOR EACH ROW", onReplica,`,
		new: `add("replica", "INSERT OR DELETE OR UPDATE", "FOR EACH ROW", onOrigin,`,
		pkg: "./internal/matrix", run: "TestLogicalReplication",
	},
}
