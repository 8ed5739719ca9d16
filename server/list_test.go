package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/summary"
)

func TestListWalksEveryConnectionOnceInOrder(t *testing.T) {
	m := newMemory()
	var want []string
	for i := range 23 {
		o := connection(fmt.Sprintf("c%d", i%3), fmt.Sprintf("ci_%02d", i))
		o.Identity.CreatedAt = noon.Add(-time.Duration(i%5) * time.Microsecond)
		m.rows = append(m.rows, o)
	}
	for _, o := range m.sorted("ada") {
		want = append(want, o.ConnectionID)
	}
	a := serve(t, m)
	for _, limit := range []int{1, 2, 7, 22, 23, 100} {
		var got []string
		seen := map[string]bool{}
		for target := fmt.Sprintf("/_ref/connectors?limit=%d", limit); target != ""; {
			p := a.page(target)
			got, target = append(got, p.ids()...), ""
			if p.HasMore {
				if seen[*p.NextCursor] || len(p.Data) != limit {
					t.Fatalf("limit %d: cursor repeated, or a short page of %d", limit, len(p.Data))
				}
				seen[*p.NextCursor] = true
				target = fmt.Sprintf("/_ref/connectors?limit=%d&cursor=%s", limit, *p.NextCursor)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("limit %d: got %v, want %v", limit, got, want)
		}
	}
}

func TestListFilters(t *testing.T) {
	paused, unnamed, failed := connection("amazon", "ci_2"), connection("gmail", "ci_3"), connection("chase", "ci_4")
	paused.Identity.Status = "paused"
	unnamed.Identity.DisplayName = nil
	failed.State = summary.StateFailed
	stranger := connection("amazon", "ci_9")
	stranger.Identity.OwnerSubjectID = "bob"
	a := serve(t, newMemory(connection("amazon", "ci_1 100%_Ä"), paused, unnamed, failed, stranger))
	for query, want := range map[string][]string{
		"":                                      {"ci_1 100%_Ä", "ci_2", "ci_4", "ci_3"},
		"connector_id=gmail&connector_id=chase": {"ci_4", "ci_3"},
		"connector_id=nothing":                  {},
		"status=paused":                         {"ci_2"},
		"state=unknown":                         {"ci_4"},
		"state=healthy&limit=1":                 {"ci_1 100%_Ä"},
		"q=AMAZ":                                {"ci_1 100%_Ä", "ci_2"},
		"q=%25_":                                {"ci_1 100%_Ä"},
		"q=%25":                                 {"ci_1 100%_Ä"},
		"q=" + url.QueryEscape("Ä"):             {"ci_1 100%_Ä"},
		"q=" + url.QueryEscape("ä"):             {},
		"q=gmail":                               {"ci_3"},
		"q=CI_3":                                {},
		"q=":                                    {"ci_1 100%_Ä", "ci_2", "ci_4", "ci_3"},
		"connection=ci_2":                       {"ci_2"},
		"connection=gmail":                      {"ci_3"},
		"connection=ci_9":                       {},
		"connection=nobody":                     {},
	} {
		if got := a.page("/_ref/connectors?" + query).ids(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	a.expect(a.get("/_ref/connectors?connection=amazon"), http.StatusConflict, codeAmbiguous)
}

// TestStateFilterExaminesABoundedPart: a page filtered by state may be short, says so, and the next one goes on.
func TestStateFilterExaminesABoundedPart(t *testing.T) {
	m := newMemory()
	for i := range 2500 {
		o := connection("c", fmt.Sprintf("ci_%04d", i))
		if i == 1234 || i == 2400 {
			o.State = summary.StateFailed
		}
		m.rows = append(m.rows, o)
	}
	a := serve(t, m)
	var got, sizes []string
	for target := "/_ref/connectors?state=unknown"; target != ""; {
		p := a.page(target)
		got, sizes, target = append(got, p.ids()...), append(sizes, fmt.Sprint(len(p.Data))), ""
		if p.HasMore {
			target = "/_ref/connectors?state=unknown&cursor=" + *p.NextCursor
		}
	}
	if !slices.Equal(got, []string{"ci_1234", "ci_2400"}) || !slices.Equal(sizes, []string{"0", "1", "1"}) {
		t.Errorf("got %v in pages of %v", got, sizes)
	}
}

func TestListRefuses(t *testing.T) {
	a := serve(t, newMemory(connection("amazon", "ci_1")))
	long := strings.Repeat("x", 257)
	for query, code := range map[string]string{
		"limit=0": codeInvalidRequest, "limit=101": codeInvalidRequest, "limit=": codeInvalidRequest, "limit=1.0": codeInvalidRequest,
		"limit=%2B1": codeInvalidRequest, "limit=-1": codeInvalidRequest, "limit=99999999999999999999": codeInvalidRequest,
		"limit=1&limit=2": codeInvalidRequest, "status=Active": codeInvalidRequest, "status=": codeInvalidRequest, "state=well": codeInvalidRequest,
		"profile=all": codeInvalidRequest, "fresh=yes": codeInvalidRequest, "include_fleet_health=2": codeInvalidRequest,
		"connector_id=": codeInvalidRequest, "connector_id=" + long: codeInvalidRequest, "connector_id=%00": codeInvalidRequest,
		"connector_id=%ff": codeInvalidRequest, "q=%ff": codeInvalidRequest, "q=%00": codeInvalidRequest, "q=" + strings.Repeat("x", 1025): codeInvalidRequest,
		strings.Repeat("connector_id=a&", 101): codeInvalidRequest,
		"nonsense=1":                           codeInvalidRequest, "Limit=1": codeInvalidRequest, "%zz": codeInvalidRequest, "limit=1;cursor=2": codeInvalidRequest,
		"connection=": codeInvalidRequest, "connection=" + long: codeInvalidRequest, "connection=ci_1&limit=1": codeInvalidRequest,
		"connection=ci_1&cursor=x": codeInvalidRequest, "connection=ci_1&q=x": codeInvalidRequest, "connection=%00": codeInvalidRequest,
		"cursor=": codeInvalidCursor, "cursor=x": codeInvalidCursor, "cursor=" + strings.Repeat("A", 4096): codeInvalidCursor,
		"cursor=%00": codeInvalidCursor,
	} {
		a.expect(a.get("/_ref/connectors?"+query), http.StatusBadRequest, code)
	}
	if e := a.expect(a.get("/_ref/connectors?limit=0"), http.StatusBadRequest, codeInvalidRequest); e.Param != "limit" {
		t.Errorf("param %q, want limit", e.Param)
	}
}

// TestCursorsAreBound: to the owner and to the filters, in whatever order these came, and to no page size.
func TestCursorsAreBound(t *testing.T) {
	m := newMemory(connection("a", "ci_1"), connection("a", "ci_2"), connection("b", "ci_3"))
	a := serve(t, m)
	p := a.page("/_ref/connectors?limit=1&connector_id=a&connector_id=b")
	cursor := "&cursor=" + *p.NextCursor
	if got := a.page("/_ref/connectors?limit=50&connector_id=b&connector_id=a" + cursor).ids(); !slices.Equal(got, []string{"ci_2", "ci_3"}) {
		t.Errorf("the same filters in another order: %v", got)
	}
	for _, other := range []string{"", "&connector_id=a", "&connector_id=a&connector_id=b&status=active", "&connector_id=a&connector_id=b&q=c", "&connector_id=a&connector_id=b&state=healthy"} {
		a.expect(a.get("/_ref/connectors?limit=1"+other+cursor), http.StatusBadRequest, codeInvalidCursor)
	}
	w := a.do("GET", "/_ref/connectors?connector_id=a&connector_id=b"+cursor, nil, "Authorization", "Bearer "+bobs)
	a.expect(w, http.StatusBadRequest, codeInvalidCursor)
	m.rows = m.rows[1:] // the connection at the cursor went: the traversal goes on
	if got := a.page("/_ref/connectors?connector_id=a&connector_id=b" + cursor).ids(); !slices.Equal(got, []string{"ci_2", "ci_3"}) {
		t.Errorf("after the cursor's connection went: %v", got)
	}
}

func TestProfiles(t *testing.T) {
	a := serve(t, newMemory(connection("amazon", "ci_1")))
	for profile, keys := range map[string]string{
		profileInventory: "connection_id connector_display_name connector_id connector_instance_id display_name membership_state streams",
		profileCounts: "acquisition_coverage connection_id connector_display_name connector_id connector_instance_id display_name " +
			"membership_state revoked_at status streams total_records total_records_state",
	} {
		row := a.page("/_ref/connectors?profile=" + profile).Data[0]
		var got []string
		for k := range row {
			got = append(got, k)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != keys || row["membership_state"] != "complete" {
			t.Errorf("%s: %v", profile, row)
		}
	}
}

func TestFleetHealthOnATerminalFirstPageOnly(t *testing.T) {
	bad := connection("b", "ci_2")
	bad.State = summary.StateFailed
	a := serve(t, newMemory(connection("a", "ci_1"), bad))
	p := a.page("/_ref/connectors?include_fleet_health=1")
	if p.FleetHealth["state"] != "indeterminate" || p.FleetHealth["fully_healthy"] != false {
		t.Errorf("fleet health %v", p.FleetHealth)
	}
	unknown := p.FleetHealth["dimensions"].(map[string]any)["unknown_evidence"].([]any)
	if len(unknown) != 1 || unknown[0].(map[string]any)["connection_id"] != "ci_2" {
		t.Errorf("unknown_evidence %v", unknown)
	}
	p = a.page("/_ref/connectors?include_fleet_health=1&limit=1")
	if p.FleetHealth != nil || a.page("/_ref/connectors?include_fleet_health=1&cursor="+*p.NextCursor).FleetHealth != nil {
		t.Error("fleet health of a part of the fleet")
	}
	if a.page("/_ref/connectors").FleetHealth != nil {
		t.Error("fleet health that nobody asked for")
	}
}
