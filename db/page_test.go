package db_test

import (
	"testing"

	"tidemark/summary"
)

// A connection whose connector is gone, as a load with foreign keys off leaves it, neither ends the list nor is missing from it.
func TestPageWithoutConnector(t *testing.T) {
	b := open(t)
	b.connection("c1", "c2", "c3", "c4")
	b.exec(`BEGIN; SET LOCAL session_replication_role = replica;
	        UPDATE connector_instances SET connector_id = 'gone' WHERE connector_instance_id = 'c1'; COMMIT`)
	b.drain()
	p, err := b.Page(t.Context(), summary.PageQuery{Owner: "ann", Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	if !p.More || len(p.Observations) != 2 || p.Observations[0].ConnectionID != "c1" {
		t.Errorf("first page of 4 connections: %d, more %v", len(p.Observations), p.More)
	}
	forged := summary.Position{ConnectorID: "\xff", ConnectionID: "c\xfe"}
	if all, err := b.Page(t.Context(), summary.PageQuery{Owner: "ann", Limit: 10, After: &forged}); err != nil || len(all.Observations) != 4 {
		t.Errorf("after ids that are no text: %d, %v", len(all.Observations), err)
	}
	if s, err := b.Scoped(t.Context(), "ann", "c1"); err != nil || len(s.Observations) != 1 {
		t.Errorf("scoped: %d, %v", len(s.Observations), err)
	}
}
