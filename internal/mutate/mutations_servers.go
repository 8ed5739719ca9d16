package main

// What several servers, poolers, standbys and faults of the connection demand.
var ofServers = []mutation{
	{
		name: "pooler not noticed", guarantee: "G8", file: "db/session.go",
		old: "	return len(results) != 1 || len(results[0].Rows) == 0, nil", new: "	return len(results) == 7, nil",
		pkg: "./db", run: "TestPoolerInTransactionMode",
	},
	{
		name: "settings left in a pooled session", guarantee: "G6", file: "db/session.go",
		old: ` WHERE pg_catalog.pg_backend_pid() = %d", strings.Join(calls, ", "), conn.PID())`,
		new: ` WHERE 0 < %d", strings.Join(calls, ", "), conn.PID())`,
		pkg: "./db", run: "TestPooledSessionsKeepNoSettings",
	},
	{
		name: "statements prepared through a pooler", guarantee: "G8", file: "db/session.go",
		old: "cfg.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe", new: "cfg.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement",
		pkg: "./db", run: "TestPoolerInTransactionMode",
	},
	{
		name: "pooler's number taken for the session's", guarantee: "G6", file: "db/yield.go",
		old: "	if !d.pooled.Load() {\n		return b, nil\n	}", new: "	if d != nil {\n		return b, nil\n	}",
		pkg: "./db", run: "TestPooledDrainGivesWay",
	},
}
