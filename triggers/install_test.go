package triggers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

func (s *session) install() Installed {
	s.t.Helper()
	done, err := Install(s.t.Context(), s.Conn)
	if err != nil {
		s.t.Fatal(err)
	}
	return done
}

// capture prints the tables that are not trusted.
func (s *session) capture() []string {
	s.t.Helper()
	return s.strings(`SELECT table_name || ' ' || reason_code || ' ' || recount::text FROM tidemark.capture_state WHERE NOT trusted ORDER BY 1`)
}

func TestInstall(t *testing.T) {
	b := openMigrated(t)
	if done := b.install(); len(done.Changed) != 110 || len(done.Untrusted) != 0 || done.Version != SetVersion {
		t.Errorf("%d objects changed, want 6 functions and 5 triggers of 10 tables; untrusted %v", len(done.Changed), done.Untrusted)
	}
	if found := b.inventory(); len(found) > 0 {
		t.Errorf("findings after installation: %+v", found)
	}
	if got := b.strings(`SELECT table_name FROM tidemark.capture_state WHERE trusted AND recount = '{}'`); len(got) != len(sources) {
		t.Errorf("trusted: %v", got)
	}
	// The row triggers cost writers on the origin nothing, because they do not fire there.
	states := b.strings(`SELECT DISTINCT tgname || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`)
	if want := []string{"tidemark_delete O", "tidemark_insert O", "tidemark_replica R", "tidemark_truncate A", "tidemark_update O"}; !slices.Equal(states, want) {
		t.Errorf("states %q, want %q", states, want)
	}
	all := `
		SELECT 'x' || xmin || ' ' || ctid FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT 'x' || xmin || ' ' || ctid FROM pg_proc WHERE pronamespace = 'tidemark'::regnamespace
		UNION ALL SELECT 'x' || xmin || ' ' || ctid FROM tidemark.trigger_sets
		UNION ALL SELECT 'x' || xmin || ' ' || ctid FROM tidemark.capture_state`
	before := b.strings(all)
	if done := b.install(); len(done.Changed)+len(done.Untrusted) != 0 || done.Version != SetVersion {
		t.Errorf("second installation: %+v", done)
	}
	if after := b.strings(all); !slices.Equal(before, after) {
		t.Error("second installation wrote rows")
	}
}

