package sqlitecompat

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		sql  string
		want []statement
	}{
		{``, nil},
		{" ;; -- nothing\n /* at all */ ;", nil},
		{`SELECT 1`, []statement{{text: `SELECT 1`, kind: selects}}},
		{"\uFEFFselect 1;\n", []statement{{text: `select 1`, kind: selects}}},
		{`/* COMMIT; */ insert into t values (';''COMMIT', "a;b", [c;d], ` + "`e;f``g`" + `) -- END`, []statement{
			{text: `insert into t values (';''COMMIT', "a;b", [c;d], ` + "`e;f``g`" + `)`, kind: writes, short: true},
		}},
		{`BEGIN IMMEDIATE; UPDATE t SET a = 1; COMMIT`, []statement{
			{text: `BEGIN IMMEDIATE`, kind: begins}, {text: `UPDATE t SET a = 1`, kind: writes}, {text: `COMMIT`, kind: commits},
		}},
		{"--c\nEnd/**/Transaction", []statement{{text: "End/**/Transaction", kind: commits}}},
		{`SAVEPOINT A; RELEASE SAVEPOINT "a"; rollback transaction to savepoint [A]; RELEASE 'x''y'; ROLLBACK`, []statement{
			{text: `SAVEPOINT A`, kind: saves, name: "a"}, {text: `RELEASE SAVEPOINT "a"`, kind: releases, name: "a"},
			{text: `rollback transaction to savepoint [A]`, kind: rollsBackTo, name: "a"}, {text: `RELEASE 'x''y'`, kind: releases, name: "x'y"}, {text: `ROLLBACK`, kind: rollsBack},
		}},
		{`ROLLBACK TO x; RELEASE savepoint x`, []statement{{text: `ROLLBACK TO x`, kind: rollsBackTo, name: "x"}, {text: `RELEASE savepoint x`, kind: releases, name: "x"}}},
		{`CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; END; DELETE FROM t`, []statement{
			{text: `CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; END`, kind: defines}, {text: `DELETE FROM t`, kind: writes},
		}},
		{`EXPLAIN QUERY PLAN CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END; END`, []statement{
			{text: `EXPLAIN QUERY PLAN CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END`, kind: other}, {text: `END`, kind: commits},
		}},
		{`CREATE TABLE trigger_log (a); END`, []statement{{text: `CREATE TABLE trigger_log (a)`, kind: defines}, {text: `END`, kind: commits}}},
		{`WITH a AS (SELECT 1), b(c) AS (VALUES (1)) SELECT * FROM a`, []statement{
			{text: `WITH a AS (SELECT 1), b(c) AS (VALUES (1)) SELECT * FROM a`, kind: selects},
		}},
		{`WITH RECURSIVE a AS MATERIALIZED (SELECT 1) INSERT INTO t SELECT * FROM a`, []statement{
			{text: `WITH RECURSIVE a AS MATERIALIZED (SELECT 1) INSERT INTO t SELECT * FROM a`, kind: writes},
		}},
		{`WITH a AS (SELECT ")") DELETE FROM t`, []statement{{text: `WITH a AS (SELECT ")") DELETE FROM t`, kind: writes}}},
		{`REPLACE INTO t VALUES (1)`, []statement{{text: `REPLACE INTO t VALUES (1)`, kind: writes, short: true}}},
		{`INSERT INTO t VALUES ((SELECT 1)); INSERT INTO t SELECT 1; INSERT INTO t DEFAULT VALUES`, []statement{
			{text: `INSERT INTO t VALUES ((SELECT 1))`, kind: writes}, {text: `INSERT INTO t SELECT 1`, kind: writes},
			{text: `INSERT INTO t DEFAULT VALUES`, kind: writes, short: true},
		}},
		{`PRAGMA foreign_keys = 0; VACUUM; EXPLAIN COMMIT; "COMMIT"`, []statement{
			{text: `PRAGMA foreign_keys = 0`, kind: other}, {text: `VACUUM`, kind: other}, {text: `EXPLAIN COMMIT`, kind: other}, {text: `"COMMIT"`, kind: other},
		}},
		{"COMMIT\x00; BEGIN", []statement{{text: `COMMIT`, kind: commits}}},
		{`SELECT 'unterminated; COMMIT`, []statement{{text: `SELECT 'unterminated; COMMIT`, kind: selects}}},
		{`SELECT 1 /* unterminated; COMMIT`, []statement{{text: `SELECT 1`, kind: selects}}},
	} {
		if got := split(c.sql); !slices.Equal(got, c.want) {
			t.Errorf("split(%q)\n got %+v\nwant %+v", c.sql, got, c.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"BEGIN;INSERT INTO t VALUES('a;b');COMMIT", "CREATE TRIGGER a BEGIN x; END; END", "[", "'", "--", "/*", "WITH (", "RELEASE"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		rest := sql
		for _, s := range split(sql) {
			_, after, found := strings.Cut(rest, s.text)
			if s.text == "" || !found {
				t.Fatalf("split(%q) gives %q, which is not a part of %q", sql, s.text, rest)
			}
			rest = after
		}
	})
}
