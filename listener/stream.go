package listener

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

const (
	// statusEvery is how often the server is told how far the stream was read, and asked for a sign of life.
	statusEvery = time.Second
	// silence is how long a stream may say nothing. A server that decodes a large transaction can be slow to answer; that
	// it is gone the listener's own connection finds out sooner.
	silence = 30 * time.Second
)

// stream is a connection over which the server sends what transactions changed, after they have committed, one after the
// other in the order of their commits: pgoutput over a temporary slot, which ends with the connection. Protocol version 1,
// so a transaction that is still open, however large, stays on the server. Nothing is kept of a message once next is
// called again. Not safe for concurrent use.
type stream struct {
	conn *pgconn.PgConn
	slot string
	// received is the position up to which everything has been read, settled the one up to which nothing is needed again.
	received, settled pglogrepl.LSN
	told, heard       time.Time // when the server was last told of it, and last said something
	ended             func() bool
}

// dialStream connects in a way that allows replication commands.
func dialStream(ctx context.Context, cfg *pgx.ConnConfig, name string) (*stream, error) {
	own := cfg.Config.Copy()
	p := own.RuntimeParams
	p["replication"] = "database"
	p["application_name"] = name
	// Making the slot waits for transactions, as long as they take.
	p["lock_timeout"], p["statement_timeout"] = "0", "0"
	p["wal_sender_timeout"] = "30s"
	p["tcp_keepalives_idle"], p["tcp_keepalives_interval"], p["tcp_keepalives_count"] = "4", "2", "3"
	p["tcp_user_timeout"] = "10000"
	own.OnNotification, own.OnPgError = nil, nil
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, own)
	if err != nil {
		return nil, guard("connect for replication", err)
	}
	return &stream{conn: conn}, nil
}

// createSlot makes the slot, which waits until every transaction that has an id now has ended. What commits after it
// returns is in the stream. If ctx ends the driver has the statement cancelled: a walsender that waits does not notice that its
// client has gone, and would keep slot and connection for as long.
func (s *stream) createSlot(ctx context.Context) error {
	s.slot = "tidemark_" + strings.ToLower(rand.Text())
	made, err := pglogrepl.CreateReplicationSlot(ctx, s.conn, s.slot, "pgoutput", pglogrepl.CreateReplicationSlotOptions{
		Temporary: true, Mode: pglogrepl.LogicalReplication, SnapshotAction: "NOEXPORT_SNAPSHOT",
	})
	if err != nil {
		return guard("make replication slot", err)
	}
	at, err := pglogrepl.ParseLSN(made.ConsistentPoint)
	if err != nil {
		return fmt.Errorf("make replication slot: %w", err)
	}
	s.received, s.settled = at, at
	return nil
}

// begin starts the stream of what the publications publish. It ends with ctx.
func (s *stream) begin(ctx context.Context, publications ...publication) error {
	names := make([]string, len(publications))
	for i, p := range publications {
		names[i] = p.name
	}
	starting, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	err := pglogrepl.StartReplication(starting, s.conn, s.slot, s.settled, pglogrepl.StartReplicationOptions{
		PluginArgs: []string{"proto_version '1'", "publication_names '" + strings.Join(names, ",") + "'"},
	})
	s.heard = time.Now()
	s.ended = context.AfterFunc(ctx, func() { _ = s.conn.Conn().SetReadDeadline(time.Unix(1, 0)) }) // if it fails, reading does, too
	return guard("start replication", err)
}

// next returns the next message of pgoutput. It answers the server meanwhile, as often as that wants to know; confirm is
// asked each time for the position up to which nothing is needed again.
func (s *stream) next(ctx context.Context, confirm func(received pglogrepl.LSN) pglogrepl.LSN) ([]byte, error) {
	for {
		if time.Since(s.told) >= statusEvery {
			if err := s.tell(confirm, true); err != nil {
				return nil, err
			}
		}
		if ctx.Err() != nil { // looked at after every change of the deadline, which the end of ctx changes, too
			return nil, ctx.Err()
		}
		msg, err := s.receive()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, guard("read replication stream", err)
		case msg == nil && time.Since(s.heard) > silence:
			return nil, errors.New("read replication stream: the server has said nothing for " + silence.String())
		case msg == nil:
			continue
		}
		s.heard = time.Now()
		data, err := s.unwrap(msg, confirm)
		if data != nil || err != nil {
			return data, err
		}
	}
}

// receive waits for a message until it is time to tell the server again; then it returns none. A deadline of the socket:
// a context would cost every message a goroutine.
func (s *stream) receive() (pgproto3.BackendMessage, error) {
	msg, err := s.conn.ReceiveMessage(context.Background())
	if err != nil && pgconn.Timeout(err) && !s.conn.IsClosed() {
		return nil, nil //nolint:nilnil // nothing came, which is no error
	}
	return msg, err
}

// unwrap takes a message of pgoutput out of one of the protocol; nothing if that carries none.
func (s *stream) unwrap(msg pgproto3.BackendMessage, confirm func(pglogrepl.LSN) pglogrepl.LSN) ([]byte, error) {
	switch msg := msg.(type) {
	case *pgproto3.ErrorResponse:
		return nil, guard("read replication stream", pgconn.ErrorResponseToPgError(msg))
	case *pgproto3.CopyDone:
		return nil, guard("read replication stream", errEnded)
	case *pgproto3.CopyData:
		if len(msg.Data) == 0 {
			return nil, errors.New("read replication stream: an empty message")
		}
		switch msg.Data[0] {
		case pglogrepl.PrimaryKeepaliveMessageByteID:
			alive, err := pglogrepl.ParsePrimaryKeepaliveMessage(msg.Data[1:])
			if err != nil {
				return nil, fmt.Errorf("read keep-alive: %w", err)
			}
			s.received = max(s.received, alive.ServerWALEnd)
			if alive.ReplyRequested {
				return nil, s.tell(confirm, false)
			}
		case pglogrepl.XLogDataByteID:
			change, err := pglogrepl.ParseXLogData(msg.Data[1:])
			if err != nil {
				return nil, fmt.Errorf("read change: %w", err)
			}
			s.received = max(s.received, change.WALStart)
			return change.WALData, nil
		}
	}
	return nil, nil
}

// tell says how far the stream was read, and up to where it is not needed again. All three positions are given: with the
// write position alone pglogrepl would confirm the others, too.
func (s *stream) tell(confirm func(pglogrepl.LSN) pglogrepl.LSN, ask bool) error {
	s.settled = max(s.settled, min(confirm(s.received), s.received))
	err := pglogrepl.SendStandbyStatusUpdate(context.Background(), s.conn, pglogrepl.StandbyStatusUpdate{
		WALWritePosition: s.received, WALFlushPosition: s.settled, WALApplyPosition: s.settled, ReplyRequested: ask,
	})
	s.told = time.Now()
	if err == nil {
		err = s.conn.Conn().SetReadDeadline(s.told.Add(statusEvery))
	}
	return guard("answer replication stream", err)
}

// close ends the connection, and the slot with it. It may be called again.
func (s *stream) close() {
	if s.ended != nil {
		s.ended()
	}
	ctx, cancel := context.WithTimeout(context.Background(), byeWithin)
	defer cancel()
	// The connection is given up either way.
	_ = s.conn.Close(ctx)
	select {
	case <-s.conn.CleanupDone():
	case <-ctx.Done():
	}
}
