package db_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"tidemark/internal/pgtest"
)

// A full notification queue fails neither a writer, though the wake-up flag is up, nor the drain that has something to announce.
// PostgreSQL 17 and later can bound the queue so that it can be filled: hence 18, whatever the environment says.
func TestFullQueueFailsNobody(t *testing.T) {
	b := captured(t, pgtest.OnMajor(18), pgtest.Setting("max_notify_queue_pages", "64"))
	idle, loud := b.session(), b.session()
	for _, sql := range []string{"LISTEN foreign_channel", "BEGIN", "SELECT 1"} {
		if _, err := idle.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var full *pgconn.PgError
	for err := error(nil); !errors.As(err, &full); {
		_, err = loud.Exec(t.Context(), `SELECT pg_notify('foreign_channel', repeat('x', 7900))`)
	}
	if full.Code != "54000" {
		t.Fatal(full)
	}
	b.exec(`SELECT setval('tidemark.wake_flag', 2)`)
	for range 20 { // more than there is room for
		b.connection("c1")
		b.drain()
		b.exec(`UPDATE connector_instances SET display_name = 'x'; SELECT tidemark.mark('c1')`)
		b.drain()
		b.exec(`DELETE FROM connector_instances`)
		b.drain()
	}
	b.clean()
}
