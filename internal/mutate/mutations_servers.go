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
	{
		name: "stopped leader keeps its lock", guarantee: "G8", file: "listener/session.go",
		old: "SET idle_session_timeout = 7000;", new: "SET idle_session_timeout = 0;",
		pkg: "./internal/servers", run: "TestTakeOver",
	},
	{
		name: "stopped drain keeps its lock", guarantee: "G8", file: "db/session.go",
		old: `{"idle_in_transaction_session_timeout", "6s"}`, new: `{"idle_in_transaction_session_timeout", "0"}`,
		pkg: "./internal/servers", run: "TestTakeOver",
	},
	{
		name: "replay not waited for", guarantee: "G2", file: "db/replicated.go",
		old: "		if there {\n			return nil\n		}\n		timer", new: "		if there || !there {\n			return nil\n		}\n		timer",
		pkg: "./db", run: "TestReadsFromAStandby",
	},
	{
		name: "standby's tokens", guarantee: "G14", file: "db/replicatedreads.go",
		old: "// Scoped implements server.Store.",
		new: "// Token comes from the standby.\nfunc (r *Replicated) Token(ctx context.Context, sha256 [32]byte) (summary.Token, error) {\n" +
			"	return readFrom(ctx, r, func(d *DB) (summary.Token, error) { return d.Token(ctx, sha256) })\n}\n\n// Scoped implements server.Store.",
		pkg: "./db", run: "TestReadsFromAStandby",
	},
	{
		name: "promoted standby still read", guarantee: "G2", file: "db/replicated.go",
		old: "	case !recovers:\n		return errNoStandby\n", new: "",
		pkg: "./db", run: "TestReadsOutliveTheStandby|TestReadDatabaseMustBeAStandby",
	},
	{
		name: "no second try after a recovery conflict", guarantee: "G8", file: "db/replicated.go",
		old: "		if cancelledByRecovery(err) {", new: "		if cancelledByRecovery(err) && r == nil {",
		pkg: "./db", run: "TestReadsThatRecoveryCancels",
	},
	{
		name: "cursor means another thing on a standby", guarantee: "G2", file: "migrations/postgres/002_marks.sql",
		old: "SELECT coalesce((SELECT c.snap FROM tidemark.drain_cursor c",
		new: "SELECT coalesce(CASE WHEN pg_is_in_recovery() THEN pg_current_snapshot() END, (SELECT c.snap FROM tidemark.drain_cursor c",
		pkg: "./internal/property", run: "TestStandbyInAStorm",
	},
	{
		name: "failing leader never steps down", guarantee: "G8", file: "listener/listener.go",
		old: "	w.stepDown = stepDownAfter\n", new: "",
		pkg: "./listener", run: "TestLeaderThatCannotDrainStepsDown", skip: "Model",
	},
	{
		name: "leader that stepped down leads again at once", guarantee: "G8", file: "listener/listener.go",
		old: "		if !l.cfg.Now().Before(l.back) {", new: "		if l != nil {",
		pkg: "./listener", run: "TestLeaderThatCannotDrainStepsDown", skip: "Model",
	},
}
