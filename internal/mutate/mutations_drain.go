package main

// What drain, db and summary must not be without.
var ofDrain = []mutation{
	{
		name: "drain lock omitted", guarantee: "G3", file: "db/tx.go",
		old: "`LOCK TABLE tidemark.drain_lock IN EXCLUSIVE MODE;`", new: "``",
		pkg: "./db", run: "TestDrainsTakeTurns",
	},
	{
		name: "drain lock after the snapshot", guarantee: "G3", file: "db/yield.go",
		old: "tx.Exec(ctx, d.local()+locks+lockSources)", new: "tx.Exec(ctx, `SELECT 1;`+locks+lockSources)",
		pkg: "./db", run: "TestDrainsTakeTurns",
	},
	{
		name: "delete, then recount", guarantee: "G2", file: "db/tx.go",
		old: "err := d.recounting(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, `",
		new: "err := d.recounting(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, `",
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
		old: "	if err == nil || r.ctx.Err() != nil || errors.Is(err, ErrInterrupted) {\n		return err\n	}\n	ids :=",
		new: "	if true {\n		return err\n	}\n	ids :=",
		pkg: "./db", run: "TestFailingStatementIsIsolated",
	},
	{
		name: "retry before its time", guarantee: "G9", file: "db/park.go",
		old: "if due || slices.Contains(ids, id) {", new: "if due || true {",
		pkg: "./db", run: "TestFailedConnectionDoesNotStarveOthers",
	},
	{
		name: "version rises without a change", guarantee: "G4", file: "drain/write.go",
		old: "if !had || old.State != now.State || !old.Row.Same(now.Row) {", new: "if true {",
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
	{
		name: "sources not locked before the snapshot", guarantee: "G2", file: "db/yield.go",
		old: "tx.Exec(ctx, d.local()+locks+lockSources)",
		new: "tx.Exec(ctx, locks)",
		pkg: "./db", run: "TestRecountBesideRewrite|TestVerifyBesideTruncate",
	},
	{
		name: "drain waits with tables locked", guarantee: "G6", file: "db/yield.go",
		old: "`SET LOCAL lock_timeout = '500ms';",
		new: "`",
		pkg: "./db", run: "TestWaitingDrainGivesWay",
	},
	{
		name: "long drain in the way of DDL", guarantee: "G6", file: "db/yield.go",
		old: "		case waits:",
		new: "		case waits && false:",
		pkg: "./db", run: "TestLongDrainGivesWay",
	},
	{
		name: "cancelled drain fails connections", guarantee: "G9", file: "db/tx.go",
		old: "if interrupted(err) {",
		new: "if false && interrupted(err) {",
		pkg: "./db", run: "TestCancelledDrainFailsNobody",
	},
	{
		name: "rebuild swallows a mark", guarantee: "G3", file: "drain/run.go",
		old: "		if p.Rederive {",
		new: "		if p.Rederive && !opt.RunsDerived {",
		pkg: "./db", run: "TestRebuildKeepsTheSayOfMarks",
	},
	{
		name: "rebuild writes into another's row", guarantee: "G3", file: "db/engine.go",
		old: "		WHERE rebuild_id = $1`",
		new: "		WHERE finished_at IS NULL AND $1 > 0`",
		pkg: "./db", run: "TestRebuildLeavesAnotherAlone",
	},
	{
		name: "rebuild older than the loss resumed", guarantee: "G1", file: "db/engine.go",
		old: "\n			OR started_at <= (SELECT max(since) FROM tidemark.capture WHERE NOT trusted))`",
		new: ")`",
		pkg: "./db", run: "TestRebuildOlderThanTheLoss",
	},
	{
		name: "old rebuild resumed", guarantee: "G1", file: "db/engine.go",
		old: "(started_at < clock_timestamp() - interval '1 hour'",
		new: "(false",
		pkg: "./db", run: "TestRebuildOfLongAgo",
	},
	{
		name: "untrusted without a reason trusted", guarantee: "G1", file: "db/observe.go",
		old: "				out[c] = summary.CaptureReason(t.ReasonCode)\n",
		new: "				if t.ReasonCode != nil {\n					out[c] = summary.CaptureReason(t.ReasonCode)\n				}\n",
		pkg: "./db", run: "TestCaptureFailsClosed",
	},
	{
		name: "another build's schema taken for ours", guarantee: "G9", file: "migrations/digest.go",
		old: "recorded[version] != digest", new: "false && recorded[version] != digest", pkg: "./sqlitecompat", run: "TestAnotherBuildsSchema",
	},
	{
		name: "uninstalled capture trusted", guarantee: "G1", file: "migrations/postgres/003_evidence.sql",
		old: "SELECT t.table_name, false, 'triggers_not_installed'",
		new: "SELECT t.table_name, true, 'triggers_not_installed'",
		pkg: "./db", run: "TestCaptureFailsClosed",
	},
	{
		name: "missing connector hides a connection", guarantee: "G13", file: "db/observe.go",
		old: "	LEFT JOIN public.connectors k",
		new: "	JOIN public.connectors k",
		pkg: "./db", run: "TestPageWithoutConnector",
	},
	{
		name: "runs of the backlog attributed underived", guarantee: "G2", file: "db/take.go",
		old: "			p.Rederive = p.Rederive || p.Recount[summary.Runs]\n",
		new: "			p.Rederive = p.Rederive || false\n",
		pkg: "./db", run: "TestBindingMovesToRunsInTheBacklog",
	},
	{
		name: "runs of the backlog cover nobody", guarantee: "G2", file: "db/take.go",
		old: "SELECT marked_at, id FROM named WHERE id IS NOT NULL",
		new: "SELECT marked_at, id FROM named WHERE false",
		pkg: "./db", run: "TestRunsInTheBacklog",
	},
	{
		name: "many connections in one drain", guarantee: "G6", file: "db/take.go",
		old: "		if many {",
		new: "		if many && false {",
		pkg: "./db", run: "TestDrainRecomputesABoundedNumber",
	},
	{
		name: "former owner not told", guarantee: "G14", file: "drain/write.go",
		old: "if had && old.OwnerSubjectID != now.OwnerSubjectID {",
		new: "if false {",
		pkg: "./db", run: "TestFormerOwnerIsTold",
	},
	{
		name: "verify blind to nobody's runs", guarantee: "-", file: "drain/verify.go",
		old: "	if ids != nil {\n		return found, nil",
		new: "	if true {\n		return found, nil",
		pkg: "./db", run: "TestVerifySeesWhatIsNobodys",
	},
	{
		name: "verify reports runs that are behind", guarantee: "-", file: "drain/verifyruns.go",
		old: "!somebodys && !pending[run.id]",
		new: "!somebodys && len(pending) >= 0",
		pkg: "./db", run: "TestVerifySeesWhatIsNobodys",
	},
	{
		name: "verify blind to sizes of the gone", guarantee: "-", file: "drain/inspect.go",
		old: "if len(i.retained) > 0 && !i.pending.Dirty() {",
		new: "if false {",
		pkg: "./db", run: "TestVerifySeesWhatIsNobodys",
	},
	{
		name: "least event number not counted", guarantee: "G3", file: "db/runs.go",
		old: "r.first_seq >= coalesce(",
		new: "r.first_seq > coalesce(",
		pkg: "./db", run: "TestFailureWithTheLeastNumberCounts",
	},
	{
		name: "foreign table without constraints", guarantee: "-", file: "db/preflight.go",
		old: "k.contype IN ('c', 'p', 'u')",
		new: "k.contype IN ('c')",
		pkg: "./db", run: "TestMigrateAdopts",
	},
	{
		name: "foreign table without limits", guarantee: "-", file: "db/preflight.go",
		old: "WHERE k.contype = 'c' AND k.contypid <> 0)", new: "WHERE false)",
		pkg: "./db", run: "TestMigrateAdopts",
	},
	{
		name: "foreign table with nulls", guarantee: "-", file: "db/preflight.go",
		old: "w.required AND NOT h.required",
		new: "w.required AND h.required IS NULL",
		pkg: "./db", run: "TestMigrateAdopts",
	},
	{
		name: "foreign table with plain columns", guarantee: "-", file: "db/preflight.go",
		old: "w.generated <> '' AND h.generated <> w.generated",
		new: "false",
		pkg: "./db", run: "TestMigrateAdopts",
	},
	{
		name: "policies hide rows from recounts", guarantee: "G2", file: "db/session.go",
		old: `{"row_security", "off"}`, new: `{"row_security", "on"}`, pkg: "./db", run: "TestPoliciesHideNothing",
	},
	{
		name: "text in another encoding", guarantee: "G3", file: "db/session.go",
		old: `p["client_encoding"] = "UTC", "UTF8"`, new: `p["options"] = "UTC", ""`, pkg: "./db", run: "TestSettingsOfTheDatabase",
	},
	{
		name: "idle sessions of ours ended by a setting", guarantee: "G3", file: "db/session.go",
		old: `	{"idle_session_timeout", "0"}, `, new: "	", pkg: "./db", run: "TestSettingsOfTheDatabase",
	},
	{
		name: "drains in a read-only database", guarantee: "G3", file: "db/session.go",
		old: `	{"default_transaction_read_only", "off"},`, new: "", pkg: "./db", run: "TestSettingsOfTheDatabase",
	},
	{
		name: "hung drain keeps its lock", guarantee: "G9", file: "db/session.go",
		old: `	{"idle_in_transaction_session_timeout", "6s"},` + "\n", new: "",
		pkg: "./db", run: "TestSessionSettings",
	},
}
