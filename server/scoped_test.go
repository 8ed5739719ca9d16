package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
	a.expect(a.get("/_ref/connectors/ci_1?limit=0"), http.StatusBadRequest, codeInvalidRequest)
	a.expect(a.get("/_ref/connectors/ci_1?state=idle"), http.StatusBadRequest, codeInvalidRequest)
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

// TestStreamsInPages: a scoped read tells of every stream, or of a page of them; the cursor is bound to the owner and the connection.
func TestStreamsInPages(t *testing.T) {
	one := connection("amazon", "ci_1")
	for _, name := range []string{"a", "b", "c"} {
		one.Streams = append(one.Streams, summary.StreamSize{Stream: name, RecordCount: 1})
	}
	a := serve(t, newMemory(one, connection("gmail", "ci_2")))
	type page struct {
		Streams []string `json:"streams"`
		Count   int      `json:"stream_count"`
		Next    *string  `json:"streams_next_cursor"`
	}
	get := func(query string) (p page) {
		t.Helper()
		w := a.get("/_ref/connectors/ci_1" + query)
		a.expect(w, http.StatusOK, "")
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Count != 4 {
			t.Fatalf("%q: %+v, %v", query, p, err)
		}
		if whole := query == ""; whole == strings.Contains(w.Body.String(), "streams_next_cursor") {
			t.Errorf("%q: %s", query, w.Body)
		}
		return p
	}
	if p := get(""); len(p.Streams) != 4 {
		t.Errorf("a read without a limit tells of %q", p.Streams)
	}
	first := get("?limit=3")
	if first.Next == nil || len(first.Streams) != 3 {
		t.Fatalf("%+v", first)
	}
	last := get("?limit=3&cursor=" + *first.Next)
	if got := append(first.Streams, last.Streams...); !slices.Equal(got, []string{"items", "a", "b", "c"}) || last.Next != nil {
		t.Errorf("the pages tell of %q, then %v", got, last.Next)
	}
	a.expect(a.get("/_ref/connectors/ci_2?cursor="+*first.Next), http.StatusBadRequest, codeInvalidCursor)
	a.expect(a.get("/_ref/connectors/ci_1?cursor=x"), http.StatusBadRequest, codeInvalidCursor)
	a.expect(a.get("/_ref/connectors?cursor="+*first.Next), http.StatusBadRequest, codeInvalidCursor)
}
