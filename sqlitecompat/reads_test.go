package sqlitecompat

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"tidemark/summary"
)

// TestPage walks pages and filters them as summary.Filter says.
func TestPage(t *testing.T) {
	f := stocked(t)
	f.must(t, `UPDATE connector_instances SET display_name = 'Ünïcode 100%_Shop', status = 'paused' WHERE connector_instance_id = 'c2'`,
		`INSERT `+records("c1", "orders", "x={}@30"))
	read := func(q summary.PageQuery) (ids []string, page summary.Page) {
		t.Helper()
		q.Owner = "ann"
		page, err := f.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Observations {
			o := &page.Observations[i]
			if !q.Filter.Matches(o.Identity) {
				t.Errorf("%+v lets %s through", q.Filter, o.ConnectionID)
			}
			ids = append(ids, o.ConnectionID)
		}
		return ids, page
	}
	ids, page := read(summary.PageQuery{Limit: 1})
	if !slices.Equal(ids, []string{"c1"}) || !page.More {
		t.Errorf("first page: %v, more: %v", ids, page.More)
	}
	o := page.Observations[0]
	if o.DirtySince == nil || len(o.Behind) != 0 || o.Streams[0].RecordCount != 4 || o.Streams[0].NewestAt.String() != at("30") || *o.Connector.DisplayName != "Amazon" {
		t.Errorf("pending deltas are not folded: %+v", o)
	}
	after := summary.PositionOf(&o)
	if ids, page = read(summary.PageQuery{Limit: 1, After: &after}); !slices.Equal(ids, []string{"c2"}) || page.More {
		t.Errorf("second page: %v, more: %v", ids, page.More)
	}
	if o := page.Observations[0]; !o.Behind[summary.Runs] || o.Behind[summary.Records] || *o.Identity.DisplayName != "Ünïcode 100%_Shop" {
		t.Errorf("a changed connection: %+v", o)
	}
	for _, c := range []struct {
		filter summary.Filter
		want   []string
	}{
		{summary.Filter{Query: "00%_s"}, []string{"c2"}},
		{summary.Filter{Query: "ünÏ"}, nil}, // only ASCII letters are alike
		{summary.Filter{Query: "MAZ"}, []string{"c1", "c2"}},
		{summary.Filter{Status: "paused"}, []string{"c2"}},
		{summary.Filter{ConnectorIDs: []string{"bank", "amazon"}, Status: "active"}, []string{"c1"}},
		{summary.Filter{ConnectorIDs: []string{"bank"}}, nil},
	} {
		if ids, _ := read(summary.PageQuery{Filter: c.filter, Limit: 10}); !slices.Equal(ids, c.want) {
			t.Errorf("%+v: %v, want %v", c.filter, ids, c.want)
		}
	}
}

func TestScoped(t *testing.T) {
	f := stocked(t)
	f.must(t, `INSERT INTO connector_detail_gaps (gap_id, connector_instance_id, updated_at) VALUES ('g1', 'c1', '`+at("01")+`'), ('g2', 'c1', '`+at("02")+`')`,
		`INSERT INTO connector_attention (attention_id, connector_instance_id) VALUES ('a1', 'c1')`)
	for _, c := range []struct {
		owner, id string
		want      []string
		detail    bool
	}{
		{"ann", "c1", []string{"c1"}, true}, {"ann", "amazon", []string{"c1", "c2"}, false}, {"bob", "bank", []string{"c3"}, true},
		{"bob", "c1", nil, false}, {"bob", "amazon", nil, false}, {"ann", "nope", nil, false}, {"nobody", "c1", nil, false},
	} {
		got, err := f.Scoped(t.Context(), c.owner, c.id)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, o := range got.Observations {
			ids = append(ids, o.ConnectionID)
		}
		if !slices.Equal(ids, c.want) || (got.Detail != nil) != c.detail {
			t.Errorf("%s reads %s: %v, detail: %v", c.owner, c.id, ids, got.Detail != nil)
		}
		if c.id == "c1" && got.Detail != nil && (len(got.Detail.Gaps) != 2 || got.Detail.Gaps[0].GapID != "g2" || len(got.Detail.Attention) != 1) {
			t.Errorf("detail: %+v", got.Detail)
		}
	}
}

