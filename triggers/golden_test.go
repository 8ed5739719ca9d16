package triggers

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew, and enter a raised SetVersion")

// sets lists every trigger set that was ever rendered: its version and a hash of its SQL.
const sets = "testdata/sets.txt"

func TestGoldenFiles(t *testing.T) {
	for i := range sources {
		file := "testdata/" + sources[i].table + ".sql"
		got := []byte(render(&sources[i], nil).sql())
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("%s is not what is rendered now; run with -update and look at the difference", file)
		}
	}
}

// What a version stands for never changes: a server that runs beside another one relies on it.
func TestGoldenSetVersion(t *testing.T) {
	hash := sha256.New()
	for i := range sources {
		hash.Write([]byte(render(&sources[i], nil).sql()))
	}
	line := fmt.Sprintf("%d %x\n", SetVersion, hash.Sum(nil))
	known, err := os.ReadFile(sets)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	switch {
	case bytes.Contains(known, []byte(line)):
	case strings.Contains("\n"+string(known), fmt.Sprintf("\n%d ", SetVersion)):
		t.Errorf("what is rendered is not what trigger set %d was: raise SetVersion and run with -update", SetVersion)
	case *update:
		if err := os.WriteFile(sets, append(known, line...), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("trigger set %d is new: run with -update", SetVersion)
	}
}