func TestInstallSeveralAtOnce(t *testing.T) {
	b := openMigrated(t)
	var changed [4]int
	g, ctx := errgroup.WithContext(t.Context())
	for i := range changed {
		conn := b.open("").Conn
		g.Go(func() error {
			done, err := Install(ctx, conn)
			changed[i] = len(done.Changed)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(changed[:])
	if changed != [4]int{0, 0, 0, 110} {
		t.Errorf("changed %v objects", changed)
	}
}

// What was there before the triggers is not evidence of anything.
func TestInstallOnPopulatedTables(t *testing.T) {
	b := openMigrated(t)
	b.exec(`
		INSERT INTO connectors (connector_id) VALUES ('shop');
		INSERT INTO connector_instances (connector_instance_id, owner_subject_id, connector_id) VALUES ('a', 'ann', 'shop'), ('b', 'ann', 'shop');` + everything)
	done := b.install()
	want := []string{
		"blobs installed_on_populated_table {retained_bytes}", "connector_attention installed_on_populated_table {attention}",
		"connector_detail_gaps installed_on_populated_table {gaps}", "connector_instances installed_on_populated_table {identity,runs}",
		"connector_schedules installed_on_populated_table {schedule}", "connectors installed_on_populated_table {manifest}",
		"device_heartbeats installed_on_populated_table {device}", "record_changes installed_on_populated_table {retained_bytes}",
		"records installed_on_populated_table {records,retained_bytes}", "spine_events installed_on_populated_table {runs}",
	}
	if got := b.capture(); !slices.Equal(got, want) || len(done.Untrusted) != 10 {
		t.Errorf("untrusted %v\n got %q\nwant %q", done.Untrusted, got, want)
	}
	if done := b.install(); len(done.Untrusted) != 0 {
		t.Errorf("again: %v", done.Untrusted)
	}
	if got := b.capture(); !slices.Equal(got, want) {
		t.Errorf("again:\n got %q\nwant %q", got, want)
	}
}

// olderFunction makes the installed set an older one, with another body of one function.
func (s *session) olderFunction() {
	s.t.Helper()
	s.exec(`UPDATE tidemark.trigger_sets SET set_version = set_version - 1`)
	s.exec(`CREATE OR REPLACE FUNCTION tidemark.blobs_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NULL; END'`)
	s.exec(`UPDATE tidemark.trigger_sets SET definition = pg_get_functiondef('tidemark.blobs_insert'::regproc)
		WHERE object_kind = 'function' AND object_name = 'blobs_insert'`)
	s.seen()
}

// seen makes what is there now what an installation has left.
func (s *session) seen() {
	s.t.Helper()
	s.exec(`DELETE FROM tidemark.capture_touched; DELETE FROM tidemark.capture_seen;
		INSERT INTO tidemark.capture_seen SELECT table_name, object_kind, relation, object_name, stamp, shown FROM tidemark.capture_objects`)
}

// An older set gives way to ours without a loss of trust, if it was intact; a newer one stays.
func TestInstallOverAnotherSet(t *testing.T) {
	b := open(t)
	b.olderFunction()
	b.exec(`CREATE OR REPLACE TRIGGER tidemark_delete AFTER DELETE ON blobs FOR EACH ROW EXECUTE FUNCTION tidemark.blobs_insert()`)
	b.exec(`UPDATE tidemark.trigger_sets SET definition = pg_get_triggerdef(t.oid) FROM pg_trigger t
		WHERE t.tgrelid = 'blobs'::regclass AND t.tgname = 'tidemark_delete'
		  AND object_kind = 'trigger' AND table_name = 'blobs' AND object_name = 'tidemark_delete'`)
	b.seen()
	done := b.install()
	if want := []string{"function tidemark.blobs_insert", "trigger tidemark_delete on public.blobs"}; !slices.Equal(done.Changed, want) {
		t.Errorf("changed %q, want %q", done.Changed, want)
	}
	if got := b.capture(); len(done.Untrusted) != 0 || len(got) != 0 {
		t.Errorf("an upgrade lost trust: %v, %q", done.Untrusted, got)
	}
	if found := b.inventory(); len(found) > 0 {
		t.Errorf("findings: %+v", found)
	}

	b.exec(`UPDATE tidemark.trigger_sets SET set_version = set_version + 1 WHERE set_version = $1`, SetVersion)
	if _, err := Install(t.Context(), b.Conn); !errors.Is(err, ErrNewerSet) {
		t.Errorf("over a newer set: %v", err)
	}
	if found := b.inventory(); len(found) > 0 {
		t.Errorf("an old server finds fault with a newer set: %+v", found)
	}
}

func TestInstallRefusesWhatIsNotThere(t *testing.T) {
	b := connectEmpty(t)
	if _, err := Install(t.Context(), b.Conn); !errors.Is(err, ErrNotMigrated) {
		t.Errorf("no schema: %v", err)
	}
	if _, err := Inventory(t.Context(), b.Conn); !errors.Is(err, ErrNotMigrated) {
		t.Errorf("no schema: %v", err)
	}
	b = openMigrated(t)
	b.exec(`DROP TABLE blobs`)
	if _, err := Install(t.Context(), b.Conn); err == nil || !strings.Contains(err.Error(), "source table public.blobs does not exist") {
		t.Errorf("no table: %v", err)
	}
	b = openMigrated(t)
	b.role("tidemark_test_stranger")
	b.exec(`GRANT USAGE ON SCHEMA tidemark TO tidemark_test_stranger; GRANT SELECT ON ALL TABLES IN SCHEMA tidemark TO tidemark_test_stranger`)
	if _, err := Install(t.Context(), b.open("tidemark_test_stranger").Conn); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("no right: %v", err)
	}
}

// Nothing is locked where nothing differs, nor where an upgrade brings other functions only.
func TestInstallLocksOnlyWhatDiffers(t *testing.T) {
	b := open(t)
	busy := b.open("")
	busy.exec(`BEGIN`)
	for i := range sources {
		busy.exec(`LOCK TABLE ` + sources[i].table + ` IN ROW EXCLUSIVE MODE`)
	}
	impatient := installer{patience: 0}
	if _, err := impatient.run(t.Context(), b.Conn); err != nil {
		t.Fatal(err)
	}
	b.olderFunction()
	if done, err := impatient.run(t.Context(), b.Conn); err != nil || len(done.Changed) != 1 || len(done.Untrusted) != 0 {
		t.Fatal(done, err)
	}
	// A function that was tampered with is another matter: a transaction may have written without a mark, and go on.
	b.exec(`ALTER FUNCTION tidemark.records_insert() SECURITY INVOKER`)
	_, err := impatient.run(t.Context(), b.Conn)
	if err == nil || !strings.Contains(err.Error(), "lock public.records: transaction") || !strings.Contains(err.Error(), "end the long transaction") {
		t.Errorf("a table in use: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := Install(ctx, b.Conn); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a deadline: %v", err)
	}
}

// While a long transaction writes, an installation waits without holding up other writers; it succeeds in the end.
func TestInstallDoesNotHoldUpWriters(t *testing.T) {
	b := open(t)
	b.exec(someRecords)
	for i := range sources {
		b.exec(`DROP TRIGGER tidemark_insert ON ` + sources[i].table)
	}
	long, writer := b.open(""), b.open("")
	long.exec(`BEGIN`)
	long.exec(`UPDATE spine_events SET status = 'x'`)
	done := make(chan error, 1)
	go func() {
		_, err := Install(context.WithoutCancel(t.Context()), b.Conn)
		done <- err
	}()
	writer.await(`SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock'`)
	for i := range 5 {
		for j := range sources {
			writer.exec(`UPDATE ` + sources[j].table + ` SET ` + harmless[sources[j].table])
			if n := writer.strings(`SELECT 'waits for ' || relation::regclass FROM pg_locks WHERE NOT granted AND locktype = 'relation'`); len(n) > 0 {
				t.Fatalf("round %d: %q", i, n)
			}
		}
	}
	long.exec(`UPDATE records SET emitted_at = now()`) // as it would have to wait for, if the installation had locked it
	long.exec(`COMMIT`)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if found := b.inventory(); len(found) > 0 {
		t.Errorf("findings: %+v", found)
	}
}

// harmless are changes of no row.
var harmless = map[string]string{
	"connectors": "connector_id = connector_id WHERE false", "connector_instances": "status = status WHERE false", "records": "version = version WHERE false",
	"record_changes": "version = version WHERE false", "blobs": "stream = stream WHERE false", "spine_events": "status = status WHERE false",
	"connector_schedules": "enabled = enabled WHERE false", "connector_detail_gaps": "status = status WHERE false",
	"connector_attention": "run_id = run_id WHERE false", "device_heartbeats": "status = status WHERE false",
}

// A transaction that begins to write just before an attempt locks holds it up no longer than lockWithin, and in a deadlock it is the
// attempt that gives way.
func TestLockGivesWay(t *testing.T) {
	b := open(t)
	long := b.open("")
	long.exec(`BEGIN`)
	long.exec(`UPDATE spine_events SET status = 'x'`)
	tx, err := b.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context())) //nolint:errcheck // nothing was written
	locked := make(chan error, 1)
	go func() {
		locked <- lockNow(context.WithoutCancel(t.Context()), tx, []string{"public.records", "public.spine_events"})
	}()
	long.await(`SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'public.spine_events'::regclass`)
	long.exec(`SET LOCAL deadlock_timeout = '30s'; UPDATE records SET emitted_at = now()`)
	if err := <-locked; !errors.Is(err, errLocked) {
		t.Errorf("the attempt ended with %v", err)
	}
	long.exec(`COMMIT`)
}
