package db_test

import (
	"testing"
)

// Trust is for the loss that was recounted, and for no later one.
func TestTrust(t *testing.T) {
	b := captured(t)
	lose := func() {
		b.exec(`UPDATE tidemark.capture_state SET trusted = false, since = clock_timestamp(), reason_code = 'trigger_disabled',
		        recount = '{records,retained_bytes}' WHERE table_name = 'records'`)
	}
	trusted := func() (yes bool) {
		t.Helper()
		states, err := b.Capture(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range states {
			if s.Table == "records" {
				yes = s.Trusted
			}
		}
		return yes
	}
	lose()
	states, err := b.Capture(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lose()
	if err := b.Trust(t.Context(), states); err != nil || trusted() {
		t.Errorf("trusted after it was lost once more: %v", err)
	}
	if states, err = b.Capture(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.exec(`INSERT INTO tidemark.capture_touched (table_name, reason_code, detail) VALUES ('records', 'trigger_touched', 'x')`)
	if err := b.Trust(t.Context(), states); err != nil || trusted() {
		t.Errorf("trusted while nobody has looked at what an event trigger saw: %v", err)
	}
	b.exec(`DELETE FROM tidemark.capture_touched`)
	if err := b.Trust(t.Context(), states); err != nil || !trusted() {
		t.Errorf("not trusted: %v", err)
	}
}
