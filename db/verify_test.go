package db_test

import (
	"slices"
	"testing"
)

// found returns what verify of everything finds, as "connection field".
func (b *bench) found() (out []string) {
	b.Helper()
	differences, err := b.Verify(b.Context(), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range differences {
		out = append(out, d.ConnectionID+" "+d.Field)
	}
	return out
}

// What is derived of no connection is verified, too: sizes of one that is gone, and runs that nobody owns yet, or that name
// only a connection that is not there. A run that a mark covers is behind, not wrong.
func TestVerifySeesWhatIsNobodys(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.exec(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES
	        ('run.failed', 'r1', 'shop', '{}'), ('run.failed', 'r2', 'shop', '{"connection_id":"ghost"}'), ('run.failed', 'r3', 'shop', '{}')`)
	b.dry()
	b.clean()
	b.exec(`INSERT INTO tidemark.retained_size_stream VALUES ('ghost', 's', 1, 5, 5, 5, 5, 5, 5, NULL)`)
	b.exec(`UPDATE tidemark.run_evidence SET status = 'succeeded' WHERE run_id IN ('r1', 'r2')`)
	want := []string{"ghost retained_size_stream", " run_evidence[r1]", " run_evidence[r2]"}
	if got := b.found(); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
	b.exec(`DELETE FROM spine_events WHERE run_id = 'r1'`)
	if got := b.found(); !slices.Equal(got, []string{want[0], want[2]}) {
		t.Errorf("with a mark of r1: found %q", got)
	}
	b.exec(`SELECT tidemark.mark_all()`)
	if got := b.found(); len(got) != 0 {
		t.Errorf("with a mark of all: found %q", got)
	}
	b.dry()
	b.clean()
}
