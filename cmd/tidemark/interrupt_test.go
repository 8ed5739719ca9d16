package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An import that waits for its input ends when it is told to. What it had read, it stores and tells of.
func TestImportInterrupted(t *testing.T) {
	dsn := newDatabase(t, onSQLite)
	tidemark(t, dsn, statusFine, "migrate", "up")
	c := exec.CommandContext(t.Context(), "tidemark", "import", "--owner", "o", "--connector", "k", "--connection", "c", "--stream", "s", "-")
	c.Env = append(os.Environ(), "TIDEMARK_DB="+dsn)
	var said strings.Builder
	c.Stderr = &said
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
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
	until(t, "the first batch is stored", func() bool {
		n, err := e.texts(t.Context(), `SELECT CAST(count(*) AS text) FROM {records}`)
		return err == nil && n[0] == fmt.Sprint(batchRecords)
	})
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case <-ended:
	case <-time.After(within):
		t.Fatal("import does not end")
	}
	want := fmt.Sprintf("tidemark: import standard input: interrupted; the %d records before that are stored\n", batchRecords)
	if c.ProcessState.ExitCode() != statusFailed || said.String() != want {
		t.Errorf("exit status %d, said %q, want %q", c.ProcessState.ExitCode(), said.String(), want)
	}
}
