package schema

var refs = Array(Ref("ConnectionRef"))

var fleetGroup = group{
	"ConnectionRef": Object(Fields{
		"connection_id": ID(), "connector_id": ID(), "connector_instance_id": ID(), "display_name": Null(Text()),
	}),
	"FleetHealth": Object(Fields{
		"state": Enum("healthy", "healthy_with_advisories", "indeterminate", "unhealthy"), "fully_healthy": Bool(),
		"dimensions": Object(Fields{
			"runtime": Enum("healthy", "unhealthy", "unknown"), "coverage_audit": Enum("pass", "fail", "inconclusive"),
			"attention": Object(Fields{"needs_owner": refs}), "active_work": refs, "stalled_work": refs, "freshness_advisories": refs,
			"unknown_evidence": refs, "recovery": Object(Fields{"retryable": refs, "terminal": refs}),
			"intentional_policy": Object(Fields{"manual": refs, "paused": refs}), "system": Object(Fields{"degraded_or_broken": refs}),
		}),
		"scope": Object(Fields{
			"configured": Count(), "assessed": refs, "intentional_exclusions": refs, "setup_pending": refs, "unassessed": refs,
		}),
	}),
}
