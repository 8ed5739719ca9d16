package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tidemark/db"
	"tidemark/internal/enginetest"
	"tidemark/internal/pgtest"
	"tidemark/summary"
)

// replicated is a bench with a standby of its server, and reads from there.
type replicated struct {
	*bench
	*db.Replicated
	standby *pgtest.Cluster
	there   *pgx.Conn // a session on the standby
}

func replicate(t *testing.T, opts ...pgtest.Option) *replicated {
	t.Helper()
	primary := pgtest.Start(t, opts...)
	b := attach(t, enginetest.OpenPostgres(t, primary, enginetest.Fixture{}).DSN)
	b.captured = true
	standby := primary.Standby(t)
	dsn := standby.DSN(parse(t, b.dsn).Database)
	d, err := db.Open(t.Context(), b.dsn, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reads, err := db.Replicate(t.Context(), d, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reads.Close)
	there, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = there.Close(context.Background()) }) // the server may be gone
	return &replicated{b, reads, standby, there}
}

// look starts the watch over the standby and waits until it has found out what it should.
func (r *replicated) looks(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

func (r *replicated) records(t *testing.T, ctx context.Context) int64 {
	t.Helper()
	page, err := r.Replicated.Page(ctx, summary.PageQuery{Owner: "ann", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Observations) == 0 {
		return -1
	}
	total, _ := summary.Total(page.Observations[0].Streams)
	return total.Records
}

// pause keeps the standby from replaying.
func (r *replicated) pause(t *testing.T, sql string) {
	t.Helper()
	if _, err := r.there.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// Reads come from the standby; a drain for a fresh read returns when the standby has it; where that takes too long the primary
// can still be asked. Tokens are looked up on the primary.
func TestReadsFromAStandby(t *testing.T) {
	r := replicate(t)
	r.connection("c1")
	r.record(r.writer, "c1", "s", "1", 10)
	if err := r.Replicated.Reconcile(t.Context(), []string{"c1"}); err != nil {
		t.Fatal(err)
	}
	if got := r.records(t, t.Context()); got != 1 {
		t.Errorf("%d records after the drain was waited for, want 1", got)
	}
	s := r.Replica()
	if !s.Fit || s.OnStandby != 1 || s.OnPrimary != 0 {
		t.Errorf("%+v", s)
	}
	token := summary.Token{TokenID: "t_1", Owner: "ann", Scopes: []string{"read"}, CreatedAt: summary.NewInstant(time.Now())}
	if err := r.Replicated.CreateToken(t.Context(), token, [32]byte{1}); err != nil {
		t.Fatal(err)
	}
	r.pause(t, "SELECT pg_wal_replay_pause()")
	r.until(func() bool {
		var state string
		err := r.there.QueryRow(t.Context(), "SELECT pg_get_wal_replay_pause_state()").Scan(&state)
		return err == nil && state == "paused"
	})
	r.record(r.writer, "c1", "s", "2", 10)
	if err := r.Replicated.RevokeToken(t.Context(), "t_1"); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Replicated.Token(t.Context(), [32]byte{1}); err != nil || got.RevokedAt == nil {
		t.Errorf("a revoked token lives on: %+v, %v", got, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := r.Replicated.Reconcile(short, []string{"c1"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a standby that does not replay is waited for: %v", err)
	}
	if got := r.records(t, t.Context()); got != 1 {
		t.Errorf("the standby shows %d records, want 1", got)
	}
	if got := r.records(t, summary.FromPrimary(t.Context())); got != 2 {
		t.Errorf("the primary shows %d records, want 2", got)
	}
	r.pause(t, "SELECT pg_wal_replay_resume()")
	if err := r.Replicated.Reconcile(t.Context(), []string{"c1"}); err != nil {
		t.Fatal(err)
	}
	if got := r.records(t, t.Context()); got != 2 {
		t.Errorf("%d records after the replay went on, want 2", got)
	}
}

// A standby that goes is made up for by the primary, and comes back; one that is promoted is none any more.
func TestReadsOutliveTheStandby(t *testing.T) {
	r := replicate(t)
	r.connection("c1")
	r.record(r.writer, "c1", "s", "1", 10)
	if err := r.Replicated.Reconcile(t.Context(), []string{"c1"}); err != nil {
		t.Fatal(err)
	}
	r.looks(t)
	r.standby.Kill(t)
	if got := r.records(t, t.Context()); got != 1 {
		t.Errorf("without a standby: %d records", got)
	}
	if s := r.Replica(); s.Fit || s.OnPrimary == 0 || r.Check().Reason == "" || !r.Check().OK {
		t.Errorf("%+v, %+v", s, r.Check())
	}
	if err := r.Replicated.Reconcile(t.Context(), []string{"c1"}); err != nil {
		t.Errorf("without a standby: %v", err)
	}
	r.standby.Restart(t)
	r.until(func() bool { return r.Replica().Fit })
	if from := r.ReadsFrom().Port; int(from) != r.standby.Port() {
		t.Errorf("reads come from port %d, the standby's is %d", from, r.standby.Port())
	}
	r.standby.Promote(t)
	r.until(func() bool { return !r.Replica().Fit })
	if got := r.records(t, t.Context()); got != 1 || int(r.ReadsFrom().Port) == r.standby.Port() {
		t.Errorf("reads come from a standby that is none any more")
	}
}

// What is no standby of this server's is refused.
func TestReadDatabaseMustBeAStandby(t *testing.T) {
	b := open(t)
	d, err := db.Open(t.Context(), b.dsn, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if r, err := db.Replicate(t.Context(), d, b.dsn); err == nil {
		r.Close()
		t.Error("the primary passes for its own standby")
	}
}

// Recovery cancels a read that is in its way; it is made once more, and nobody hears of it.
func TestReadsThatRecoveryCancels(t *testing.T) {
	r := replicate(t, pgtest.Setting("max_standby_streaming_delay", "0"))
	r.connection("c1")
	r.record(r.writer, "c1", "s", "1", 10)
	r.exec(`CREATE TABLE public.held ()`)
	r.exec(`CREATE FUNCTION public.slow() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
		IF to_regclass('public.held') IS NOT NULL THEN
			EXECUTE 'SELECT FROM public.held'; PERFORM pg_sleep(3600);
		END IF; RETURN true; END $$`)
	if err := r.Replicated.Reconcile(t.Context(), []string{"c1"}); err != nil {
		t.Fatal(err)
	}
	// A read of the capture state now locks a table and sleeps.
	r.exec(`ALTER VIEW tidemark.capture RENAME TO real_capture;
		CREATE VIEW tidemark.capture AS SELECT * FROM tidemark.real_capture WHERE (SELECT public.slow())`)
	r.until(func() bool {
		var there bool
		err := r.there.QueryRow(t.Context(), `SELECT to_regclass('tidemark.real_capture') IS NOT NULL`).Scan(&there)
		return err == nil && there
	})
	done := make(chan int64, 1)
	go func() { done <- r.records(t, t.Context()) }()
	r.until(func() bool {
		var n string
		err := r.there.QueryRow(t.Context(), sleeping).Scan(&n)
		return err == nil && n != "0"
	})
	r.exec(`DROP TABLE public.held`) // whose replay the read is in the way of
	if got := <-done; got != 1 {
		t.Errorf("%d records", got)
	}
	if s := r.Replica(); s.Conflicts == 0 {
		t.Errorf("%+v", s)
	}
}
