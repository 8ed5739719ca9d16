package main

// What keeps scoped reads from the rest of the fleet, and their count of unattributed runs right all the same.
var ofScoped = []mutation{
	{
		name: "scoped reads walk a connector's runs, Postgres", guarantee: "G13", file: "db/unattributed.go",
		old: "WHERE connector_id = $1 AND (SELECT broad.is FROM broad)),", new: "WHERE connector_id = $1),",
		pkg: "./internal/acceptance", run: "TestScopedReadsTouchNoOther/postgres",
	},
	{
		name: "scoped reads walk a connector's runs, SQLite", guarantee: "G13", file: "sqlitecompat/unattributed.go",
		old: `attributions("broad CROSS JOIN run_evidence r")`, new: `attributions("run_evidence r")`,
		pkg: "./internal/acceptance", run: "TestScopedReadsTouchNoOther/sqlite",
	},
	{
		name: "scoped reads walk a connector's connections", guarantee: "G13", file: "db/unattributed.go",
		old: "SELECT min(c.owner_subject_id) AS owner FROM public.connector_instances c WHERE c.connector_id = s.connector_id",
		new: "SELECT c.owner_subject_id AS owner FROM public.connector_instances c WHERE c.connector_id = s.connector_id",
		pkg: "./internal/acceptance", run: "TestScopedReadsTouchNoOther/postgres",
	},
	{
		name: "identical reads each read", guarantee: "G13", file: "server/flight.go",
		old: "	if fresh {\n", new: "	if fresh || key != \"\" {\n",
		pkg: "./internal/acceptance", run: "TestIdenticalReadsCostOne",
	},
	{
		name: "what belongs to nobody is not listed, Postgres", guarantee: "G3", file: "db/unattributed.go",
		old: "FROM judged WHERE unattributed ON CONFLICT", new: "FROM judged WHERE false ON CONFLICT",
		pkg: "./internal/acceptance", run: "TestUnattributedRuns/postgres",
	},
	{
		name: "what belongs to nobody is not listed, SQLite", guarantee: "G3", file: "sqlitecompat/unattributed.go",
		old: "FROM p WHERE ` + lost + ` ON CONFLICT", new: "FROM p WHERE false ON CONFLICT",
		pkg: "./internal/acceptance", run: "TestUnattributedRuns/sqlite",
	},
	{
		name: "runs of a connection that goes are not listed, Postgres", guarantee: "G3", file: "db/take.go",
		old: "t.listMoved(ctx, b.identities, b.boundKeys)", new: "t.listMoved(ctx, nil, nil)",
		pkg: "./internal/acceptance", run: "TestUnattributedRuns/postgres",
	},
	{
		name: "runs of a connection that goes are not listed, SQLite", guarantee: "G3", file: "sqlitecompat/take.go",
		old: "len(b.identities)+len(b.boundKeys) > 0", new: "len(b.identities)+len(b.boundKeys) < 0",
		pkg: "./internal/acceptance", run: "TestUnattributedRuns/sqlite",
	},
	{
		name: "runs of connections that all went are not listed", guarantee: "G3", file: "db/take.go",
		old: "component == summary.Identity || component == summary.All {\n			if _, err = t.tx.Exec(ctx, listAll)",
		new: "component == summary.All {\n			if _, err = t.tx.Exec(ctx, listAll)",
		pkg: "./internal/acceptance", run: "TestUnattributedRuns/postgres",
	},
	{
		name: "a connection that is gone owns its runs until a drain, Postgres", guarantee: "G2", file: "db/unattributed.go",
		old: "		UNION SELECT kind, name FROM moved\n", new: "",
		pkg: "./internal/acceptance", run: "TestUnattributedRuns/postgres",
	},
	{
		name: "a connection that is gone owns its runs until a drain, SQLite", guarantee: "G2", file: "sqlitecompat/unattributed.go",
		old: "		UNION SELECT ?1, kind, name FROM moved\n", new: "",
		pkg: "./internal/acceptance", run: "TestUnattributedRuns/sqlite",
	},
	{
		name: "connections that all went own their runs until a drain", guarantee: "G2", file: "db/unattributed.go",
		old: "WHERE connector_id = $1 AND (SELECT broad.is FROM broad)),", new: "WHERE connector_id = $1 AND false),",
		pkg: "./internal/acceptance", run: "TestUnattributedRuns/postgres",
	},
	{
		name: "a connection in the backlog that is gone owns its runs", guarantee: "G2", file: "db/take.go",
		old: "t.listMoved(ctx, connections, profileKeys)", new: "t.listMoved(ctx, nil, nil)",
		pkg: "./internal/acceptance", run: "TestFreshTakesItsOwnFirst/postgres",
	},
	{
		name: "verify does not look at what is listed as nobody's", guarantee: "G3", file: "drain/verifyruns.go",
		old: "!slices.ContainsFunc(want.attributions(), lost)", new: "(len(by) == 0 || !lost(Attribution{}))",
		pkg: "./internal/conformance", run: "TestVerifyNamesWhatWasTamperedWith/sqlite",
	},
	{
		name: "a rebuild lists only runs that changed", guarantee: "G10", file: "drain/run.go",
		old: "	return r.tx.ListUnattributed(r.ctx",
		new: "	if len(changed)+len(gone) == 0 {\n		return nil\n	}\n	return r.tx.ListUnattributed(r.ctx",
		pkg: "./internal/conformance", run: "TestVerifyNamesWhatWasTamperedWith/sqlite",
	},
}
