package db_test

import (
	"testing"

	"tidemark/drain"
)

// A recount of many short statements gives way, too: a request to cancel that comes between two of them must not be the last.
func TestRecountOfShortStatementsGivesWay(t *testing.T) {
	b := captured(t)
	b.connection("c1")
	b.dry()
	reading, done := make(chan struct{}), make(chan error, 1)
	begun := 0
	go func() {
		done <- b.Read(t.Context(), func(s drain.Snapshot) error {
			if begun++; begun == 1 {
				close(reading)
			} else {
				return nil // it gave way, and was begun again
			}
			for {
				if _, err := s.Identities(t.Context(), []string{"c1"}); err != nil {
					return err
				}
			}
		})
	}()
	<-reading
	b.exec(patient)
	b.exec(`ALTER TABLE records ADD COLUMN note text`)
	if err := <-done; err != nil || begun != 2 {
		t.Errorf("begun %d times: %v", begun, err)
	}
}
