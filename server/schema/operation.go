package schema

import "tidemark/summary"

// Operation is one method of one address.
type Operation struct {
	Method string
	Path   string // as the router takes it: {name} is one segment, which may hold any character, escaped
	ID     string // operationId
	About  string
	// Scope is what a token must allow: a scope of package summary, Operator, or empty where no token is needed.
	Scope string
	// Query are the parameters of the query string; every other one is refused.
	Query []Param
	Body  *Body
	// Answers are those of success; what else may come is the same for every operation (Error).
	Answers []Answer
	// Conditional operations carry an ETag and know If-None-Match.
	Conditional bool
}

// Operator is the scope of operations that only an operator's token may use.
const Operator = "operator"

// Scopes are all that an operation may ask for.
var Scopes = append([]string{"", Operator}, summary.Scopes...)

// Param is a parameter of a query.
type Param struct {
	Name   string
	About  string
	Schema Schema
	Many   bool // it may be repeated
}

// Body is what a request carries, by its media types.
type Body struct {
	About string
	Types map[string]Schema
}

// Answer is an answer of success.
type Answer struct {
	Status int
	About  string
	Type   string // media type; empty for application/json, or where there is no schema for no body at all
	Schema Schema
}

// JSON is the one answer of an operation that answers 200 with this component.
func JSON(component, about string) []Answer {
	return []Answer{{Status: 200, About: about, Schema: Ref(component)}}
}

// The parameters that several operations have.
var (
	// Limit and Cursor are those of every list that is given in pages.
	Limit  = Param{Name: "limit", About: "The most items on a page; 100 if not given.", Schema: Schema{"type": "integer", "minimum": 1, "maximum": 100}}
	Cursor = Param{Name: "cursor", About: "The next_cursor of the page before, with the same filters.", Schema: Schema{"type": "string", "minLength": 1}}
	// Fresh asks for a drain before the read.
	Fresh = Param{Name: "fresh", About: "Bring the evidence up to date before answering, for at most 2 s.", Schema: Enum("true", "false", "1", "0")}
)
