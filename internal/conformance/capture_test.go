package conformance

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/triggers"
)

// Capture is lost, mended, and lost and mended once more while a rebuild runs that is to earn its trust: only since tells that
// the rebuild has passed over what the second loss hid, so it must move.
func TestSecondLossOfCaptureIsOnRecord(t *testing.T) {
	t.Parallel()
	e := enginetest.OpenPostgres(t, pgtest.Shared(t), enginetest.Fixture{})
	e.Exec(t, `INSERT INTO connectors (connector_id) VALUES ('shop')`,
		`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('c1', 'ann', 'shop')`,
		`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('c1', 's', '1', '1')`)
	e.Settle(t)
	conn, err := pgx.Connect(t.Context(), e.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test is over
	lost := func(sql string) (since string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), `ALTER TABLE records DISABLE TRIGGER tidemark_delete; `+sql); err != nil {
			t.Fatal(err)
		}
		done, err := triggers.Install(t.Context(), conn)
		if err != nil || len(done.Untrusted) != 1 || done.Untrusted[0] != "records" {
			t.Fatalf("untrusted: %q, %v", done.Untrusted, err)
		}
		err = conn.QueryRow(t.Context(), `SELECT since::text FROM tidemark.capture_state WHERE table_name = 'records' AND NOT trusted`).Scan(&since)
		if err != nil {
			t.Fatal(err)
		}
		return since
	}
	before := lost("")
	rebuild(t, e, nil)
	if after := lost("DELETE FROM records"); after == before {
		t.Error("the second loss left no trace in capture_state")
	}
}
