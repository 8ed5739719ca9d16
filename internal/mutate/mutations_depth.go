package main

// What scoped reads and drains of single connections must not be without.
var ofDepth = []mutation{
	{
		name: "timeline of anybody's run", guarantee: "G14", file: "db/history.go",
		old: "	WHERE o.owner_subject_id = $1\n	ORDER BY e.event_seq`", new: "	WHERE $1::text IS NOT NULL\n	ORDER BY e.event_seq`",
		pkg: "./internal/conformance", run: "TestTimeline",
	},
	{
		name: "a key that two share gives a timeline away", guarantee: "G5", file: "sqlitecompat/history.go",
		old: "AND n.source = n.other_source AND NOT EXISTS (", new: "AND n.source = n.other_source OR EXISTS (",
		pkg: "./internal/conformance", run: "TestTimeline",
	},
	{
		name: "untrusted without a reason taken for trusted", guarantee: "G9", file: "sqlitecompat/observe.go",
		old: "SELECT CASE WHEN count(*) > 0 THEN", new: "SELECT CASE WHEN count(reason_code) > 0 THEN",
		pkg: "./sqlitecompat", run: "TestUntrustedWithoutAReason",
	},
	{
		name: "sharers of a key are recomputed with every event", guarantee: "G5", file: "db/runs.go",
		old: "GROUP BY k.n HAVING count(*) = 1`", new: "GROUP BY k.n`",
		pkg: "./internal/acceptance", run: "TestSharedKeyCostsNothing",
	},
	{
		name: "a former owner of a key keeps its runs", guarantee: "G3", file: "db/runs.go",
		old: "e.last_run_json IS NOT NULL))`", new: "false))`",
		pkg: "./internal/acceptance", run: "TestSharedKeyCostsNothing",
	},
	{
		name: "fresh works through the whole backlog first", guarantee: "G13", file: "db/reconcile.go",
		old: "drain.Options{First: ids}", new: "drain.Options{}",
		pkg: "./internal/acceptance", run: "TestFreshTakesItsOwnFirst/postgres",
	},
	{
		name: "fresh leaves marks of what a run named before", guarantee: "G2", file: "sqlitecompat/take.go",
		old: "		UNION SELECT m.mark_id FROM keys CROSS JOIN run_names n ON n.kind = 'profile' AND n.name = keys.profile_key CROSS JOIN marks m ON m.run_id = n.run_id WHERE m.scope = 'run')`",
		new: "		)`",
		pkg: "./internal/acceptance", run: "TestFreshTakesItsOwnFirst/sqlite",
	},
	{
		name: "a statement per row of a page", guarantee: "G13", file: "server/connectors.go",
		old: "		row := summary.Synthesize(page.Observations[i], now, q.profile != \"\")\n",
		new: "		row := summary.Synthesize(page.Observations[i], now, q.profile != \"\")\n		_, _ = s.Store.Connection(ctx, owner, row.ConnectionID)\n",
		pkg: "./internal/acceptance", run: "TestStatementCounts/sqlite",
	},
}
