package schema

// eventGroup are the data of the events of GET /_ref/events, by the names of the events.
var eventGroup = group{
	"summary.changed": Object(Fields{
		"connection_id": ID(), "version": Count(), "reason": Enum("evidence", "manifest", "time"),
	}),
	"summary.deleted": Object(Fields{"connection_id": ID(), "version": Count()}),
	"resync":          Object(Fields{"reason": Enum("too_old", "unknown_id", "too_many", "overflow", "restarted", "capture")}),
}
