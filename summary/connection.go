package summary

import (
	"encoding/json"
	"strings"
)

// Connection is CONNECTION in JSON: identity, lifecycle and schedule, and nothing of how it is.
type Connection struct {
	Object              string           `json:"object"`
	ConnectorInstanceID string           `json:"connector_instance_id"`
	ConnectionID        string           `json:"connection_id"`
	ConnectorID         string           `json:"connector_id"`
	DisplayName         *string          `json:"display_name"`
	Status              string           `json:"status"`
	SourceKind          string           `json:"source_kind"`
	SourceBinding       json.RawMessage  `json:"source_binding"`
	CreatedAt           Instant          `json:"created_at"`
	UpdatedAt           Instant          `json:"updated_at"`
	RevokedAt           *Instant         `json:"revoked_at"`
	Schedule            *ScheduleSummary `json:"schedule"`
}

// ConnectionSchedule is SCHEDULE with the connection whose it is.
type ConnectionSchedule struct {
	ConnectorInstanceID string `json:"connector_instance_id"`
	ConnectionID        string `json:"connection_id"`
	*ScheduleSummary
}

// ConnectionOf makes the CONNECTION of one observation as it reads at now, and tells when time alone changes it: the schedule's due
// time depends on it.
func ConnectionOf(o Observation, now Instant) (Connection, *Instant) {
	id := o.Identity
	binding := json.RawMessage(strings.ToValidUTF8(o.SourceBinding, "\uFFFD")) // SQLite stores what is none, too
	if !json.Valid(binding) {
		binding = json.RawMessage("{}")
	}
	schedule, next := scheduleOf(&o, now)
	return Connection{
		Object: "ref_connection", ConnectorInstanceID: o.ConnectionID, ConnectionID: o.ConnectionID, ConnectorID: id.ConnectorID,
		DisplayName: id.DisplayName, Status: id.Status, SourceKind: id.SourceKind, SourceBinding: binding,
		CreatedAt: id.CreatedAt, UpdatedAt: o.UpdatedAt, RevokedAt: id.RevokedAt, Schedule: schedule,
	}, next
}

// ScheduleOf makes the SCHEDULE of one observation that has one as it reads at now, and tells when time alone changes it.
func ScheduleOf(o Observation, now Instant) (ConnectionSchedule, *Instant) {
	s, next := scheduleOf(&o, now)
	return ConnectionSchedule{o.ConnectionID, o.ConnectionID, s}, next
}

func scheduleOf(o *Observation, now Instant) (*ScheduleSummary, *Instant) {
	if o.Schedule == nil {
		return nil, nil
	}
	clk := &clock{now: now}
	return scheduleSummaryOf(newView(o, clk)), clk.next
}
