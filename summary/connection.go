package summary

import "encoding/json"

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

// ConnectionOf makes the CONNECTION of one observation as it reads at now: the schedule's due time depends on it.
func ConnectionOf(o Observation, now Instant) Connection {
	id := o.Identity
	binding := json.RawMessage(o.SourceBinding)
	if !json.Valid(binding) {
		binding = json.RawMessage("{}")
	}
	return Connection{
		Object: "ref_connection", ConnectorInstanceID: o.ConnectionID, ConnectionID: o.ConnectionID, ConnectorID: id.ConnectorID,
		DisplayName: id.DisplayName, Status: id.Status, SourceKind: id.SourceKind, SourceBinding: binding,
		CreatedAt: id.CreatedAt, UpdatedAt: o.UpdatedAt, RevokedAt: id.RevokedAt, Schedule: scheduleOf(&o, now),
	}
}

// ScheduleOf makes the SCHEDULE of one observation as it reads at now; nil without one.
func ScheduleOf(o Observation, now Instant) *ConnectionSchedule {
	s := scheduleOf(&o, now)
	if s == nil {
		return nil
	}
	return &ConnectionSchedule{o.ConnectionID, o.ConnectionID, s}
}

func scheduleOf(o *Observation, now Instant) *ScheduleSummary {
	if o.Schedule == nil {
		return nil
	}
	return scheduleSummaryOf(newView(o, &clock{now: now}))
}
