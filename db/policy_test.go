package db_test

import (
	"testing"

	"tidemark/internal/pgtest"
)

// Row security that holds for the server's role, too, must not make what it hides look as if it were gone: what cannot be counted
// fails, and says so, until the policy lets it.
func TestPoliciesHideNothing(t *testing.T) {
	cluster := pgtest.Shared(t)
	owner := captured(t)
	owner.exec(`DO $$ BEGIN CREATE ROLE db_policy_owner LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
	owner.exec(`GRANT postgres TO db_policy_owner`) // owns all, and is no superuser itself
	owner.exec(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`)
	owner.exec(`INSERT INTO records (connector_instance_id, stream, record_key) VALUES ('c1', 's', '1'), ('c1', 's', '2')`)
	b := attach(t, cluster.DSNAs("db_policy_owner", owner.value(`SELECT current_database()`)))
	b.dry()
	evidence := `SELECT total_records || ' ' || state FROM tidemark.connector_summary_evidence`
	owner.want("2 current", evidence)
	owner.exec(`ALTER TABLE records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
	owner.exec(`CREATE POLICY tenant ON records USING (connector_instance_id = current_setting('app.tenant', true))`)
	owner.exec(`SELECT tidemark.mark('c1')`)
	b.drain()
	owner.want("2 failed", evidence)
	if _, err := b.Verify(t.Context(), nil, nil); err == nil {
		t.Error("verify compares with what a policy leaves")
	}
	owner.exec(`ALTER TABLE records NO FORCE ROW LEVEL SECURITY`)
	owner.exec(`UPDATE tidemark.failures SET retry_at = clock_timestamp()`)
	b.dry()
	owner.want("2 current", evidence)
	b.clean()
}
