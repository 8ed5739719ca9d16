package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"
)

// PostgresDigests and SQLiteDigests tell the texts of the steps apart, in order. A database records them with the steps that it takes.
var (
	PostgresDigests = sync.OnceValue(func() []string { return digests(Postgres()) })
	SQLiteDigests   = sync.OnceValue(func() []string { return digests(SQLite()) })
)

func digests(steps fs.FS) []string {
	names, err := fs.Glob(steps, "*.sql") // sorted
	if err != nil {
		panic(err) // of the pattern alone
	}
	out := make([]string, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			panic(err) // the file is embedded
		}
		sum := sha256.Sum256(text)
		out[i] = hex.EncodeToString(sum[:8])
	}
	return out
}

// Compare holds what a database recorded, by version, of the steps that it has taken against the digests of the same steps. Until
// there is a release steps change in place, and nothing leads from one text to the next: the error says so.
func Compare(recorded map[int64]string, taken int64, digests []string) error {
	for i, digest := range digests[:min(int(taken), len(digests))] {
		if version := int64(i + 1); recorded[version] != digest {
			return fmt.Errorf("step %d of the database's schema is that of another unreleased build of tidemark, which nothing upgrades: make a new database", version)
		}
	}
	return nil
}
