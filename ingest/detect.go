package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// byteOrderMark may begin a file, and means nothing in UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// detect finds the format by the first line that is not blank: [ begins an array; a line that is a whole object is NDJSON,
// unless it is the only one and the object's only member is an array; an object that goes on over the line's end can
// only be that member's; anything else is CSV.
func detect(r io.Reader, most int) (format, error) {
	in := newInput(r, most)
	if mark, _ := in.r.Peek(len(byteOrderMark)); bytes.Equal(mark, byteOrderMark) {
		_, _ = in.r.Discard(len(mark)) // it is there
	}
	for {
		at := in.line
		first, whole, err := in.readLine(nil)
		if errors.Is(err, io.EOF) {
			return none{}, nil
		}
		if err != nil {
			return nil, err
		}
		begin := trim(first)
		switch {
		case len(begin) == 0 && whole:
			continue
		case len(begin) > 0 && begin[0] == '[':
			return &array{in: in.rewound(first, at)}, nil
		case len(begin) == 0 || begin[0] != '{':
			return newTable(in.rewound(first, at))
		}
		if !whole || continues(begin) {
			return &array{in: in.rewound(first, at), wrapped: true, cut: !whole}, nil
		}
		alone, err := in.blank()
		if err != nil {
			return nil, err
		}
		if alone && soleArray(begin) {
			return &array{in: in.rewound(first, at), wrapped: true}, nil
		}
		return &lines{in: in, held: begin, at: at}, nil
	}
}

// none is an input without anything in it.
type none struct{}

func (none) next() (value, error) { return value{}, io.EOF }

// continues reports whether a line breaks off in the middle of an object.
func continues(line []byte) bool {
	var text json.RawMessage
	err := json.NewDecoder(bytes.NewReader(line)).Decode(&text)
	return errors.Is(err, io.ErrUnexpectedEOF)
}

// soleArray reports whether a line is an object whose only member is an array.
func soleArray(line []byte) bool {
	var object map[string]json.RawMessage
	if json.Unmarshal(line, &object) != nil || len(object) != 1 {
		return false
	}
	for _, member := range object {
		if member[0] != '[' {
			return false
		}
	}
	return true
}
