package ingest

import (
	"hash/maphash"
	"io"
	"strconv"
)

// value is one record before it has a key.
type value struct {
	json []byte // valid until the next call
	line int
}

// format yields the values of one input format; io.EOF after the last.
type format interface {
	next() (value, error)
}

// Reader reads the records of one input. Not safe for concurrent use.
type Reader struct {
	format format
	key    string
	rows   int64
	seen   map[[2]uint64]int // key's hash → line; nil where keys are numbers of rows
	seeds  [2]maphash.Seed
	err    error // sticky
}

// NewReader looks at the beginning of in to find its format. The error is an *Error, or that of in.
func NewReader(in io.Reader, opt Options) (*Reader, error) {
	if opt.MaxRecord <= 0 {
		opt.MaxRecord = DefaultMaxRecord
	}
	f, err := detect(in, opt.MaxRecord)
	if err != nil {
		return nil, err
	}
	r := &Reader{format: f, key: opt.Key}
	if opt.Key != "" {
		r.seen = map[[2]uint64]int{}
		r.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	}
	return r, nil
}

// Read returns the next record; io.EOF after the last. After an error, an *Error or that of the input, it returns the same
// one again.
func (r *Reader) Read() (Record, error) {
	if r.err != nil {
		return Record{}, r.err
	}
	rec, err := r.read()
	r.err = err
	return rec, err
}

func (r *Reader) read() (Record, error) {
	v, err := r.format.next()
	if err != nil {
		return Record{}, err
	}
	r.rows++
	rec := Record{Key: strconv.FormatInt(r.rows, 10), JSON: string(v.json), Line: v.line}
	if r.key == "" {
		return rec, nil
	}
	var problem string
	if rec.Key, problem = keyOf(v.json, r.key); problem != "" {
		return Record{}, wrong(v.line, "%s", problem)
	}
	id := [2]uint64{maphash.String(r.seeds[0], rec.Key), maphash.String(r.seeds[1], rec.Key)}
	if first, ok := r.seen[id]; ok {
		return Record{}, wrong(v.line, "key %s was given on line %d already: %q is not a key of these records", quoted(rec.Key), first, r.key)
	}
	r.seen[id] = v.line
	return rec, nil
}
