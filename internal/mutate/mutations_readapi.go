package main

// What the read API must not be without.
var ofReadAPI = []mutation{
	{
		name: "list reads shared past owners", guarantee: "G14", file: "server/query.go",
		old: "	return fmt.Sprintf(\"%s %d %q %q %q %t\", q.digest(owner),", new: "	return fmt.Sprintf(\"%s %d %q %q %q %t\", q.digest(\"\"),",
		pkg: "./server", run: "TestIdenticalReadsShareOne",
	},
	{
		name: "a flight ends with who began it", guarantee: "-", file: "server/flight.go",
		old: "context.WithTimeout(context.WithoutCancel(ctx), within)", new: "context.WithTimeout(ctx, within)",
		pkg: "./server", run: "TestWhoLeavesDoesNotEndIt",
	},
	{
		name: "one tag for both encodings", guarantee: "-", file: "server/answer.go",
		old: "		tag = `\"` + a.tag + `-gzip\"`\n", new: "		_ = packed\n",
		pkg: "./server", run: "TestConditionalReads",
	},
	{
		name: "streams hear every owner", guarantee: "G14", file: "server/feed.go",
		old: "			f.tell(s, by[s.owner])\n", new: "			for _, notes := range by {\n				f.tell(s, notes)\n			}\n",
		pkg: "./server", run: "TestStreamTellsItsOwnerAlone",
	},
	{
		name: "a resumed stream misses what came before its place", guarantee: "-", file: "server/attach.go",
		old: "		s.seen, s.began = last, last\n", new: "		s.began = last\n",
		pkg: "./server", run: "TestStreamGoesOn",
	},
	{
		name: "forgotten deletions are not missed", guarantee: "-", file: "server/attach.go",
		old: "	case last < found.Floor:\n", new: "	case false:\n",
		pkg: "./server", run: "TestStreamGoesOn",
	},
	{
		name: "nothing marks what deletions were forgotten", guarantee: "-", file: "db/evidence.go",
		old: "DELETE FROM tidemark.evidence_deletions WHERE version < (", new: "DELETE FROM tidemark.evidence_deletions WHERE version <= (",
		pkg: "./internal/readapi", run: "TestStream/postgres",
	},
	{
		name: "a slow client is dropped in silence", guarantee: "-", file: "server/stream.go",
		old: "		s.lose(resyncOverflow, 0)\n", new: "		s.queue = nil\n",
		pkg: "./server", run: "TestStreamIsNeverSilent",
	},
	{
		name: "an older database goes unnoticed", guarantee: "G8", file: "server/feed.go",
		old: "		case found.Max < s.seen:", new: "		case false:",
		pkg: "./server", run: "TestStreamIsNeverSilent",
	},
	{
		name: "nobody is told that marks wait", guarantee: "G2", file: "server/feed.go",
		old: "case found.Late:", new: "case false:",
		pkg: "./server", run: "TestStreamTellsThatNobodyDrains",
	},
	{
		name: "nobody is told when time changes a verdict", guarantee: "G12", file: "server/alarmstep.go",
		old: "		changed = !reflect.DeepEqual(then, after)\n", new: "		changed = reflect.DeepEqual(then, nil)\n",
		pkg: "./server", run: "TestStreamTellsTheMoment",
	},
	{
		name: "alarms stay when evidence moves the moment", guarantee: "G12", file: "server/feed.go",
		old: "	f.alarms.changed(found.Events)\n", new: "",
		pkg: "./server", run: "TestStreamTellsTheMoment",
	},
	{
		name: "a revoked token listens on", guarantee: "G14", file: "server/events.go",
		old: "	case errors.As(err, &refused):\n		return false\n", new: "	case errors.As(err, &refused):\n		return true\n",
		pkg: "./server", run: "TestStreamEnds",
	},
	{
		name: "one bucket for all tokens", guarantee: "-", file: "server/auth.go",
		old: "s.limits.admit(token.TokenID,", new: "s.limits.admit(\"\",",
		pkg: "./server", run: "TestRateIsLimitedPerToken",
	},
	{
		name: "metrics for owners", guarantee: "G14", file: "server/metrics.go",
		old: "	scope := schema.Operator\n", new: "	scope := \"read\"\n",
		pkg: "./server", run: "TestMetrics",
	},
	{
		name: "a query where none is taken", guarantee: "-", file: "server/health.go",
		old: "s.withoutQuery(s.healthz)", new: "s.healthz",
		pkg: "./server", run: "TestEveryRoute",
	},
	{
		name: "a lost database is a schema that is missing", guarantee: "-", file: "db/ready.go",
		old: "case errors.Is(err, summary.ErrUnavailable):", new: "case errors.Is(err, summary.ErrUnavailable) && false:",
		pkg: "./db", run: "TestLostDatabaseIsUnavailable",
	},
	{
		name: "trust lost and earned between two looks (postgres)", guarantee: "G9", file: "db/events.go",
		old: "FROM tidemark.capture), 'epoch')", new: "FROM tidemark.capture WHERE NOT trusted), 'epoch')",
		pkg: "./internal/conformance", run: "TestLostCapture",
	},
	{
		name: "trust lost and earned between two looks (sqlite)", guarantee: "G9", file: "sqlitecompat/events.go",
		old: "(SELECT max(since) FROM capture_state)", new: "(SELECT max(since) FROM capture_state WHERE NOT trusted)",
		pkg: "./sqlitecompat", run: "TestInventory",
	},
	{
		name: "trust compared from the first round on", guarantee: "G9", file: "server/feed.go",
		old: "case s.from.capture != now.capture:", new: "case s.from.capture != now.capture && s.seen != s.began:",
		pkg: "./server", run: "TestTrustIsComparedFromTheStart",
	},
	{
		name: "a list ends at an id that is no text", guarantee: "-", file: "server/cursor.go",
		old: "return p, storable(p.ConnectorID)", new: "return p, p.ConnectorID == strings.ToValidUTF8(p.ConnectorID, \"\") && storable(p.ConnectorID)",
		pkg: "./server", run: "FuzzCursor",
	},
	{
		name: "a forged cursor is a fault", guarantee: "-", file: "db/page.go",
		old: "strings.ToValidUTF8(q.After.ConnectorID, \"\"),", new: "q.After.ConnectorID,",
		pkg: "./db", run: "TestPageWithoutConnector",
	},
}
