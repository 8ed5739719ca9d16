package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"tidemark/summary"
)

// A cursor is base64url of: the version octet, a checksum, the position's creation time in microseconds, the length of the
// connector id, the connector id, the connection id. The checksum binds it to the version, the owner and the filters. It is
// the same on every server and after a restart, so its key is no secret: whoever forges one reads their own list from a place
// of their choice, and nothing else, since the owner comes from the token.
const (
	cursorVersion  = 1
	cursorChecksum = 16
	maxCursorBytes = 2048
)

var cursorKey = []byte("tidemark list cursor")

// cursorTimes are the bounds of what source tables hold: years 1 to 9999.
var (
	firstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	endTime   = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// encodeCursor returns the cursor after p, for the list that digest names.
func encodeCursor(p summary.Position, digest string) string {
	body := binary.BigEndian.AppendUint64(nil, uint64(p.CreatedAt.Time().UnixMicro()))
	body = binary.BigEndian.AppendUint16(body, uint16(min(len(p.ConnectorID), math.MaxUint16)))
	body = append(append(body, p.ConnectorID...), p.ConnectionID...)
	return seal(body, digest)
}

// encodeSequence returns the cursor after a place in a list that is ordered by one number.
func encodeSequence(n int64, digest string) string {
	return seal(binary.BigEndian.AppendUint64(nil, uint64(n)), digest)
}

// encodeStream returns the cursor after a stream of a connection.
func encodeStream(p summary.StreamPosition, digest string) string {
	return seal(append(binary.BigEndian.AppendUint32(nil, uint32(p.Index)), p.Stream...), digest)
}

func seal(body []byte, digest string) string {
	out := append([]byte{cursorVersion}, checksum(body, digest)...)
	return base64.RawURLEncoding.EncodeToString(append(out, body...))
}

// unseal returns the body of a cursor; ok is false for anything that seal did not make for this list.
func unseal(cursor, digest string) (body []byte, ok bool) {
	if len(cursor) > maxCursorBytes {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) < 1+cursorChecksum || raw[0] != cursorVersion {
		return nil, false
	}
	body = raw[1+cursorChecksum:]
	return body, hmac.Equal(raw[1:1+cursorChecksum], checksum(body, digest))
}

// decodeSequence returns the number; ok is false for anything that encodeSequence did not make for this list.
func decodeSequence(cursor, digest string) (n int64, ok bool) {
	body, ok := unseal(cursor, digest)
	if !ok || len(body) != 8 {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(body)), true
}

// decodeStream returns the place; ok is false for anything that encodeStream did not make for this list.
func decodeStream(cursor, digest string) (p summary.StreamPosition, ok bool) {
	body, ok := unseal(cursor, digest)
	if !ok || len(body) < 4 {
		return p, false
	}
	p = summary.StreamPosition{Index: int(binary.BigEndian.Uint32(body)), Stream: string(body[4:])}
	return p, storable(p.Stream)
}

// decodeCursor returns the position; ok is false for anything that encodeCursor did not make for this list.
func decodeCursor(cursor, digest string) (p summary.Position, ok bool) {
	body, ok := unseal(cursor, digest)
	if !ok || len(body) < 10 {
		return p, false
	}
	micros, n, ids := int64(binary.BigEndian.Uint64(body)), int(binary.BigEndian.Uint16(body[8:])), string(body[10:])
	if micros < firstTime || micros >= endTime || n > len(ids) {
		return p, false
	}
	p = summary.Position{ConnectorID: ids[:n], CreatedAt: summary.NewInstant(time.UnixMicro(micros)), ConnectionID: ids[n:]}
	return p, storable(p.ConnectorID) && storable(p.ConnectionID)
}

func checksum(body []byte, digest string) []byte {
	mac := hmac.New(sha256.New, cursorKey)
	mac.Write([]byte{cursorVersion})
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(digest))))
	mac.Write([]byte(digest))
	mac.Write(body)
	return mac.Sum(nil)[:cursorChecksum]
}

// storable reports whether the source tables of some engine could hold the id: SQLite's take octets that are no UTF-8, and a
// list goes on after such a one.
func storable(id string) bool {
	return id != "" && len(id) <= maxIDBytes && !strings.ContainsRune(id, 0)
}
