package main

// What following the WAL must not be without.
var ofWAL = []mutation{
	{
		name: "commit in the WAL taken for visible", guarantee: "G3", file: "listener/wal.go",
		old: "	done := open.settle(shown)\n", new: "	done := open.settle(shown) || true\n",
		pkg: "./listener", run: "TestCommitsInTheWALBeforeTheyAreVisible/heard_of",
	},
	{
		name: "slot without a horizon", guarantee: "G3", file: "listener/wal.go",
		old: "open = state, unseen{below: h}", new: "open = state, unseen{below: 0 * h}",
		pkg: "./listener", run: "TestCommitsInTheWALBeforeTheyAreVisible/before_the_slot",
	},
	{
		name: "too many transactions forgotten", guarantee: "G3", file: "listener/unseen.go",
		old: "		u.xids, u.many = nil, true\n", new: "		u.xids = nil\n",
		pkg: "./listener", run: "TestUnseenTransactionsAreBounded",
	},
	{
		name: "waiting slot left behind", guarantee: "-", file: "listener/stream.go",
		old: "		if s.conn.CancelRequest(bye) == nil {\n", new: "		if false {\n",
		pkg: "./listener", run: "TestWALPollsUntilThereIsASlot",
	},
	{
		name: "no polling without a slot", guarantee: "G3", file: "listener/wal.go",
		old: "			if err := l.pollOnce(ctx, s); err != nil {\n", new: "			if err := s.pause(ctx, l.cfg.PollEvery); err != nil {\n",
		pkg: "./listener", run: "TestWALPollsUntilThereIsASlot|TestWALWithoutAFreeSlotMeansPolling",
	},
	{
		name: "lost stream not replaced", guarantee: "-", file: "listener/tail.go",
		old: "		if sleep(ctx, spread(wait.step(), t.jitter)) != nil {\n", new: "		if true {\n",
		pkg: "./listener", run: "TestWALStreamIsReplaced",
	},
	{
		name: "stream never confirmed", guarantee: "-", file: "listener/tail.go",
		old: "pglogrepl.LSN { return received }", new: "pglogrepl.LSN { return 0 * received }",
		pkg: "./listener", run: "TestWALSurvivesARestartOfTheServer",
	},
	{
		name: "wal_level not looked at", guarantee: "-", file: "listener/wal.go",
		old: "	case level != \"logical\":\n", new: "	case level == \"\":\n",
		pkg: "./listener", run: "TestWALIsRefusedWhereItCannotBe",
	},
	{
		name: "marks without a replica identity", guarantee: "G6", file: "migrations/postgres/002_marks.sql",
		old: "ALTER TABLE tidemark.marks REPLICA IDENTITY FULL;\n", new: "",
		pkg: "./db", run: "TestPublicationOfAllTablesHurtsNobody",
	},
}
