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
	{
		name: "writer notifies whatever the queue's use", guarantee: "G6", file: "triggers/render.go",
		old: `"<", fmt.Sprintf("%g::pg_catalog.float8", summary.MaxQueueUsage))`,
		new: `"<", fmt.Sprintf("%g::pg_catalog.float8", 9*summary.MaxQueueUsage+9))`,
		pkg: "./db", run: "TestFullQueueFailsNobody",
	},
	{
		name: "drain announces whatever the queue's use", guarantee: "G3", file: "db/tx.go",
		old: "		ChangedChannel, payload, summary.MaxQueueUsage)", new: "		ChangedChannel, payload, summary.MaxQueueUsage+9)",
		pkg: "./db", run: "TestFullQueueFailsNobody",
	},
	{
		name: "probe through a full queue", guarantee: "G8", file: "listener/survey.go",
		old: "	f.full = usage > crowdedAbove", new: "	f.full = usage > 9",
		pkg: "./listener", run: "TestFullQueueMeansPolling", skip: "Model",
	},
	{
		name: "queue not looked at", guarantee: "G6", file: "listener/session.go",
		old: "	s.crowded = usage > crowdedAbove ||", new: "	s.crowded = usage > 9 ||",
		pkg: "./listener", run: "TestFullQueueMeansPolling", skip: "Model",
	},
}
