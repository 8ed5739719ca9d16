package schema

import "tidemark/summary"

var reasonGroup = group{
	"ReasonCode": Enum(ReasonCodes...).About("Tidemark's own reason codes: a closed set."),
	"ProducerReason": Schema{"type": "string", "pattern": `^[a-z][a-z0-9_]{0,63}$`}.
		About("What a connector gave as a reason, if it looks like a code and not like a secret; else other."),
	"Component": Enum("identity", "records", "retained_bytes", "runs", "schedule", "gaps", "attention", "device", "manifest"),
}

// ReasonCodes are the closed set that package summary keeps.
var ReasonCodes = summary.ReasonCodes()
