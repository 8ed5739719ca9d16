package sqlitecompat

import (
	"strconv"
	"testing"

	"tidemark/drain"
)

// TestBesideHog writes and drains beside a program that writes without a pause: neither keeps the other from the lock for long.
// The other's commits are the clock.
func TestBesideHog(t *testing.T) {
	f := stocked(t)
	f.must(t, `CREATE TABLE hogged (n INTEGER NOT NULL)`, `INSERT INTO hogged VALUES (0)`)
	commits := func() int {
		t.Helper()
		n, err := strconv.Atoi(f.query(t, `SELECT CAST(n AS TEXT) FROM hogged`)[0])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	spawn(t, "hog", f.path).says(t, "hogging")
	waited, turns := 0, 20
	for i := range turns {
		var before int
		for from := commits(); before < from+5; before = commits() { // it has the lock again
			next := f.Next()
			if before = commits(); before < from+5 {
				<-next
			}
		}
		if i%2 == 0 {
			f.must(t, `INSERT OR REPLACE `+records("c1", "orders", "x={}@05"))
		} else if _, err := f.Write(t.Context(), func(tx drain.Tx) (drain.Result, error) { return drain.Run(t.Context(), tx, drain.Options{}) }); err != nil {
			t.Fatal(err)
		}
		if waited += commits() - before; waited > turns*75 {
			t.Fatalf("%d turns took %d commits of the other program", i+1, waited)
		}
	}
	t.Logf("%d turns took %d commits of the other program", turns, waited)
}
