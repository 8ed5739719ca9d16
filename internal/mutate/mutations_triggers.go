package main

// What the Postgres triggers must not be without. The golden files see any change; they are left out.
var ofTriggers = []mutation{
	ofTrigger("insert trigger dropped", "G1", "triggers/render.go",
		`	add("insert", "INSERT",`, `	add("insert", "DELETE",`, ""),
	ofTrigger("truncate not always", "G1", "triggers/render.go",
		`add("truncate", "TRUNCATE", "FOR EACH STATEMENT", always, truncated(s))`,
		`add("truncate", "TRUNCATE", "FOR EACH STATEMENT", onOrigin, truncated(s))`, ""),
	ofTrigger("role not tested", "G2", "triggers/render.go",
		`" THEN\n    RETURN " + result`, `" AND false THEN\n    RETURN " + result`, ""),
	ofTrigger("replica rows not captured", "G1", "triggers/render.go",
		`add("replica", "INSERT OR DELETE OR UPDATE", "FOR EACH ROW", onReplica,`,
		`add("replica", "INSERT OR DELETE OR UPDATE", "FOR EACH ROW", onOrigin,`, ""),
	ofTrigger("flag read before the mark", "G3", "triggers/render.go",
		"return block(\"\", test+ofTally(s.tally)+\"\\n\"+wake(\"FOUND AND \", result))",
		"return block(\"\", test+strings.Replace(wake(\"\", result), \"RETURN \"+result+\";\", \"\", 1)+ofTally(s.tally)+\"\\nRETURN \"+result+\";\")", ""),
	ofTrigger("rows that MERGE moves not captured", "G1", "triggers/render.go",
		"	if len(keys) > 0 {\n", "	if false {\n", "TestMoves$"),
	ofTrigger("trigger of moves not missed", "G9", "triggers/move.go",
		"if keys := c.keys[s.table]; len(keys) > 0 {", "if keys := c.keys[s.table]; false && len(keys) > 0 {", "TestPartitionsComeAndGo"),
	ofTrigger("what MERGE moves not marked", "G1", "triggers/move.go",
		`"SELECT DISTINCT " + names + "\nFROM (\n" + indent(rows) + "\n) r"`, `"SELECT DISTINCT " + names + "\nFROM (\n" + indent(rows) + "\n) r\nWHERE false"`, "TestMoves$"),
	ofTrigger("generated columns of a moved event not foreseen", "G1", "triggers/move.go",
		`if f.generated != "" {`, "if false {", "TestMoves$"),
	ofTrigger("columns of a key's expression not found", "G1", "triggers/catalog.go",
		"AND d.refobjsubid = 0 AND d.deptype = 'i')", "AND d.refobjsubid = 0 AND d.deptype = 'i' AND p.partexprs IS NULL)", "TestMovesByAnyKey"),
	ofTrigger("notifies what may be prepared", "G6", "triggers/render.go",
		`op("pg_catalog.current_setting('max_prepared_transactions')", "=", "'0'")`, `"true"`, "TestPreparedTransaction|TestWake"),
	ofTrigger("security definer dropped", "G11", "triggers/render.go",
		`LANGUAGE plpgsql\n SECURITY DEFINER\n"`, `LANGUAGE plpgsql\n"`, "TestLeastPrivilege"),
	ofTrigger("offsetting rows marked", "G4", "triggers/tally.go",
		`"\nHAVING " + op(rows, "<>", "0") + " OR " + op(bytes, "<>", "0")`, `""`, "TestRecords|TestRetainedBytes|TestMarks"),
}

func ofTrigger(name, guarantee, file, old, new, run string) mutation {
	return mutation{
		name: name, guarantee: guarantee, file: file, old: old, new: new, pkg: "./triggers", run: run,
		skip: "Golden|TestInstall|TestInventory",
	}
}
