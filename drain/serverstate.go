package drain

import "tidemark/summary"

// ServerState is what a running server says of itself.
type ServerState struct {
	ServerID  string          `json:"server_id"` // new with each start
	Name      string          `json:"name"`      // host and process
	StartedAt summary.Instant `json:"started_at"`
	SeenAt    summary.Instant `json:"seen_at"` // the database's time

	Role       string           `json:"role"`   // of listener.Role: leader, follower, independent, none
	Signal     string           `json:"signal"` // what wakes it
	Reason     string           `json:"reason"` // why this signal
	ReadsFrom  string           `json:"reads_from"`
	ReadsWhy   string           `json:"reads_why,omitempty"` // why not from the standby
	Failing    int64            `json:"failing"`             // faults since the last success: above 0, LastFault is what is wrong now
	LastFault  string           `json:"last_fault,omitempty"`
	FaultedAt  *summary.Instant `json:"faulted_at,omitempty"`
	Reconnects int64            `json:"reconnects"`
	Drains     int64            `json:"drains"`
	Marks      int64            `json:"marks"`
	Faults     map[string]int64 `json:"faults"` // by code
}
