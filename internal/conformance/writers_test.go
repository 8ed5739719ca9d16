package conformance

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"tidemark/internal/enginetest"
)

// Whatever program writes, in whatever form, the same evidence comes of it.
func TestForeignPrograms(t *testing.T) {
	t.Parallel()
	const insert = `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES `
	const first = insert + `('ci_work', 's', '1', '{"a":1}', '2026-05-01T00:00:00.000000Z'), ('ci_phone', 's', '1', '[]', '2026-05-02T00:00:00.000000Z')`
	const second = `UPDATE records SET deleted = true WHERE connector_instance_id = 'ci_work' AND stream = 's'`
	const third = `DELETE FROM connector_instances WHERE connector_instance_id = 'ci_chase'`
	inOneTransaction := "BEGIN; " + first + "; SAVEPOINT a; DELETE FROM records; ROLLBACK TO SAVEPOINT a; " + second + "; " + third + "; COMMIT"

	players := fleet(t)
	postgres, layer := players[0], players[1]
	for _, sql := range []string{first, second, third} {
		do(t, layer, sql)
	}
	copied := fleet(t)[0]
	copied.Shell(t, `\copy records (connector_instance_id, stream, record_key, record_json, emitted_at) FROM STDIN
ci_work	s	1	{"a":1}	2026-05-01T00:00:00Z
ci_phone	s	1	[]	2026-05-02T00:00:00Z
\.
`+second+";\n"+third)
	postgres.Shell(t, inOneTransaction)
	python := players[2]
	script := "import sqlite3, sys\n" +
		"c = sqlite3.connect(sys.argv[1], isolation_level=None)\n" +
		"c.execute('PRAGMA foreign_keys = on')\n" +
		"for s in sys.stdin.read().split('; '): c.execute(s)\n"
	cmd := exec.CommandContext(t.Context(), "python3", "-c", script, strings.TrimPrefix(python.DSN, "sqlite:"))
	cmd.Stdin = strings.NewReader(inOneTransaction)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("python3: %v\n%s", err, out)
	}
	players[3].Shell(t, inOneTransaction)

	players = append(players, copied)
	for _, p := range players {
		p.CheckG2(t)
		p.CheckG3(t)
		if _, there := versions(t, p.Engine)["ci_chase"]; there {
			t.Errorf("%s: ci_chase has evidence", p.Name)
		}
	}
	same(t, players, "written by other programs", true)
}

// Nothing that is taken back leaves a mark; what a broken transaction keeps does.
func TestTransactions(t *testing.T) {
	t.Parallel()
	const insert = `INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('%', 's', '1', '{}', '2026-05-01T00:00:00.000000Z')`
	in := func(id string) string { return strings.ReplaceAll(insert, "%", id) }
	for _, test := range []struct {
		name  string
		do    []string
		dirty []string
	}{
		{"rolled back", []string{"BEGIN", in("ci_work"), "DELETE FROM records", "ROLLBACK"}, nil},
		{"committed", []string{"BEGIN", in("ci_work"), in("ci_phone"), "COMMIT"}, []string{"ci_phone", "ci_work"}},
		{"a savepoint rolled back", []string{"BEGIN", "SAVEPOINT a", in("ci_phone"), "ROLLBACK TO SAVEPOINT a", in("ci_chase"), "COMMIT"}, []string{"ci_chase"}},
		{"a savepoint released", []string{"BEGIN", "SAVEPOINT a", in("ci_phone"), "RELEASE SAVEPOINT a", "COMMIT"}, []string{"ci_phone"}},
		{"a statement failed, its savepoint rolled back", []string{
			"BEGIN", in("ci_work"), "SAVEPOINT a", "!" + in("ci_nobody"), "ROLLBACK TO SAVEPOINT a", in("ci_phone"), "COMMIT",
		}, []string{"ci_phone", "ci_work"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, p := range fleet(t)[:3] {
				before := versions(t, p.Engine)
				s := p.Writer(t)
				if p.kind == enginetest.Foreign {
					s = p.ForeignWriter(t)
				}
				for _, sql := range test.do {
					sql, mustFail := strings.CutPrefix(sql, "!")
					if err := s.Exec(t.Context(), sql); (err != nil) != mustFail {
						t.Fatalf("%s, %s writer: %s: %v", p.Name, p.kind, sql, err)
					}
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				// After a failure or a rollback SQLite's hooks no longer know what was taken back: what they saw may be dirty.
				if got := dirty(t, p.Engine); !within(test.dirty, got) || p.Name == enginetest.Postgres && !slices.Equal(got, test.dirty) {
					t.Errorf("%s, %s writer: dirty %q, want %q", p.Name, p.kind, got, test.dirty)
				}
				p.CheckG2(t)
				p.CheckG3(t)
				if got := risen(before, versions(t, p.Engine)); !slices.Equal(got, test.dirty) {
					t.Errorf("%s, %s writer: changed %q, want %q", p.Name, p.kind, got, test.dirty)
				}
			}
		})
	}
}

// Rows without a connection are nobody's: no evidence comes of them, until somebody takes their id.
func TestOrphans(t *testing.T) {
	t.Parallel()
	orphans := []string{
		`INSERT INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES ('ci_later', 's', '1', '{}', '2026-05-01T00:00:00.000000Z')`,
		`INSERT INTO blobs (blob_id, connector_instance_id, stream, size_bytes) VALUES ('orphan', 'ci_later', 's', 5)`,
		`INSERT INTO connector_schedules (connector_instance_id, interval_seconds, created_at, updated_at) VALUES ('ci_later', 5, '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')`,
		"DELETE FROM connector_instances WHERE connector_instance_id = 'ci_home'", // leaves what refers to it
	}
	players := fleet(t)[:3]
	for _, p := range players {
		e := p.Engine
		s := e.ForeignWriter(t)
		without := "PRAGMA foreign_keys = off"
		if e.Name == enginetest.Postgres {
			without = "SET session_replication_role = replica"
		}
		for _, sql := range append([]string{without}, orphans...) {
			if err := s.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", e.Name, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		e.CheckG2(t)
		e.CheckG3(t)
		for _, id := range []string{"ci_later", "ci_home"} {
			if _, there := versions(t, e)[id]; there {
				t.Errorf("%s: %s has evidence", e.Name, id)
			}
		}
	}
	same(t, players, "orphans", true)
	for _, p := range players {
		for _, id := range []string{"ci_later", "ci_home"} {
			do(t, p, `INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, created_at, updated_at)
				VALUES ('`+id+`', 'ada', 'chase', '2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')`)
		}
		p.CheckG2(t)
		p.CheckG3(t)
		want := p.Load(t).Expected
		if len(want["ci_later"]["streams"].([]any)) != 1 || len(want["ci_home"]["streams"].([]any)) == 0 {
			t.Errorf("%s: the orphans were not taken over: %v", p.Name, want["ci_later"])
		}
	}
	same(t, players, "taken over", true)
}
