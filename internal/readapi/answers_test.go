package readapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"tidemark/internal/apitest"
	"tidemark/summary"
)

// TestEveryAnswer reads everything that there is, as whoever owns it: the transport holds each answer against the document.
func TestEveryAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		for _, owner := range apitest.Owners {
			_, list, header := s.get(owner, "/_ref/connectors?include_fleet_health=1")
			if list["has_more"] != false || list["fleet_health"] == nil || header.Get("Etag") == "" {
				t.Errorf("%s: %v", owner, header)
			}
			for _, profile := range []string{"identity_inventory", "retained_count_summary"} {
				if _, reduced, _ := s.get(owner, "/_ref/connectors?profile="+profile); !slices.Equal(ids(reduced), ids(list)) {
					t.Errorf("%s: profile %s shows %v", owner, profile, ids(reduced))
				}
			}
			for _, id := range ids(list) {
				status, one, _ := s.get(owner, "/_ref/connectors/"+url.PathEscape(id))
				if status != http.StatusOK || one["connection_id"] != id {
					t.Errorf("%s: %d, %v", id, status, one["connection_id"])
				}
				if _, envelope, _ := s.get(owner, "/_ref/connectors?connection="+url.QueryEscape(id)); !slices.Equal(ids(envelope), []string{id}) {
					t.Errorf("%s: the envelope holds %v", id, ids(envelope))
				}
			}
			var walked []string
			for cursor := ""; ; {
				_, page, _ := s.get(owner, "/_ref/connectors?limit=2"+cursor)
				walked = append(walked, ids(page)...)
				if page["has_more"] != true {
					break
				}
				cursor = "&cursor=" + page["next_cursor"].(string)
			}
			if !slices.Equal(walked, ids(list)) && len(walked)+len(ids(list)) > 0 {
				t.Errorf("%s: pages of two show %v, the whole list %v", owner, walked, ids(list))
			}
		}
		status, body, _ := s.get("ada", "/_ref/connectors/amazon")
		if e, _ := body["error"].(map[string]any); status != http.StatusConflict || len(e["available_connections"].([]any)) != 4 {
			t.Errorf("an ambiguous connector: %d %v", status, body)
		}
		s.get("", "/healthz")
		s.get("", "/readyz")
		s.get("", "/openapi.json")
	})
}

// TestSearchIsTheSameEverywhere: q is literal, and A to Z alone equal a to z, on both engines as in package summary.
func TestSearchIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	names := []string{
		"100%", "100 %", "under_score", "underXscore", `back\slash`, "ÄPFEL", "äpfel", "ISTANBUL", "İstanbul", "ıstanbul", "Straße", "STRASSE",
		"Kelvin", "\u212aelvin", "ſharp", "e\u0301", "\u00e9", "😀 face", "", "  ", "quote'\"", "line\nbreak", "Ω", "ω", "Σίσυφος",
	}
	each(t, func(t *testing.T, s *site) {
		var sql []string
		for i, name := range names {
			sql = append(sql, fmt.Sprintf(`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id, display_name, source_kind,
				source_binding_key, source_binding, created_at, updated_at) VALUES ('n%02d', 'nobody', 'amazon', '%s', 'account', 'n%02d', '{}',
				'2026-05-01T00:00:00.000000Z', '2026-05-01T00:00:00.000000Z')`, i, strings.ReplaceAll(name, "'", "''"), i))
		}
		s.does(sql...)
		for _, q := range append(names, "%", "_", `\`, "A", "ä", "Ä", "i", "I", "İ", "k", "K", "\u212a", "s", "ſ", "ß", "é", "e", "😀", "MAZON", "\n", "'", "ω", "%%", `\%`) {
			want := []string{}
			for i, name := range names {
				if (summary.Filter{Query: q}).Matches(summary.IdentityFacts{ConnectorID: "amazon", DisplayName: &name}) {
					want = append(want, fmt.Sprintf("n%02d", i))
				}
			}
			if _, list, _ := s.get("nobody", "/_ref/connectors?q="+url.QueryEscape(q)); !slices.Equal(ids(list), want) {
				t.Errorf("%q finds %v, want %v", q, ids(list), want)
			}
		}
	})
}
