package main

import "slices"

// What keeps capture from being trusted where it is lost (G9), on Postgres and SQLite.
var ofCapture = slices.Concat(
	guards("./triggers", "triggers/catalog.go",
		guard{"leaves of source tables not seen", "UNION\n		SELECT t.source, i.inhrelid, false FROM tree t JOIN pg_inherits i ON i.inhparent = t.relation AND NOT i.inhdetachpending\n", "", "TestPartitionsComeAndGo"},
		guard{"stamps of the catalog not read", "WHERE EXISTS (SELECT FROM tidemark.capture_seen)\n", "WHERE false\n", "TestTouchedAndPutBack"},
	),
	guards("./triggers", "triggers/compare.go",
		guard{"unlogged tables not found", "append(c.unseen(), c.fleeting()...)", "c.unseen()", "TestUnlogged"},
		guard{"forgotten capture not found", "if !c.recorded[table] {", "if false {", "TestForgotten"},
		guard{"tables above not seen", "if free := c.above[table]; free != \"\" {", "if free := c.above[table]; free == \"?\" {", "TestBelowAnotherTable"},
		guard{"triggers one too many not found", "!expected[k] && serves[function] != \"\"", "false && !expected[k] && serves[function] != \"\"", "TestInventory$|TestPartitionsComeAndGo"},
	),
	guards("./triggers", "triggers/replace.go",
		guard{"leaves get no triggers of their own", "				if !m.foreign {\n", "				if false {\n", "TestPartitions$"},
	),
	guards("./triggers", "triggers/lock.go",
		guard{"mend does not wait for who wrote unmarked", "touched[f.Table] = true\n", "_ = f\n", "TestInstallLocksOnlyWhatDiffers"},
	),
	guards("./triggers", "triggers/lock.go",
		guard{"writers queue behind a mend that waits", "	if err := outlast(ctx, tx, tables); err != nil {\n", "	if err := error(nil); err != nil {\n", "TestInstallDoesNotHoldUpWriters"},
	),
	guards("./triggers", "triggers/distrust.go",
		guard{"the same loss recorded again and again", "\n			WHERE c.trusted OR c.reason_code IS DISTINCT FROM excluded.reason_code OR c.detail IS DISTINCT FROM excluded.detail", "", "TestDistrustWhileAWriter"},
		guard{"lost capture not recorded", "SET trusted = false, since = excluded.since", "SET since = excluded.since", "TestDistrustWhileAWriter"},
	),
	guards("./triggers", "triggers/acknowledge.go",
		guard{"event triggers blind under replica role", "ENABLE ALWAYS`,\n", "ENABLE`,\n", "TestEventTriggers$"},
		guard{"event trigger for who does not own it", "	if c.user != c.owner {\n", "	if false {\n", "TestEventTriggersNeedASuperuser"},
	),
	guards("./sqlitecompat", "sqlitecompat/uniqueindex.go",
		guard{"operators' unique indexes not guarded", "out[i].others = append(out[i].others, match)", "_ = match", "TestUniqueIndexes"},
		guard{"indexes that cannot be compared not guarded", "out[i].opaque = true", "_ = i", "TestUniqueIndexes"},
		guard{"collation of an index ignored", `+" COLLATE "+c.collation)`, ")", "TestUniqueIndexes"},
		guard{"default in an index ignored", `if c.standIn != "" {`, "if false {", "TestUniqueIndexes"},
	),
	guards("./sqlitecompat", "sqlitecompat/inventory.go",
		guard{"new unique index not noticed", "if set.version == own.version && !slices", "if false && !slices", "TestUniqueIndexComesAndGoes"},
	),
	guards("./sqlitecompat", "sqlitecompat/guardsql.go",
		guard{"condition of an index not watched", "	if len(g.others) == 0 && !g.opaque && !g.rowid {", "	if true {", "TestUniqueIndexes"},
		guard{"key named by the rowid's names not guarded", "	if !g.rowid {", "	if true {", "TestGuards"},
	),
	guards("./triggers", "migrations/postgres/003_evidence.sql",
		guard{"event trigger fails DDL", "EXCEPTION WHEN OTHERS THEN\n    NULL;\nEND $$;\nREVOKE ALL ON FUNCTION tidemark.watch_ddl()", "END $$;\nREVOKE ALL ON FUNCTION tidemark.watch_ddl()", "TestEventTriggersFailNobody"},
		guard{"event trigger waits", " SET lock_timeout = '100ms' AS $$", " AS $$", "TestEventTriggersFailNobody"},
		guard{"altered columns not seen", "AND NOT a.attisdropped\nWHERE t.parent = 0\n", "AND NOT a.attisdropped\nWHERE false\n", "TestTouchedAndPutBack"},
		guard{"unlogged tables not seen by event triggers", "c.relkind = 'r' AND c.relpersistence = 'u'", "false", "TestUnlogged"},
		guard{"our own unlogged tables not seen", "    UNION\n    SELECT s.table_name, c.oid FROM tidemark.source_tables s, pg_catalog.pg_class c\n    WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'tidemark')\n", "", "TestUnlogged"},
		guard{"new columns cost trust", "  AND (object_kind <> 'column' OR s.stamp IS NOT NULL);", ";", "TestHarmlessDDL"},
		guard{"forgotten capture trusted", "LEFT JOIN tidemark.capture_state s USING (table_name)", "JOIN tidemark.capture_state s USING (table_name)", "TestForgotten"},
		guard{"what event triggers saw not read", "SELECT n.table_name, s.trusted IS TRUE AND t.touched_at IS NULL AS trusted,", "SELECT n.table_name, s.trusted IS TRUE AS trusted,", "TestEventTriggers$"},
		guard{"dropped leaf not told", "WHEN 'partition' THEN CASE WHEN n.stamp IS NULL THEN 'partition_detached' ELSE 'partition_attached' END", "", "TestPartitionsComeAndGo"},
	),
	[]mutation{
		{
			name: "what cannot be mended forgotten", guarantee: "G6", file: "cmd/tidemark/watch.go",
			old: "			broken, err = w.engine.inventory(ctx)\n", new: "			broken = nil\n", pkg: "./cmd/tidemark", run: "TestWhatCannotBeMended",
		},
		{
			name: "trust from before a second loss", guarantee: "G9", file: "cmd/tidemark/capture.go",
			old: "a.Table == s.Table && a.Since == s.Since", new: "a.Table == s.Table", pkg: "./cmd/tidemark", run: "TestRecounted",
		},
		{
			name: "trust whatever was lost meanwhile", guarantee: "G9", file: "db/status.go",
			old: "AND s.since = e.since AND NOT s.trusted", new: "AND NOT s.trusted", pkg: "./db", run: "TestTrust",
		},
		{
			name: "partial recount leaves its component", guarantee: "G9", file: "summary/pending.go",
			old: "	for _, c := range components.Sorted() {\n		p.Ask(c)\n", new: "	for _, c := range components.Sorted() {\n",
			pkg: "./internal/conformance", run: "TestLostCapture",
		},
		{
			name: "partial recount taken for a sibling's", guarantee: "G9", file: "drain/recompute.go",
			old: "	return !p.Demanded && !p.Dirty()", new: "	return !p.Dirty()", pkg: "./internal/conformance", run: "TestLostCapture",
		},
		{
			name: "guards mended without distrust", guarantee: "G9", file: "sqlitecompat/ensure.go",
			old: "first && !populated, now, reason", new: "true, now, reason", pkg: "./sqlitecompat", run: "TestInventory",
		},
		{
			name: "loss unknown until it can be written", guarantee: "G9", file: "sqlitecompat/inventory.go",
			old: "	d.lose(found)\n", new: "", pkg: "./sqlitecompat", run: "TestInventory",
		},
		{
			name: "hooks read a table that was replaced", guarantee: "G1", file: "sqlitecompat/inventory.go",
			old: "if unfit != \"\" && d.capturing.Load()", new: "if false && d.capturing.Load()", pkg: "./sqlitecompat", run: "TestTableReplaced",
		},
		{
			name: "another file at the open one's place not noticed", guarantee: "G9", file: "sqlitecompat/inventory.go",
			old: "	return err != nil || !os.SameFile(now, d.file)", new: "	return err != nil && !os.SameFile(now, d.file)", pkg: "./sqlitecompat", run: "TestFileReplaced",
		},
		{
			name: "files in UTF-16 taken", guarantee: "G3", file: "sqlitecompat/open.go",
			old: `if encoding != "UTF-8" {`, new: `if encoding == "" {`, pkg: "./sqlitecompat", run: "TestOpen",
		},
		{
			name: "marks with times that are none", guarantee: "G3", file: "sqlitecompat/marks.go",
			old: "if t.recount || !isTime(gained) || !isTime(lost) {", new: "if t.recount {", pkg: "./sqlitecompat", run: "TestTimeThatIsNone",
		},
		{
			name: "a run that cannot be read told as one", guarantee: "G2", file: "drain/runrow.go",
			old: "	if f.Unreadable {\n", new: "	if false {\n", pkg: "./sqlitecompat", run: "TestOtherTimesThatAreNone",
		},
		{
			name: "a run that cannot be read stops all", guarantee: "G3", file: "sqlitecompat/runs.go",
			old: "		*t.unreadable = true\n", new: "		return at.Scan(src)\n", pkg: "./sqlitecompat", run: "TestOtherTimesThatAreNone",
		},
		{
			name: "a new connection that cannot be read stops all", guarantee: "G3", file: "drain/write.go",
			old: "		if err != nil || !exists {\n			return nil //", new: "		if err != nil || !exists {\n			return err //", pkg: "./sqlitecompat", run: "TestOtherTimesThatAreNone",
		},
		{
			name: "guards put back not noticed", guarantee: "G9", file: "sqlitecompat/inventory.go",
			old: "is.sql == t.sql && is.sealed", new: "is.sql == t.sql", pkg: "./sqlitecompat", run: "TestInventory",
		},
		{
			name: "marks into a temporary namesake", guarantee: "G1", file: "sqlitecompat/marks.go",
			old: "INSERT INTO main.marks", new: "INSERT INTO marks", pkg: "./sqlitecompat", run: "TestTemporaryNamesakes",
		},
		{
			name: "sums kept of what was taken back with the marks", guarantee: "G1", file: "sqlitecompat/hookedrun.go",
			old: "		c.capture.doubt(before) //", new: "		_ = before //", pkg: "./sqlitecompat", run: "TestTriggerOnMarks",
		},
	},
)

type guard struct{ name, old, new, run string }

// guards are mutations of one file that tests of one package find out.
func guards(pkg, file string, of ...guard) []mutation {
	var out []mutation
	for _, g := range of {
		out = append(out, mutation{name: g.name, guarantee: "G9", file: file, old: g.old, new: g.new, pkg: pkg, run: g.run})
	}
	return out
}
