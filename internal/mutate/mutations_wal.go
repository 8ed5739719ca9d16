package main

// What following the WAL must not be without.
var ofWAL = []mutation{
	{
		name: "commit in the WAL taken for visible", guarantee: "G3", file: "listener/wal.go",
		old: "settled = open.settle(shown); settled {", new: "settled = open.settle(shown) || true; settled {",
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
		pkg: "./listener", run: "TestWALWakesTheLeader",
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

// What the auditor must not be without.
var ofAudit = []mutation{
	{
		name: "suspects not recounted", guarantee: "G9", file: "listener/auditsession.go",
		old: "			differences, err := s.named(ctx, a, c, shown)\n", new: "			var differences []drain.Difference\n",
		pkg: "./listener", run: "TestAuditorFindsWhatWentPastTheTriggers",
	},
	{
		name: "bypass counted, not repaired", guarantee: "G9", file: "listener/auditsession.go",
		old: "	return drain.Repair(ctx, s.cfg.Engine, wrong)\n", new: "	return nil\n",
		pkg: "./listener", run: "TestAuditorFindsWhatWentPastTheTriggers",
	},
	{
		name: "a mark of any component clears all tables", guarantee: "G9", file: "listener/witness.go",
		old: "w.now.marked[a.mark] ||", new: "len(w.now.marked) > 0 ||",
		pkg: "./listener", run: "TestAuditorFindsWhatAnotherMarkHides",
	},
	{
		name: "every unmarked change a bypass", guarantee: "G4", file: "listener/auditsession.go",
		old: "		if len(by[id]) == 0 {\n", new: "		if false {\n",
		pkg: "./listener", run: "TestAuditorAccusesNobody",
	},
	{
		name: "truncations unseen", guarantee: "G9", file: "listener/witness.go",
		old: "				w.suspect(a).whole(w.now.xid)\n", new: "				_ = a\n",
		pkg: "./listener", run: "TestAuditorFindsWhatWentPastTheTriggers",
	},
	{
		name: "no verify when a slot begins", guarantee: "G9", file: "listener/auditsession.go",
		old: "		found += int64(len(differences))\n", new: "		return false\n",
		pkg: "./listener", run: "TestAuditorVerifiesWhatItHasNotSeen",
	},
	{
		name: "names of a transaction unbounded", guarantee: "-", file: "listener/suspects.go",
		old: "!known && len(s.ids) >= mostNamed {", new: "false && known {",
		pkg: "./listener", run: "TestSuspicionsAreBounded",
	},
	{
		name: "confirmed before it is looked into", guarantee: "G9", file: "listener/suspects.go",
		old: "		return min(received, s.busy)\n", new: "		return received\n",
		pkg: "./listener", run: "TestNothingIsConfirmedBeforeItIsLookedInto",
	},
	{
		name: "unsafe tables published", guarantee: "G6", file: "listener/published.go",
		old: "WHERE NOT `+unsafe+` ORDER BY 1),", new: "WHERE (true OR `+unsafe+`) ORDER BY 1),",
		pkg: "./listener", run: "TestAuditorNeverStopsAWriterForLong",
	},
	{
		name: "publication left behind", guarantee: "G6", file: "listener/auditor.go",
		old: "			err = errors.Join(err, dropSources(context.WithoutCancel(ctx), w))\n", new: "			err = errors.Join(err, ctx.Err())\n",
		pkg: "./listener", run: "TestAuditorNeverStopsAWriterForLong",
	},
	{
		name: "auditor ends with its database", guarantee: "G8", file: "listener/auditor.go",
		old: "		if done || ctx.Err() != nil {\n", new: "		if done || err != nil || ctx.Err() != nil {\n",
		pkg: "./listener", run: "TestAuditorWaitsForItsDatabase",
	},
	{
		name: "auditor admitted unseen", guarantee: "-", file: "listener/auditor.go",
		old: "		return err == nil, err\n", new: "		return true, err\n",
		pkg: "./listener", run: "TestAuditIsRefusedWhereItCannotBe",
	},
	{
		name: "connectors not compared", guarantee: "G9", file: "drain/audit.go",
		old: "	wrong, err := e.Unannounced(ctx, ids)\n", new: "	wrong, err := []string{}, ctx.Err()\n",
		pkg: "./listener", run: "TestAuditorTellsOfConnectors",
	},
	{
		name: "a connection's mark covers a connector", guarantee: "G9", file: "listener/witness.go",
		old: " && a.owner != ofConnector //", new: " //",
		pkg: "./listener", run: "TestAuditorTellsOfConnectors",
	},
	{
		name: "what was announced not remembered", guarantee: "G4", file: "db/evidence.go",
		old: "FROM public.connectors WHERE connector_id = $1`", new: "FROM public.connectors WHERE connector_id = $1 AND false`",
		pkg: "./listener", run: "TestAuditorAccusesNobody",
	},
	{
		name: "truncated connectors remembered", guarantee: "-", file: "db/take.go",
		old: "DELETE FROM tidemark.announced_manifests a WHERE NOT EXISTS", new: "DELETE FROM tidemark.announced_manifests a WHERE false AND NOT EXISTS",
		pkg: "./listener", run: "TestAuditorVerifiesConnectors",
	},
	{
		name: "partitions forgotten once detached", guarantee: "G9", file: "listener/part.go",
		old: "WHERE columns @> told AND written <@ told)", new: "WHERE false)",
		pkg: "./listener", run: "TestAuditorFollowsPartitions",
	},
	{
		name: "parts of nobody knows what passed over", guarantee: "G9", file: "listener/witness.go",
		old: "r.table = auditedTable(root); r.table == nil {", new: "r.table = auditedTable(root); false {",
		pkg: "./listener", run: "TestAuditorFollowsPartitions",
	},
	{
		name: "inheriting tables not published", guarantee: "G9", file: "listener/published.go",
		old: "c.relkind = 'r' AND NOT c.relispartition)", new: "c.relkind = 'r' AND false)",
		pkg: "./listener", run: "TestAuditorFollowsInheritance",
	},
	{
		name: "publication changed by others not noticed", guarantee: "G9", file: "listener/auditsession.go",
		old: "now.mend == \"\" && now.made == s.published.made", new: "now.mend == \"\"",
		pkg: "./listener", run: "TestAuditorNoticesAnotherPublication",
	},
	{
		name: "what moved not distrusted", guarantee: "G9", file: "listener/auditsession.go",
		old: "	if moved != 0 {", new: "	if false {",
		pkg: "./listener", run: "TestAuditorFindsWhatWentPastTheTriggers",
	},
}
