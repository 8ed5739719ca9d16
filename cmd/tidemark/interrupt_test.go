package main

import (
	"fmt"
	"syscall"
	"testing"

	"tidemark/internal/poll"
	"tidemark/internal/programtest"
)

// An import that waits for its input ends when it is told to. What it had read, it stores and tells of.
func TestImportInterrupted(t *testing.T) {
	dsn := newDatabase(t, onSQLite)
	programtest.Run(t, dsn, "migrate", "up")
	c := programtest.Command(t, dsn, "import", "--owner", "o", "--connector", "k", "--connection", "c", "--stream", "s", "-")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := programtest.Start(t, c)
	for i := range batchRecords + 1 {
		if _, err := fmt.Fprintf(in, "{\"n\":%d}\n", i); err != nil {
			t.Fatal(err)
		}
	}
	e, err := testApp(dsn).open(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.close() }()
	poll.Until(t, "the first batch is stored", func() bool {
		n, err := e.texts(t.Context(), `SELECT CAST(count(*) AS text) FROM {records}`)
		return err == nil && n[0] == fmt.Sprint(batchRecords)
	})
	p.Signal(t, syscall.SIGINT)
	status := p.Wait(t)
	want := fmt.Sprintf("tidemark: import standard input: interrupted; the %d records before that are stored\n", batchRecords)
	if status != statusFailed || p.Stderr() != want {
		t.Errorf("exit status %d, said %q, want %q", status, p.Stderr(), want)
	}
}
