package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tidemark/ingest"
	"tidemark/summary"
)

// A batch is written when it has this many records or octets.
const (
	batchRecords = 1000
	batchOctets  = 8 << 20
)

// maxID is the limit of ids and stream names, in octets (SPEC section 3).
const maxID = 256

// target says where imported records go.
type target struct{ owner, connector, connection, stream string }

func (a *app) importCommand() *cobra.Command {
	var to target
	var opt ingest.Options
	var emitted string
	c := a.asJSON(a.command(&cobra.Command{
		Use:   "import --owner ID --connector ID --connection ID --stream NAME [--key FIELD] FILE|-",
		Short: "Import records from NDJSON, JSON or CSV",
		Long: "Read records from a file, or from standard input: NDJSON, a JSON array, an object whose only member is an array, or CSV with a " +
			"header. A missing connector or connection is created. A record's key is --key FIELD, else its number, from 1. Records that are " +
			"stored already with the same JSON are left alone, so that importing again changes nothing. If the input is wrong somewhere, " +
			"the records before that are stored, and the error names the line.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := to.check(); err != nil {
				return err
			}
			in, err := a.openInput(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer in.Close() //nolint:errcheck // it was only read
			if emitted != "" {
				if in.emitted, err = parseTime(emitted); err != nil {
					return err
				}
			}
			return a.withNew(cmd.Context(), func(e engine) error { return a.load(cmd.Context(), e, to, opt, in) })
		},
	}))
	f := c.Flags()
	f.StringVar(&to.owner, "owner", "", "whose connection it is")
	f.StringVar(&to.connector, "connector", "", "what kind of source the records come from")
	f.StringVar(&to.connection, "connection", "", "which connection they belong to")
	f.StringVar(&to.stream, "stream", "", "the name of the set of records")
	f.StringVar(&opt.Key, "key", "", "the member or column that holds each record's key")
	f.StringVar(&emitted, "emitted-at", "", "when the records were emitted (RFC 3339); the default is the file's time of change, or now")
	return c
}

func (t target) check() error {
	for _, v := range [][2]string{{"owner", t.owner}, {"connector", t.connector}, {"connection", t.connection}, {"stream", t.stream}} {
		if err := checkID(v[0], v[1]); err != nil {
			return err
		}
	}
	return nil
}

// checkID refuses what no source table stores.
func checkID(flag, id string) error {
	switch {
	case id == "":
		return usagef("--%s is missing", flag)
	case len(id) > maxID:
		return usagef("--%s has %d octets; the limit is %d", flag, len(id), maxID)
	case !utf8.ValidString(id) || strings.ContainsRune(id, 0):
		return usagef("--%s must be UTF-8 without NUL", flag)
	}
	return nil
}

func parseTime(s string) (summary.Instant, error) {
	at, err := summary.ParseInstant(s)
	if err != nil || at.Time().Year() < 1 || at.Time().Year() > 9999 {
		return at, usagef("--emitted-at must be a time as 2026-01-31T12:00:00Z is, of the years 1 to 9999")
	}
	return at, nil
}

// imported is what import prints.
type imported struct {
	ConnectionID string `json:"connection_id"`
	Stream       string `json:"stream"`
	Records      int64  `json:"records"`
	summary.Written
}

// load reads all of in and stores it, batch by batch.
func (a *app) load(ctx context.Context, e engine, to target, opt ingest.Options, in *input) error {
	b := a.progress("import")
	out := imported{ConnectionID: to.connection, Stream: to.stream}
	err := copyRecords(ctx, in, opt, func(batch []summary.Record) error {
		if out.Records == 0 {
			if err := e.EnsureConnection(ctx, to.owner, to.connector, to.connection); err != nil {
				return err
			}
		}
		w, err := e.PutRecords(ctx, to.connection, to.stream, batch)
		if err != nil {
			return err
		}
		out.Add(w)
		out.Records = out.All()
		b.step(in.done, in.size)
		return nil
	})
	b.end()
	switch {
	case err != nil && out.Records > 0:
		return fmt.Errorf("import %s: %w; the %s before that are stored", in.name, err, plural(out.Records, "record"))
	case err != nil:
		return fmt.Errorf("import %s: %w; nothing is stored", in.name, err)
	}
	return a.show(out, func() {
		a.printf("%s: %d new, %d changed, %d unchanged\n", plural(out.Records, "record"), out.Inserted, out.Updated, out.Unchanged)
	})
}

// copyRecords hands the records of in to put, batch by batch; those before a fault, too, but none after ctx has ended.
func copyRecords(ctx context.Context, in *input, opt ingest.Options, put func([]summary.Record) error) error {
	r, err := ingest.NewReader(in, opt)
	if err != nil {
		return err
	}
	var batch []summary.Record
	octets := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := put(batch)
		batch, octets = batch[:0], 0
		return err
	}
	for {
		rec, fault := r.Read()
		if fault != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := flush(); err != nil || errors.Is(fault, io.EOF) {
				return err
			}
			return fault
		}
		batch = append(batch, summary.Record{Key: rec.Key, JSON: rec.JSON, EmittedAt: in.emitted})
		if octets += len(rec.JSON); len(batch) == batchRecords || octets >= batchOctets {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}
