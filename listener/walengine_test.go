package listener

import (
	"fmt"
	"sync"
	"testing"

	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
)

// The whole engine, woken by the WAL alone, while several writers write every kind of row: when they stop, nothing is left to
// drain and all evidence equals a recount.
func TestWALKeepsEvidenceInStep(t *testing.T) {
	t.Parallel()
	const connections = 6
	begin := []string{`INSERT INTO connectors (connector_id) VALUES ('shop')`}
	for i := range connections {
		begin = append(begin, fmt.Sprintf(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('ci_%d', 'ann', 'shop')`, i))
	}
	e := enginetest.OpenPostgres(t, pgtest.Shared(t, decodes(t)...), enginetest.Fixture{Name: "wal", Statements: begin})
	l, loop := start(t, Config{Connect: parse(t, e.DSN), Drainer: e, Signal: SignalWAL, SafetyPoll: never})
	asleepByWAL(t, l)
	var group sync.WaitGroup
	for w := range 3 {
		writer := e.Writer(t)
		group.Go(func() {
			for i := range 40 {
				id := fmt.Sprintf("ci_%d", (i+w)%connections)
				for _, sql := range []string{
					"BEGIN",
					fmt.Sprintf(`INSERT INTO records (connector_instance_id, stream, record_key, record_json) VALUES ('%s', 's', '%d-%d', '{"n":%d}')`, id, w, i, i),
					fmt.Sprintf(`INSERT INTO spine_events (event_type, run_id, source_id, data) VALUES ('run.completed', 'r%d', 'shop', '{"connector_instance_id":"%s"}')`, w, id),
					fmt.Sprintf(`INSERT INTO connector_detail_gaps (gap_id, connector_instance_id) VALUES ('g%d-%d', '%s')`, w, i, id),
					[]string{"COMMIT", "ROLLBACK", "COMMIT"}[i%3],
					fmt.Sprintf(`UPDATE records SET deleted = NOT deleted WHERE record_key = '%d-%d'`, w, i-1),
					fmt.Sprintf(`DELETE FROM connector_detail_gaps WHERE gap_id = 'g%d-%d'`, w, i-5),
				} {
					if err := writer.Exec(t.Context(), sql); err != nil {
						t.Errorf("%s: %v", sql, err)
					}
				}
			}
		})
	}
	group.Wait()
	eventually(t, "nothing is left to drain", func() bool {
		pending, err := e.Pending(t.Context())
		return err == nil && !pending
	})
	asleepByWAL(t, l)
	loop.end(t)
	e.CheckG3(t)
}
