package db_test

import "testing"

// What capture_state does not say is not trusted: a table without a reason, and one whose triggers were never installed.
func TestCaptureFailsClosed(t *testing.T) {
	for name, b := range map[string]*bench{"no reason": captured(t), "not installed": open(t)} {
		b.connection("c1")
		b.drain()
		if name == "no reason" {
			b.exec(`UPDATE tidemark.capture_state SET trusted = false, recount = '{records,retained_bytes}' WHERE table_name = 'records'`)
		}
		s, err := b.Scoped(t.Context(), "ann", "c1")
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Observations) != 1 || s.Observations[0].Untrusted["records"] == "" {
			t.Errorf("%s: reads as trusted: %+v", name, s.Observations)
		}
	}
}
