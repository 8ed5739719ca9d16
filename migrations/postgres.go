// Package migrations embeds the schema of both engines, one SQL file per step.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed postgres/*.sql
var postgres embed.FS

// Postgres returns the migrations of the Postgres engine, in tern's form.
func Postgres() fs.FS { return sub(postgres, "postgres") }

func sub(files embed.FS, dir string) fs.FS {
	out, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return out
}
