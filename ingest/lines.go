package ingest

// lines is NDJSON: one value per line; blank lines are skipped.
type lines struct {
	in     *input
	held   []byte // the first line, which detect has read; nil once it was given
	at     int    // the line of held
	buffer []byte
}

func (l *lines) next() (value, error) {
	text, at := l.held, l.at
	l.held = nil
	for whole := true; len(text) == 0; text = trim(l.buffer) {
		at = l.in.line
		var err error
		if l.buffer, whole, err = l.in.readLine(l.buffer); err != nil {
			return value{}, err
		}
		if !whole {
			return value{}, tooLong(at, l.in.most)
		}
	}
	if err := check(text, at); err != nil {
		return value{}, err
	}
	return value{text, at}, nil
}

func tooLong(line, most int) *Error { return wrong(line, "the record is longer than %d octets", most) }
