package listener

import "fmt"

// Signal is how a loop learns that marks exist.
type Signal string

const (
	// SignalNotify is adaptive NOTIFY: writers notify while, and only while, the leader sleeps.
	SignalNotify Signal = "notify"
	// SignalWAL reads the marks in the WAL, through a temporary replication slot.
	SignalWAL Signal = "wal"
	// SignalPoll looks for marks every few milliseconds.
	SignalPoll Signal = "poll"
	// SignalCommit is SQLite's: commits of this process, and those of others by PRAGMA data_version.
	SignalCommit Signal = "commit"
	// SignalNone is nothing but the safety poll, or nothing at all: no connection, a follower, a standby.
	SignalNone Signal = "none"
)

// Signals lists what an operator may ask for on PostgreSQL, the default first.
func Signals() []Signal { return []Signal{SignalNotify, SignalWAL, SignalPoll} }

// ParseSignal reads what an operator asked for; empty is the default.
func ParseSignal(name string) (Signal, error) {
	if name == "" {
		return SignalNotify, nil
	}
	for _, s := range Signals() {
		if string(s) == name {
			return s, nil
		}
	}
	return "", fmt.Errorf("unknown signal %q: want %s, %s or %s", name, SignalNotify, SignalWAL, SignalPoll)
}

// Reason says why the signal in use is what it is. The set is closed.
type Reason string

const (
	// ReasonConfigured: it is what was asked for.
	ReasonConfigured Reason = "configured"
	// ReasonConnecting: there is no connection; drains are tried at every attempt to get one.
	ReasonConnecting Reason = "connecting"
	// ReasonFollower: another server drains.
	ReasonFollower Reason = "follower"
	// ReasonPreparedTransactions: max_prepared_transactions is above 0, and a transaction that notified cannot be prepared.
	ReasonPreparedTransactions Reason = "prepared_transactions"
	// ReasonQueueUsage: the server's notification queue is over a tenth full; a full one fails writers.
	ReasonQueueUsage Reason = "notification_queue"
	// ReasonPooler: a NOTIFY did not arrive on a connection that listens, as behind a pooler in transaction mode.
	ReasonPooler Reason = "pooler"
	// ReasonSlotPending: the replication slot is being made, which waits for every open transaction.
	ReasonSlotPending Reason = "slot_pending"
	// ReasonSlotUnavailable: there is no replication slot, or it was lost; LastError says why, and it is tried again.
	ReasonSlotUnavailable Reason = "slot_unavailable"
	// ReasonWALLevel: wal_level is not logical any more.
	ReasonWALLevel Reason = "wal_level"
	// ReasonReplicationRight: the role does not have the REPLICATION attribute any more.
	ReasonReplicationRight Reason = "replication_right"
	// ReasonPublication: the publication is gone, and the role may not make it.
	ReasonPublication Reason = "publication"
	// ReasonStandby: the server is in recovery: it can be read, but not drained.
	ReasonStandby Reason = "standby"
)
