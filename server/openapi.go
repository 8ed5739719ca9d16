package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"tidemark/server/schema"
)

// interfaceVersion is that of the HTTP interface, not of the program.
const interfaceVersion = "1"

// OpenAPI is the OpenAPI 3.1 document of the interface, as GET /openapi.json answers it.
func OpenAPI() ([]byte, error) {
	var operations []schema.Operation
	for _, r := range (&server{}).table() {
		operations = append(operations, r.Operation)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(schema.Document(interfaceVersion, operations)); err != nil {
		return nil, fmt.Errorf("encode OpenAPI document: %w", err)
	}
	return b.Bytes(), nil
}

func (s *server) openapi(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, encoded(s.document))
}
