package main

// What both engines must not be without, found out by the conformance suite, the property test and the recount, which know
// nothing of how it is done.
var ofConformance = []mutation{
	// Drain and evidence.
	inBoth("run's mark counts what waits elsewhere", "G3", "drain/recompute.go",
		"	return !p.Demanded && !p.Dirty()", "	return false && !p.Demanded && !p.Dirty()", "TestFailedConnection$"),
	inBoth("rebuild leaves the marks", "G2", "drain/run.go",
		"tx.Take(ctx, opt.Force, opt.First)", "tx.Take(ctx, nil, opt.First)", "TestFailedConnectionByOtherWays"),
	inBoth("verify blind to one column", "-", "drain/difference.go",
		`	{summary.Schedule, "schedule_json", func(r summary.Row) string { return orNull(r.Schedule) }},`+"\n", "", "TestVerifyNames"),
	inBoth("verify blind to the stored sizes", "-", "drain/difference.go",
		"if w[n] != g[n] {", "if false {", "TestVerifyNames"),
	inBoth("change not told apart in one column", "G2", "summary/row.go",
		" && same(r.Schedule, o.Schedule)", "", "TestSchedules"),
	inBoth("the last terminal event wins", "G2", "db/runs.go",
		"min(event_seq) FILTER (WHERE event_type = ANY ($3))", "max(event_seq) FILTER (WHERE event_type = ANY ($3))", "TestRuns"),
	inBoth("runs by connector alone", "G5", "migrations/postgres/003_evidence.sql",
		"r.profile_keys[1] = $1 AND r.source_ids[1] = $2", "r.source_ids[1] = $2", "TestAttribution"),
	inBoth("a shared key attributes", "G5", "migrations/postgres/003_evidence.sql",
		"CASE WHEN NOT EXISTS (\n           SELECT FROM", "CASE WHEN true OR NOT EXISTS (\n           SELECT FROM", "TestAttribution"),
	inBoth("a run of two names attributed", "G5", "migrations/postgres/003_evidence.sql",
		"WHERE pg_catalog.cardinality(r.profile_keys) = 0 AND pg_catalog.cardinality(r.connection_ids) = 1",
		"WHERE pg_catalog.cardinality(r.profile_keys) = 0 AND pg_catalog.cardinality(r.connection_ids) >= 1", "TestAttribution"),
	inBoth("a foreign source attributed", "G5", "migrations/sqlite/003_evidence.sql",
		"           WHERE o.browser_profile_key = c.browser_profile_key AND o.connector_id = c.connector_id\n",
		"           WHERE o.browser_profile_key = c.browser_profile_key AND o.connector_id = '?'\n", "TestAttribution"),
	inBoth("version stays though content changed", "G2", "drain/write.go",
		"rows[i].Version, rows[i].ComputedAt = v+int64(i), r.tx.Now()", "rows[i].Version, rows[i].ComputedAt = 1, r.tx.Now()", "TestDevices"),
	inBoth("deletion not told of", "-", "drain/write.go",
		"			told = append(told, Deletion{ConnectionID: id, Owner: old.OwnerSubjectID})\n", "			_ = old\n", "TestEveryConnectionDeleted"),
	inBoth("surface failures have no reason", "-", "summary/terminal.go",
		"	if status == RunSurfaceFailed {", "	if false {", "TestRuns"),
	inBoth("marks lost on the way to the backlog", "G1", "db/take.go",
		"moved AS (INSERT INTO tidemark.marks_backlog SELECT * FROM taken)", "moved AS (SELECT)", "TestBacklog"),
	inBoth("a rebuild starts again", "-", "db/engine.go",
		"		p.Resumed = true\n", "		p.Resumed, p.Phase, p.AfterID = true, drain.PhaseRuns, \"\"\n", "TestRebuildResumes"),

	// The hook layer of SQLite.
	inBoth("deltas kept after a failed statement", "G1", "sqlitecompat/hookedrun.go",
		"		c.capture.doubt(before)\n", "		_ = before\n", "TestFailedStatementsOnSQLite"),
	inBoth("deltas kept after ROLLBACK TO", "G1", "sqlitecompat/hookedrun.go",
		"c.capture.doubt(c.txn.rollBackTo(s.name))", "c.txn.rollBackTo(s.name)", "TestTransactions"),
	inBoth("hooked row never raised", "G4", "sqlitecompat/hookedrun.go",
		"sqlRaise     = `INSERT OR IGNORE INTO main.hooked (up) VALUES (1)`", "sqlRaise     = `SELECT 1`", "TestBlobs"),
	inBoth("hooked row never lowered", "G1", "sqlitecompat/hookedrun.go",
		"sqlLower     = `DELETE FROM main.hooked`", "sqlLower     = `SELECT 1`", "TestForeignPrograms|TestBlobs"),
	inBoth("deleted records counted", "G2", "sqlitecompat/hooks.go",
		"if r[4] == int64(0) { // live", "if true {", "TestRecords"),
	inBoth("another profile's runs not marked", "G2", "sqlitecompat/hooks.go",
		`if key != "" { // whoever else`, `if false { // whoever else`, "TestBindings"),
	inBoth("every event's data matters", "G4", "sqlitecompat/hooks.go",
		"			if data = nil; kind != summary.EventStarted {", "			if kind != summary.EventStarted {", "TestRuns"),
	inBoth("guards off", "G1", "sqlitecompat/guardsql.go",
		`WHEN NOT EXISTS (SELECT 1 FROM hooked)`, `WHEN EXISTS (SELECT 1 FROM hooked)`, "TestForeignPrograms"),
	inBoth("replaced rows not guarded", "G1", "sqlitecompat/guardsql.go",
		`m.insert("e", g.table, conflict, m.is("e"), "NOT ("+all(primary, m.is("NEW"), equal(m.same, "e", "NEW"))+")")`, `m.insert("e", g.table, conflict, "0")`, "TestReplacement"),
	inBoth("deletions not guarded", "G1", "sqlitecompat/guardsql.go",
		"g.replace(), g.delete())", "g.replace())", "TestForeignPrograms"),
	inBoth("parked marks hidden from SQLite's readers", "G2", "migrations/sqlite/005_overview.sql",
		"FROM marks_parked p\n", "FROM marks_parked p WHERE 0\n", "TestFailedConnection"),

	// The Postgres triggers, by what they lead to.
	inBoth("gaps of any state in every detail", "G4", "triggers/sources.go",
		`{name: "attempt_count", expr: only(openGap, "$.attempt_count")}`, `{name: "attempt_count", expr: "$.attempt_count"}`, "TestGaps"),
	inBoth("siblings' runs not marked", "G2", "triggers/sources.go",
		`scope: "run", component: summary.Runs, names: []fact{profileKey},`, `scope: "run", component: summary.Runs, names: []fact{{name: "profile_key", expr: "'none'"}},`, "TestBindings"),
	inBoth("manifest changes make connections dirty", "G4", "triggers/sources.go",
		`scope: "connector", component: summary.Manifest, names: columns("connector_id"),`, `scope: "all", component: summary.Identity, names: columns("connector_id"),`, "TestConnectors"),
	{
		name: "operators not qualified", guarantee: "G11", file: "triggers/expression.go",
		old: `left + " OPERATOR(pg_catalog." + operator + ") " + right`, new: `left + " " + operator + " " + right`,
		pkg: "./triggers", run: "Hostile",
	},

	inStorm("storm: delete, then recount", "G2", "db/tx.go",
		"pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, `LOCK TABLE", "pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, `LOCK TABLE", "TestStormOnPostgres"),
	inStorm("storm: drain lock omitted", "G3", "db/tx.go",
		"`LOCK TABLE tidemark.drain_lock IN EXCLUSIVE MODE;`", "``", "TestStormOnPostgres"),
	inStorm("storm: cursor passes transactions in progress", "G1", "db/take.go",
		"	OR m.xid = ANY (ARRAY(SELECT pg_snapshot_xip(snap) FROM tidemark.current_cursor)))`", "	)`", "TestStormOnPostgres"),
	{
		name: "property test: losses not marked", guarantee: "G2", file: "triggers/tally.go",
		old: `moved("<") + " AS newest_lost`, new: `"NULL::timestamptz AS newest_lost`,
		pkg: "./internal/property", run: "TestPostgres$", checks: "100",
	},
	{
		name: "property test: readers do not fold", guarantee: "G2", file: "summary/observation.go",
		old: "f := Fold(o.Streams, p.Deltas)", new: "f := Fold(o.Streams, nil)",
		pkg: "./internal/property", run: "TestSQLite", checks: "200",
	},
	{
		name: "property test: sizes not replaced", guarantee: "G3", file: "drain/write.go",
		old: "		streams = append(streams, sub.resized...)\n", new: "",
		pkg: "./internal/property", run: "TestSQLite", checks: "200",
	},
}

// inBoth is a mutation that tests of internal/conformance find out.
func inBoth(name, guarantee, file, old, new, run string) mutation {
	return mutation{name: name, guarantee: guarantee, file: file, old: old, new: new, pkg: "./internal/conformance", run: run}
}

// inStorm is one that only what happens at the same time finds out.
func inStorm(name, guarantee, file, old, new, run string) mutation {
	return mutation{name: name, guarantee: guarantee, file: file, old: old, new: new, pkg: "./internal/property", run: run}
}
