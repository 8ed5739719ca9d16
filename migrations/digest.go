package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
)

// Digests tell the texts of the steps apart, in order. A database records them with the steps that it takes.
func Digests(steps fs.FS) ([]string, error) {
	names, err := fs.Glob(steps, "*.sql") // sorted
	if err != nil {
		return nil, fmt.Errorf("load migrations: %w", err)
	}
	out := make([]string, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			return nil, fmt.Errorf("load migrations: %w", err)
		}
		sum := sha256.Sum256(text)
		out[i] = hex.EncodeToString(sum[:8])
	}
	return out, nil
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
