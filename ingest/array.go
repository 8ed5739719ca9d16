package ingest

import (
	"encoding/json"
	"errors"
	"io"
)

// array is a JSON array of records, alone or as an object's only member.
type array struct {
	in      *input
	wrapped bool
	cut     bool // the object's first line is longer than a record may be
	began   bool
	ended   bool
	buffer  []byte
}

func (a *array) next() (value, error) {
	if a.ended {
		return value{}, io.EOF
	}
	if !a.began {
		a.began = true
		if err := a.open(); err != nil {
			return value{}, err
		}
		if c, err := a.token("a record or ]"); err != nil {
			return value{}, err
		} else if c == ']' {
			return value{}, a.close()
		} else {
			a.in.back(c)
		}
		return a.element()
	}
	switch c, err := a.token("a comma or ]"); {
	case err != nil:
		return value{}, err
	case c == ']':
		return value{}, a.close()
	case c != ',':
		return value{}, wrong(a.in.line, "malformed JSON: want a comma or ] after a record, not %s", quoted(string(c)))
	}
	c, err := a.token("a record")
	if err != nil {
		return value{}, err
	}
	a.in.back(c)
	return a.element()
}

// token returns the next octet that is not white space; the end of the input is an error here.
func (a *array) token(want string) (byte, error) {
	c, err := a.in.skipSpace()
	if errors.Is(err, io.EOF) {
		return 0, wrong(a.in.line, "the input ends where %s is wanted", want)
	}
	return c, err
}

// open reads [, or {"name":[.
func (a *array) open() error {
	if a.wrapped {
		if ok, err := a.openObject(); err != nil {
			return err
		} else if !ok {
			return a.notWrapped()
		}
	}
	c, err := a.token("an array")
	if err == nil && c != '[' {
		return a.notWrapped()
	}
	return err
}

// openObject reads {"name":, and reports whether it was there.
func (a *array) openObject() (bool, error) {
	if c, err := a.token("an object"); err != nil || c != '{' {
		return false, err
	}
	c, err := a.token("the name of a member")
	if err != nil || c != '"' {
		return false, err
	}
	a.in.back(c)
	if err := a.scan(); err != nil {
		return false, err
	}
	var name string
	if json.Unmarshal(a.buffer, &name) != nil {
		return false, nil
	}
	c, err = a.token("a colon")
	return c == ':', err
}

func (a *array) notWrapped() error {
	if a.cut {
		return tooLong(a.in.line, a.in.most)
	}
	return wrong(a.in.line, "want one JSON record per line, a JSON array, or an object whose only member is an array")
}

// close reads what may follow the array: the end of the object, and white space.
func (a *array) close() error {
	a.ended = true
	if a.wrapped {
		switch c, err := a.token("}"); {
		case err != nil:
			return err
		case c == ',':
			return wrong(a.in.line, "the object has more than one member: only its array would be read")
		case c != '}':
			return wrong(a.in.line, "malformed JSON: want } after the array, not %s", quoted(string(c)))
		}
	}
	if alone, err := a.in.blank(); err != nil {
		return err
	} else if !alone {
		return wrong(a.in.line, "there is something after the end of the records")
	}
	return io.EOF
}

func (a *array) element() (value, error) {
	at := a.in.line
	if err := a.scan(); err != nil {
		return value{}, err
	}
	if err := check(a.buffer, at); err != nil {
		return value{}, err
	}
	return value{a.buffer, at}, nil
}

// scan reads one value into the buffer as far as its end can be told; whether it is valid is for check to say.
func (a *array) scan() error {
	at := a.in.line
	a.buffer = a.buffer[:0]
	for n := (nesting{}); ; {
		c, err := a.in.octet()
		if errors.Is(err, io.EOF) {
			return wrong(a.in.line, "the input ends in the middle of a record")
		}
		if err != nil {
			return err
		}
		if n.depth == 0 && !n.quoted && len(a.buffer) > 0 && (closes(c) || isSpace(c)) {
			a.in.back(c)
			return nil
		}
		if len(a.buffer) == 0 && closes(c) {
			return wrong(a.in.line, "malformed JSON: want a record, not %s", quoted(string(c)))
		}
		if a.buffer = append(a.buffer, c); len(a.buffer) > a.in.most {
			return tooLong(at, a.in.most)
		}
		n.step(c)
		if n.depth == 0 && !n.quoted && (c == '"' || c == ']' || c == '}') {
			return nil
		}
	}
}

// closes reports whether an octet ends the value before it.
func closes(c byte) bool { return c == ',' || c == ']' || c == '}' || c == ':' }
