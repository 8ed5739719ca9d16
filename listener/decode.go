package listener

import (
	"encoding/binary"
	"errors"
)

// errMalformed is a message that is not as pgoutput writes it.
var errMalformed = errors.New("read replication stream: a malformed message")

// change is a row that was inserted, updated or deleted: the tuples as the message holds them, nothing copied.
type change struct {
	kind     byte // I, U or D
	relation uint32
	old      []byte // the key, or the whole row, as it was; nil if it is not told
	whole    bool   // old is the whole row: REPLICA IDENTITY FULL
	new      []byte // nil for a deletion
}

// parseChange takes apart a message of type I, U or D.
func parseChange(data []byte) (c change, err error) {
	if len(data) < 6 {
		return c, errMalformed
	}
	c.kind, c.relation = data[0], binary.BigEndian.Uint32(data[1:])
	for rest := data[5:]; len(rest) > 0; {
		kind, tuple := rest[0], rest[1:]
		if rest, err = skipTuple(tuple); err != nil {
			return c, err
		}
		tuple = tuple[:len(tuple)-len(rest)]
		switch kind {
		case 'K', 'O':
			c.old, c.whole = tuple, kind == 'O'
		case 'N':
			c.new = tuple
		default:
			return c, errMalformed
		}
	}
	return c, nil
}

// skipTuple returns what comes after a tuple.
func skipTuple(data []byte) (rest []byte, err error) {
	err = eachColumn(&data, func(int, byte, []byte) {})
	return data, err
}

// column is one value of a tuple; known is false where the message does not give it: it is null there, or was left out of
// the row as it was.
func column(tuple []byte, index int) (value []byte, known bool) {
	_ = eachColumn(&tuple, func(i int, kind byte, v []byte) { // it has been walked before
		if i == index && kind == 't' {
			value, known = v, true
		}
	})
	return value, known
}

// eachColumn walks the values of a tuple, and leaves in data what comes after it.
func eachColumn(data *[]byte, visit func(i int, kind byte, value []byte)) error {
	d := *data
	if len(d) < 2 {
		return errMalformed
	}
	n := int(binary.BigEndian.Uint16(d))
	d = d[2:]
	for i := range n {
		if len(d) == 0 {
			return errMalformed
		}
		kind := d[0]
		d = d[1:]
		var value []byte
		switch kind {
		case 't', 'b':
			if len(d) < 4 || uint64(len(d)-4) < uint64(binary.BigEndian.Uint32(d)) {
				return errMalformed
			}
			size := int(binary.BigEndian.Uint32(d))
			value, d = d[4:4+size], d[4+size:]
		case 'n', 'u':
		default:
			return errMalformed
		}
		visit(i, kind, value)
	}
	*data = d
	return nil
}
