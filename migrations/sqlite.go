package migrations

import (
	"embed"
	"io/fs"
)

//go:embed sqlite/*.sql
var sqlite embed.FS

// SQLite returns the migrations of the SQLite engine, plain SQL, in the order of their names.
func SQLite() fs.FS { return sub(sqlite, "sqlite") }
