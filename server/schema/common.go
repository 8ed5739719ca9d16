package schema

// ListOf is the envelope of every list of a component; closed.
func ListOf(component string, others ...Fields) Schema {
	return Object(with(Fields{
		"object": Const("list"), "data": Array(Ref(component)), "has_more": Bool(),
		"next_cursor": Null(Schema{"type": "string", "minLength": 1}),
	}, others...))
}

var commonGroup = group{
	"Error": Object(Fields{"error": Object(Fields{
		"type": Enum("invalid_request_error", "authentication_error", "permission_error", "not_found_error", "rate_limit_error", "api_error"),
		"code": Ref("ErrorCode"), "message": Schema{"type": "string", "minLength": 1}, "request_id": Schema{"type": "string", "minLength": 1},
		"param?": Text(), "available_connections?": Array(Ref("Candidate")).AtMost(100), "retry_with?": Const("connection_id"),
	})}),
	"ErrorCode": Enum(ErrorCodes...),
	"Candidate": Object(Fields{
		"connection_id": ID(), "connector_id": ID(), "connector_key": ID(), "display_name": Null(Text()),
		"label_status": Enum("owner_set", "fallback"),
	}),
}

// ErrorCodes are the codes of errors: a closed set.
var ErrorCodes = []string{
	"ambiguous_connection", "connector_instance_not_found", "cross_origin_request", "database_unavailable", "fleet_too_large",
	"headers_too_large", "insufficient_scope", "internal_error", "invalid_cursor", "invalid_request", "invalid_token", "method_not_allowed", "not_found",
	"not_ready", "owner_session_required", "rate_limited", "request_too_large", "run_not_found", "unsupported_media_type", "uri_too_long",
}
