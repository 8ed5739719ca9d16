package conformance

import (
	"strings"
	"testing"
)

// On SQLite a statement that fails in the middle is taken back, or keeps its rows (OR FAIL), without a word to the hooks, and
// the transaction goes on. What is committed then must be marked all the same.
func TestFailedStatementsOnSQLite(t *testing.T) {
	t.Parallel()
	const insert = ` INTO records (connector_instance_id, stream, record_key, record_json, emitted_at) VALUES
		('ci_work', 's', '1', '{"a":1}', '2026-05-01T00:00:00.000000Z'), ('ci_phone', 's', '1', '{}', '2026-05-02T00:00:00.000000Z'),
		('ci_home', 'orders', '1', '{"a":1}', '2026-05-03T00:00:00.000000Z')` // ci_home has that one
	for _, p := range fleet(t)[1:3] {
		for name, statement := range map[string]string{
			"taken back": "!INSERT" + insert, "kept": "!INSERT OR FAIL" + insert, "ignored": "INSERT OR IGNORE" + insert,
			"replaced": "INSERT OR REPLACE" + insert, "a null": "!UPDATE records SET stream = CASE record_key WHEN '2' THEN NULL ELSE 'moved' END WHERE connector_instance_id = 'ci_home'",
			"a foreign key": "!UPDATE records SET connector_instance_id = CASE record_key WHEN '2' THEN 'nobody' ELSE 'ci_chase' END WHERE connector_instance_id = 'ci_home'",
		} {
			s := p.Writer(t)
			if p.kind == "foreign" {
				s = p.ForeignWriter(t)
			}
			sql, mustFail := strings.CutPrefix(statement, "!")
			for i, sql := range []string{"BEGIN", sql, "UPDATE records SET deleted = NOT deleted WHERE stream = 'transactions'", "COMMIT"} {
				if err := s.Exec(t.Context(), sql); (err != nil) != (mustFail && i == 1) {
					t.Fatalf("%s writer, %s: %s: %v", p.kind, name, sql, err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			p.CheckG2(t)
			p.CheckG3(t)
			if t.Failed() {
				t.Fatalf("%s writer: %s", p.kind, name)
			}
			do(t, p, "DELETE FROM records WHERE stream = 's'")
		}
	}
}
