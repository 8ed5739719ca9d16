package readapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidemark/server"
)

// TestOwnersSeeNothingOfEachOther asks every route that takes an id as another owner: with ids of theirs the answer must be,
// octet for octet, the one that an id gets which nobody has (SPEC G14).
func TestOwnersSeeNothingOfEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		theirs := []string{"ci_home", "ci_twin_a", "ci_gone", "chase", "phone", "r_home_1"}
		for _, template := range paths(t) {
			for _, id := range theirs {
				got := s.anonymous("bob", template, id)
				if want := s.anonymous("bob", template, "nothing"); got != want {
					t.Errorf("%s with %s, which is ada's:\n%s, but with what nobody has:\n%s", template, id, got, want)
				}
			}
		}
		for _, id := range theirs {
			for _, query := range []string{"connection=" + id, "connector_id=" + id, "q=" + id} {
				if _, list, _ := s.get("bob", "/_ref/connectors?"+query); len(ids(list)) > 0 {
					t.Errorf("%s shows bob %v", query, ids(list))
				}
			}
		}
		_, page, _ := s.get("ada", "/_ref/connectors?limit=1")
		cursor := "/_ref/connectors?limit=1&cursor=" + page["next_cursor"].(string)
		if status, _, _ := s.get("ada", cursor); status != http.StatusOK {
			t.Errorf("ada's cursor: %d to ada", status)
		}
		if status, body, _ := s.get("bob", cursor); status != http.StatusBadRequest || strings.Contains(fmt.Sprint(body), "ci_") {
			t.Errorf("ada's cursor: %d to bob, %v", status, body)
		}
		// An event's id of ada's is no key to what was told of it.
		_, version := s.listen("ada", "")
		s.does("UPDATE connector_instances SET display_name = 'Moved' WHERE connector_instance_id IN ('ci_home', 'ci_manual')")
		bob, _ := s.listen("bob", version)
		if e := s.await(bob); !strings.Contains(e.data, `"ci_manual"`) {
			t.Errorf("bob hears %+v", e)
		}
	})
}

// paths are the templates of all that is read by an id.
func paths(t *testing.T) []string {
	t.Helper()
	text, err := server.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var out []string
	for path, methods := range document.Paths {
		if methods["get"] != nil && strings.Contains(path, "{") {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		t.Fatal("no route takes an id")
	}
	return out
}

var (
	placeholder = regexp.MustCompile(`\{[a-z_]+\}`)
	unique      = regexp.MustCompile(`req_[0-9a-f]+`)
)

// anonymous is the whole answer to an id, without what differs from request to request and without the id itself.
func (s *site) anonymous(owner, template, id string) string {
	s.t.Helper()
	status, body, header := s.get(owner, placeholder.ReplaceAllLiteralString(template, url.PathEscape(id)))
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(body); err != nil {
		s.t.Fatal(err)
	}
	whole := fmt.Sprintf("%d %s %s", status, header.Get("Content-Type"), text.String())
	return unique.ReplaceAllString(strings.ReplaceAll(whole, id, "ID"), "REQUEST")
}
