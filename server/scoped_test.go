package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"tidemark/summary"
)

// TestPathsHoldAnyID: ids are unescaped whole, once.
func TestPathsHoldAnyID(t *testing.T) {
	ids := []string{"a/b", "a%2Fb", "a b", "..", ".", "a?b#c", "ä\u202e", "100%", "%", "a+b", "a;b", "a\\b", "{id}", "*", "a//b/", "\n"}
	m := newMemory()
	for _, id := range ids {
		m.rows = append(m.rows, connection("c"+id, id))
	}
	a := serve(t, m)
	for _, id := range ids {
		w := a.get("/_ref/connectors/" + url.PathEscape(id))
		a.expect(w, http.StatusOK, "")
		var s struct {
			ID    string `json:"connection_id"`
			Count *int64 `json:"unattributed_run_count"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || s.ID != id || s.Count == nil {
			t.Errorf("%q: got %q, detail %v, error %v", id, s.ID, s.Count, err)
		}
	}
}

func TestConnector(t *testing.T) {
	stranger := connection("amazon", "ci_9")
	stranger.Identity.OwnerSubjectID = "bob"
	unnamed := connection("amazon", "ci_2")
	unnamed.Identity.DisplayName = nil
	a := serve(t, newMemory(connection("amazon", "ci_1"), unnamed, connection("gmail", "ci_3"), stranger))
	a.expect(a.get("/_ref/connectors/ci_1?fresh=true"), http.StatusOK, "")
	a.expect(a.get("/_ref/connectors/gmail"), http.StatusOK, "")
	a.expect(a.get("/_ref/connectors/ci_9"), http.StatusNotFound, codeConnectionNotFound)
	a.expect(a.get("/_ref/connectors/none"), http.StatusNotFound, codeConnectionNotFound)
	a.expect(a.get("/_ref/connectors/"), http.StatusNotFound, codeNotFound)
	a.expect(a.get("/_ref/connectors/ci_1?limit=1"), http.StatusBadRequest, codeInvalidRequest)
	a.expect(a.get("/_ref/connectors/%00"), http.StatusBadRequest, codeInvalidRequest)
	a.expect(a.get("/_ref/connectors/%ff"), http.StatusBadRequest, codeInvalidRequest)
	e := a.expect(a.get("/_ref/connectors/amazon"), http.StatusConflict, codeAmbiguous)
	if e.RetryWith != "connection_id" || len(e.AvailableConnections) != 2 {
		t.Fatalf("%+v", e)
	}
	first, second := e.AvailableConnections[0], e.AvailableConnections[1]
	if first.ConnectionID != "ci_1" || first.ConnectorKey != "amazon" || first.LabelStatus != "owner_set" ||
		second.DisplayName != nil || second.LabelStatus != "fallback" {
		t.Errorf("%+v", e.AvailableConnections)
	}
}

// behind makes a connection wait for the drain.
func behind(o summary.Observation) summary.Observation {
	since := noon
	o.Behind, o.DirtySince = summary.NewSet(summary.Runs), &since
	return o
}
