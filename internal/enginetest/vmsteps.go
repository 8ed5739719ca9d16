package enginetest

import (
	"context"
	"fmt"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// work runs a statement on a connection of its own, beneath database/sql, which does not tell the steps.
func (s *sqlite) work(_ context.Context, traced Traced) (steps int64, err error) {
	c := &rawSQLite{tls: libc.NewTLS()}
	defer c.close()
	db := c.pointer(func(into uintptr) int32 {
		return sqlite3.Xsqlite3_open_v2(c.tls, c.text(s.path), into, sqlite3.SQLITE_OPEN_READONLY, 0)
	})
	defer sqlite3.Xsqlite3_close_v2(c.tls, db)
	statement := c.pointer(func(into uintptr) int32 {
		return sqlite3.Xsqlite3_prepare_v2(c.tls, db, c.text(traced.SQL), -1, into, 0)
	})
	defer sqlite3.Xsqlite3_finalize(c.tls, statement)
	for i, arg := range traced.Args {
		switch v := arg.(type) {
		case int64:
			c.check(sqlite3.Xsqlite3_bind_int64(c.tls, statement, int32(i+1), v))
		case string:
			c.check(sqlite3.Xsqlite3_bind_text(c.tls, statement, int32(i+1), c.text(v), -1, sqlite3.SQLITE_STATIC))
		case []byte:
			c.check(sqlite3.Xsqlite3_bind_blob(c.tls, statement, int32(i+1), c.text(string(v)), int32(len(v)), sqlite3.SQLITE_STATIC))
		case nil:
		default:
			return 0, fmt.Errorf("argument %d is %T", i+1, arg)
		}
	}
	if c.err != nil {
		return 0, fmt.Errorf("prepare: %w", c.err)
	}
	for {
		switch rc := sqlite3.Xsqlite3_step(c.tls, statement); rc {
		case sqlite3.SQLITE_ROW:
		case sqlite3.SQLITE_DONE:
			return int64(sqlite3.Xsqlite3_stmt_status(c.tls, statement, sqlite3.SQLITE_STMTSTATUS_VM_STEP, 0)), nil
		default:
			return 0, fmt.Errorf("step: result %d", rc)
		}
	}
}

// rawSQLite keeps what calls of the C interface need: memory that outlives them, and the first result that was not good.
type rawSQLite struct {
	tls   *libc.TLS
	texts []uintptr
	err   error
}

// text is s for C, with a NUL behind it.
func (c *rawSQLite) text(s string) uintptr {
	p, err := libc.CString(s)
	if err != nil && c.err == nil {
		c.err = err
	}
	c.texts = append(c.texts, p)
	return p
}

// pointer calls what stores a pointer.
func (c *rawSQLite) pointer(call func(into uintptr) int32) uintptr {
	into := c.tls.Alloc(8)
	defer c.tls.Free(8)
	c.check(call(into))
	return libc.AtomicLoadPUintptr(into)
}

func (c *rawSQLite) check(rc int32) {
	if rc != sqlite3.SQLITE_OK && c.err == nil {
		c.err = fmt.Errorf("result %d", rc)
	}
}

func (c *rawSQLite) close() {
	for _, p := range c.texts {
		libc.Xfree(c.tls, p)
	}
	c.tls.Close()
}
