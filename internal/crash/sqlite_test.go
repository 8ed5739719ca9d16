package crash

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tidemark/internal/enginetest"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
)

func TestSQLite(t *testing.T) { cutSQLite(t, rounds+1) }

// file is a SQLite file under attack.
type file struct {
	path   string
	server *programtest.Server
	r      *rand.Rand
	writes int
}

func (f *file) dsn() string { return "sqlite:" + f.path }

func cutSQLite(t *testing.T, rounds int) {
	f := &file{path: filepath.Join(t.TempDir(), "tide.db"), r: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 5))}
	programtest.Run(t, f.dsn(), "migrate", "up")
	e := enginetest.Attach(t, f.dsn())
	e.Exec(t, beginning...)
	f.server = programtest.Serve(t, f.dsn())
	for round := range rounds {
		for name, cut := range map[string]func(t *testing.T){
			"writers": f.killWriters, "server": f.killServer, "everything": f.killEverything, "power": f.cutPower, "migration": f.cutMigration,
		} {
			t.Run(fmt.Sprint(name, " ", round), cut)
			if t.Failed() {
				return
			}
			if !f.server.Runs() {
				f.server = programtest.Serve(t, f.dsn())
			}
		}
	}
}

// attacked lets writers of all kinds and, every other time, a rebuild work until all have done something, and a moment longer, and
// calls cut with them. It returns what each was told had been committed before.
func (f *file) attacked(t *testing.T, cut func(writers []*writer, rebuild *programtest.Process)) map[string]int {
	t.Helper()
	var writers []*writer
	for _, kind := range []string{"layer", "foreign", "shell"} {
		writers = append(writers, spawn(t, kind, f.path, f.writes+1, f.r.Uint64()))
	}
	var rebuild *programtest.Process
	if f.r.IntN(2) == 0 {
		rebuild = start(t, f.dsn(), "rebuild")
	}
	poll.Until(t, "every writer has committed", func() bool {
		for _, w := range writers {
			if w.done.Load() == 0 {
				return false
			}
		}
		return true
	})
	moment(f.r, 200*time.Millisecond)
	told := map[string]int{}
	for _, w := range writers {
		told[w.name] = int(w.done.Load())
	}
	cut(writers, rebuild)
	for _, w := range writers {
		w.kill()
	}
	if rebuild != nil {
		rebuild.Kill(t)
	}
	f.writes += 1_000_000
	return told
}

// killWriters kills the writers one after the other, while the others go on.
func (f *file) killWriters(t *testing.T) {
	told := f.attacked(t, func(writers []*writer, _ *programtest.Process) {
		for _, i := range f.r.Perm(len(writers)) {
			writers[i].kill()
			moment(f.r, 50*time.Millisecond)
		}
	})
	check(t, f.dsn(), told)
}

func (f *file) killServer(t *testing.T) {
	told := f.attacked(t, func([]*writer, *programtest.Process) { f.server.Kill(t) })
	check(t, f.dsn(), told)
}

// killEverything stops all programs at one moment, and kills them.
func (f *file) killEverything(t *testing.T) {
	told := f.attacked(t, func(writers []*writer, rebuild *programtest.Process) {
		freeze(t, f.pids(writers, rebuild)...)
		for _, w := range writers {
			w.kill()
		}
		f.server.Kill(t)
		if rebuild != nil {
			rebuild.Kill(t)
		}
	})
	check(t, f.dsn(), told)
}

func (f *file) pids(writers []*writer, rebuild *programtest.Process) []int {
	pids := []int{f.server.Pid()}
	for _, w := range writers {
		pids = append(pids, w.Process.Pid)
	}
	if rebuild != nil && rebuild.Runs() {
		pids = append(pids, rebuild.Pid())
	}
	return pids
}

// cutPower checks what is left on the disk; life goes on, for this file.
func (f *file) cutPower(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk.db")
	told := f.attacked(t, func(writers []*writer, rebuild *programtest.Process) {
		thaw := freeze(t, f.pids(writers, rebuild)...)
		f.copyTo(t, disk)
		thaw()
		before := read(t, disk)
		log := read(t, disk+"-wal")
		moment(f.r, 100*time.Millisecond)
		told := map[string]int{}
		for _, w := range writers {
			told[w.name] = int(w.done.Load())
		}
		thaw = freeze(t, f.pids(writers, rebuild)...)
		f.copyTo(t, disk)
		thaw()
		lose(t, disk, before, log, f.r)
		check(t, "sqlite:"+disk, told)
	})
	check(t, f.dsn(), told)
}

// beside are the files that SQLite keeps beside a database.
var beside = []string{"", "-wal", "-shm", "-journal"}

func (f *file) copyTo(t *testing.T, disk string) {
	t.Helper()
	for _, suffix := range beside {
		content := read(t, f.path+suffix)
		if content == nil {
			if err := os.Remove(disk + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(disk+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// read reads a file; nil if it is not there.
func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return content
}

// lose takes from the disk what may not have reached it. Commits of this test are synchronous=FULL: the log is on disk up to the
// last one; of what is behind it anything may be. A checkpoint copies pages from the log into the database, which is synced before
// the log begins anew, with another salt: until then each may be there or not, or in part.
func lose(t *testing.T, disk string, before, logBefore []byte, r *rand.Rand) {
	t.Helper()
	log := read(t, disk+"-wal")
	if end := committed(log); end < len(log) {
		log = log[:end+r.IntN(len(log)-end)]
		if r.IntN(2) == 0 && len(log) > end {
			clear(log[end+r.IntN(len(log)-end):])
		}
		if err := os.WriteFile(disk+"-wal", log, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const salt = 16
	if len(log) < 32 || len(logBefore) < 32 || string(log[salt:salt+8]) != string(logBefore[salt:salt+8]) {
		return
	}
	content := read(t, disk)
	for at := 0; at+512 <= min(len(content), len(before)); at += 512 {
		if r.IntN(3) == 0 {
			copy(content[at:at+512], before[at:at+512])
		}
	}
	if err := os.WriteFile(disk, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// committed is where the last frame of the log ends that ends a transaction (https://sqlite.org/fileformat2.html#walformat).
func committed(log []byte) int {
	if len(log) < 32 {
		return len(log)
	}
	size, end := int(binary.BigEndian.Uint32(log[8:])), 32
	for at := 32; at+24+size <= len(log); at += 24 + size {
		if string(log[at+8:at+16]) != string(log[16:24]) {
			break // of an earlier life of the log
		}
		if binary.BigEndian.Uint32(log[at+4:]) != 0 {
			end = at + 24 + size
		}
	}
	return end
}

// cutMigration kills the migration of a new file, or cuts its power. The next one goes on.
func (f *file) cutMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	p := start(t, "sqlite:"+path, "migrate", "up")
	began := time.Now()
	moment(f.r, migrates, p)
	if !p.Runs() {
		migrates = time.Since(began)
	}
	p.Kill(t)
	migrated(t, "sqlite:"+path)
}