func TestTokens(t *testing.T) {
	f := newFixture(t)
	hash := sha256.Sum256([]byte("secret"))
	now := summary.NewInstant(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC))
	expires := now.Add(time.Hour)
	token := summary.Token{TokenID: "t1", Owner: "ann", Scopes: []string{"read", "act"}, CreatedAt: now, ExpiresAt: &expires}
	if err := f.CreateToken(t.Context(), token, hash); err != nil {
		t.Fatal(err)
	}
	if err := f.CreateToken(t.Context(), summary.Token{TokenID: "t2", Operator: true, Scopes: []string{}, CreatedAt: now.Add(1)}, sha256.Sum256([]byte("other"))); err != nil {
		t.Fatal(err)
	}
	got, err := f.Token(t.Context(), hash)
	if err != nil || got.Owner != "ann" || !slices.Equal(got.Scopes, token.Scopes) || !got.Usable(now) || got.Usable(expires) {
		t.Errorf("token %+v %v", got, err)
	}
	if _, err := f.Token(t.Context(), [32]byte{}); !errors.Is(err, summary.ErrNoToken) {
		t.Errorf("unknown token: %v", err)
	}
	for range 2 {
		if err := f.RevokeToken(t.Context(), "t1"); err != nil {
			t.Error(err)
		}
	}
	if err := f.RevokeToken(t.Context(), "nope"); !errors.Is(err, summary.ErrNoToken) {
		t.Errorf("revoke an unknown token: %v", err)
	}
	all, err := f.Tokens(t.Context(), "")
	if err != nil || len(all) != 2 || all[0].RevokedAt == nil || !all[1].Operator {
		t.Errorf("tokens %+v %v", all, err)
	}
	if mine, err := f.Tokens(t.Context(), "ann"); err != nil || len(mine) != 1 {
		t.Errorf("tokens of ann %+v %v", mine, err)
	}
}

// TestStatementCache uses the same text twice at once, many texts, and a text whose table changes meanwhile.
func TestStatementCache(t *testing.T) {
	f := newFixture(t)
	tx, err := f.Reader().Begin()
	if err != nil {
		t.Fatal(err)
	}
	const query = `SELECT connector_instance_id FROM connector_instances ORDER BY 1`
	first, err := tx.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	second, err := tx.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"c1", "c2"} {
		for _, rows := range []interface {
			Next() bool
			Scan(...any) error
		}{first, second} {
			var got string
			if !rows.Next() || rows.Scan(&got) != nil || got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
	for _, close := range []func() error{first.Close, second.Close, tx.Rollback} {
		if err := close(); err != nil {
			t.Error(err)
		}
	}
	f.must(t, `CREATE TABLE notes (a)`, `INSERT INTO notes VALUES (1)`, `SELECT * FROM notes`)
	for i := range 2 * maxCached {
		f.must(t, fmt.Sprintf(`UPDATE notes SET a = %d`, i))
	}
	f.must(t, `ALTER TABLE notes ADD COLUMN b`, `INSERT INTO notes VALUES (1, 2)`, `DROP TABLE notes`, `CREATE TABLE notes (a)`, `INSERT INTO notes VALUES (1)`)
}

// TestTimes passes times as Go has them.
func TestTimes(t *testing.T) {
	f := newFixture(t)
	at := time.Date(2026, 5, 1, 7, 30, 0, 123456789, time.FixedZone("", 2*3600))
	instant := summary.NewInstant(at)
	for i, v := range []any{at, instant, &instant} {
		_, err := f.Writer().Exec(`INSERT INTO records (connector_instance_id, stream, record_key, emitted_at, deleted_at) VALUES ('c1', 's', ?, ?, ?)`, i, v, (*summary.Instant)(nil))
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := f.query(t, `SELECT DISTINCT emitted_at || coalesce(deleted_at, '') FROM records`); !slices.Equal(got, []string{"2026-05-01T05:30:00.123456Z"}) {
		t.Errorf("stored as %q", got)
	}
}

// TestOctets keeps ids that are not UTF-8, which SQLite lets a writer store.
func TestOctets(t *testing.T) {
	f := newFixture(t)
	id := "caf\xe9 \"\\\x01\U0001F600"
	for _, s := range []string{
		`INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES (?, 'ann', 'bank')`,
		`INSERT INTO records (connector_instance_id, stream, record_key) VALUES (?1, ?1, 'k')`,
		`INSERT INTO spine_events (event_type, run_id, source_id) VALUES ('run.started', ?1, ?1)`,
	} {
		if _, err := f.Writer().Exec(s, id); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		if _, err := f.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	scoped, err := f.Scoped(t.Context(), "ann", id)
	if err != nil || len(scoped.Observations) != 1 || scoped.Observations[0].DirtySince != nil || scoped.Observations[0].Streams[0].RecordCount != 1 {
		t.Errorf("%+v %v", scoped, err)
	}
	list := []string{id, "", "\xff\xfe", "plain"}
	if got, err := members(array(list)); err != nil || !slices.Equal(got, list) {
		t.Errorf("%q comes back as %q (%v)", list, got, err)
	}
	if got := f.query(t, `SELECT source_ids FROM run_evidence`); len(got) != 1 || got[0] != array([]string{id}) {
		t.Errorf("run_evidence holds %q", got)
	}
}

// TestCheckpoint folds the WAL into the file while the database is open.
func TestCheckpoint(t *testing.T) {
	f := newFixture(t)
	f.must(t, `CREATE TABLE filler (a)`, `INSERT INTO filler VALUES (zeroblob(2000000))`)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(30 * time.Second)
	for {
		file, err := os.Stat(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if file.Size() > 2_000_000 {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("the file has %d octets, the rest is in the WAL", file.Size())
		}
	}
}
