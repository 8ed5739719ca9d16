package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// input reads octets and counts lines.
type input struct {
	r    *bufio.Reader
	line int // of the octet that comes next
	most int // octets of one record
}

func newInput(r io.Reader, most int) *input {
	return &input{r: bufio.NewReaderSize(r, 64<<10), line: 1, most: most}
}

// octet returns the next octet; io.EOF at the end.
func (in *input) octet() (byte, error) {
	c, err := in.r.ReadByte()
	if err != nil {
		return 0, broken(err)
	}
	if c == '\n' {
		in.line++
	}
	return c, nil
}

// back takes back the octet that was read last.
func (in *input) back(c byte) {
	_ = in.r.UnreadByte() // it always follows ReadByte
	if c == '\n' {
		in.line--
	}
}

// skipSpace returns the next octet that is not JSON white space; io.EOF at the end.
func (in *input) skipSpace() (byte, error) {
	for {
		c, err := in.octet()
		if err != nil || !isSpace(c) {
			return c, err
		}
	}
}

// readLine returns the next line with its end, and whether it is whole: one longer than a record may be is cut off there.
// It appends to buffer; io.EOF at the end.
func (in *input) readLine(buffer []byte) (line []byte, whole bool, err error) {
	for line = buffer[:0]; ; {
		part, err := in.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			in.line++
			return line, len(line) <= in.most+1, nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, len(line) <= in.most, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, broken(err)
		case len(line) > in.most:
			return line, false, nil
		}
	}
}

// blank reports whether nothing but white space is left, and skips what there is of it.
func (in *input) blank() (bool, error) {
	c, err := in.skipSpace()
	switch {
	case errors.Is(err, io.EOF):
		return true, nil
	case err != nil:
		return false, err
	}
	in.back(c)
	return false, nil
}

// rewound is the input with what was read of it put back; text began on the given line.
func (in *input) rewound(text []byte, line int) *input {
	again := newInput(io.MultiReader(bytes.NewReader(text), in.r), in.most)
	again.line = line
	return again
}

// broken leaves io.EOF alone: it is not a fault.
func broken(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return fmt.Errorf("read input: %w", err)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// trim takes JSON white space off both ends.
func trim(b []byte) []byte { return bytes.Trim(b, " \t\r\n") }
