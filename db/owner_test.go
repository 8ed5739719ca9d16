package db_test

import "testing"

// Whose connection it was is told, once, that it is no more, by a version that lies below the new owner's evidence; as is one
// who was the owner when the id was deleted and given to another.
func TestFormerOwnerIsTold(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.dry()
	told := func(owner, want string) {
		t.Helper()
		b.want(want, `SELECT string_agg(connector_instance_id || ' ' || (version < (SELECT max(version) FROM tidemark.connector_summary_evidence)), ',')
		              FROM tidemark.evidence_deletions WHERE owner_subject_id = $1`, owner)
	}
	b.exec(`UPDATE connector_instances SET owner_subject_id = 'bob'`)
	if r := b.drain(); len(r.Changed) != 1 || len(r.Deleted) != 0 || r.MaxVersion != r.Changed[0].Version {
		t.Errorf("%+v", r)
	}
	told("ann", "c1 true")
	b.exec(`DELETE FROM connector_instances; INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'eve', 'shop')`)
	b.dry()
	told("ann", "c1 true")
	told("bob", "c1 true")
	told("eve", "<null>")
	b.clean()
}
