package listener

import (
	"testing"

	"tidemark/internal/pgtest"
)

// No evidence holds a manifest; who shows it must be told that it has changed, and a connection's recount mark does not do that.
func TestAuditorTellsOfConnectors(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	b.exec(`INSERT INTO connectors (connector_id) VALUES ('bank')`)
	b.e.Settle(t)
	a, _ := b.audit(t)
	version := func(connector string) int64 {
		return ask[int64](b.program, "SELECT coalesce(max(version), 0) FROM tidemark.manifest_versions WHERE connector_id = '"+connector+"'")
	}
	shop, bank := version("shop"), version("bank")
	b.awaitBypass("connectors", b.past(`UPDATE connectors SET display_name = 'The shop' WHERE connector_id = 'shop'`, `SELECT tidemark.mark('ci_1')`))
	eventually(t, "it has been looked into", func() bool { return b.idle(a) })
	if now := version("shop"); now <= shop {
		t.Errorf("version %d after %d", now, shop)
	}
	if now := version("bank"); now != bank {
		t.Errorf("a connector that is as it was has version %d after %d", now, bank)
	}
	b.check()
}

// What is changed while nobody watches is announced, too, unless a mark does it.
func TestAuditorVerifiesConnectors(t *testing.T) {
	t.Parallel()
	b := openAudit(t, pgtest.Shared(t, decodes(t)...))
	b.exec(`INSERT INTO connectors (connector_id) VALUES ('bank'), ('mail')`)
	b.e.Settle(t)
	b.past(`UPDATE connectors SET manifest = '{}' WHERE connector_id = 'shop'`, `DELETE FROM connectors WHERE connector_id = 'bank'`)
	b.exec(`UPDATE connectors SET manifest = '{}' WHERE connector_id = 'mail'`) // marked, and not drained yet
	untold, err := b.db.Unannounced(t.Context(), nil)
	if err != nil || len(untold) != 2 || untold[0] != "bank" || untold[1] != "shop" {
		t.Errorf("%q, %v", untold, err)
	}
	b.audit(t)
	b.check()
	if s, err := b.db.Audit(t.Context()); err != nil || s.VerifyFound != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	b.exec("TRUNCATE connectors CASCADE") // leaves marks, and nobody to be told
	b.e.Settle(t)
	b.check()
}
