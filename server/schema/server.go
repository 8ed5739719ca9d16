package schema

var serverGroup = group{
	"Status": Object(Fields{
		"status": Enum("ok", "ready"), "checks?": Array(Object(Fields{"name": Text(), "ok": Bool(), "reason?": Text()})),
	}),
	"Login":   Object(Fields{"password": Text().About("A token of the owner.")}),
	"OpenAPI": Schema{"type": "object", "required": []string{"openapi", "info", "paths", "components"}},
}
