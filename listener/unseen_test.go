package listener

import (
	"testing"

	"tidemark/internal/pgtest"
)

func TestSnapshotsShowWhatHasEnded(t *testing.T) {
	s, err := parseSnapshot("4294967290:4294967300:4294967294,4294967297")
	if err != nil {
		t.Fatal(err)
	}
	for xid, want := range map[uint32]bool{
		4294967289: true, 4294967290: true, 4294967294: false, 4294967295: true, // before the 32 bits wrap
		0: true, 1: false, 3: true, 4: false, 5: false,
	} {
		if s.shows(xid) != want {
			t.Errorf("%d is shown: %v", xid, !want)
		}
	}
	for _, text := range []string{"", "1:2", "1:2:3:4", "a:2:", "1:2:x"} {
		if _, err := parseSnapshot(text); err == nil {
			t.Errorf("%q is a snapshot", text)
		}
	}
}

func TestUnseenTransactionsAreBounded(t *testing.T) {
	var u, all unseen
	for xid := range uint32(3 * mostHeard) {
		u.add(xid)
	}
	if len(u.xids) > mostHeard || !u.many {
		t.Errorf("%d remembered, many: %v", len(u.xids), u.many)
	}
	if all.merge(u); !all.many || all.settle(snapshot{xmin: 1 << 40, xmax: 1 << 40}) {
		t.Error("many are settled without a horizon")
	}
}

// holdCommits makes commits wait for a standby that does not exist, when their record is in the WAL already: not yet visible.
func holdCommits(admin *program, hold bool) {
	admin.t.Helper()
	names := "''"
	if hold {
		names = "'nobody'"
	}
	admin.exec("SET synchronous_commit = off")
	admin.exec("ALTER SYSTEM SET synchronous_standby_names = " + names)
	admin.exec("SELECT pg_reload_conf()")
	want := map[bool]string{true: "nobody", false: ""}[hold]
	eventually(admin.t, "the setting is in force", func() bool { return ask[string](admin, "SHOW synchronous_standby_names") == want })
}

// waiting counts the sessions that wait in an event.
func waiting(admin *program, event string) int {
	return ask[int](admin, "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event = '"+event+"'")
}

func TestCommitsInTheWALBeforeTheyAreVisible(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t, decodes(t)...)
	t.Run("heard of", func(t *testing.T) { commitHeardOf(t, newDatabase(t, cluster)) })
	t.Run("before the slot", func(t *testing.T) { commitBeforeSlot(t, newDatabase(t, cluster)) })
}

// waitsAlone has the commits of writer wait for a standby, and no others in its database: any of them may have to, since whoever has
// a transaction id waits if it has only tidied up a page.
func waitsAlone(admin, writer *program) {
	admin.t.Helper()
	admin.exec("DO $$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %I SET synchronous_commit = local', current_database()); END $$")
	writer.exec("SET synchronous_commit = on")
}

// A commit is heard of before its marks can be seen. The drain that it wakes finds nothing; nothing else will wake another.
func commitHeardOf(t *testing.T, dsn string) {
	admin, writer := connect(t, dsn), connect(t, dsn)
	waitsAlone(admin, writer)
	l, _ := start(t, walConfig(t, dsn))
	asleepByWAL(t, l)
	holdCommits(admin, true)
	defer holdCommits(admin, false) // or the writer waits for ever
	asleepByWAL(t, l)
	before := l.Status()
	committed := make(chan struct{})
	go func() { defer close(committed); writer.mark() }()
	eventually(t, "the commit waits", func() bool { return waiting(admin, "SyncRep") == 1 })
	eventually(t, "it was heard of", func() bool { return l.Status().Wakeups.Signalled > before.Wakeups.Signalled })
	eventually(t, "a drain found nothing", func() bool { return l.Status().Drains > before.Drains })
	awaitPhase(t, l, PhaseArming)
	holdCommits(admin, false)
	<-committed
	awaitMarks(t, l, 1)
	asleepByWAL(t, l)
}

// A transaction that commits while the slot is being made is not in it, and may become visible after it was made.
func commitBeforeSlot(t *testing.T, dsn string) {
	admin, first, second, writer := connect(t, dsn), connect(t, dsn), connect(t, dsn), connect(t, dsn)
	hold := func(p *program) string {
		p.exec("BEGIN")
		return ask[string](p, "SELECT pg_current_xact_id()::text")
	}
	waitsFor := func(xid string) {
		t.Helper()
		eventually(t, "the slot waits for transaction "+xid, func() bool {
			return ask[bool](admin, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid' AND transactionid::text = '"+xid+"')")
		})
	}
	waitsAlone(admin, writer)
	one := hold(first)
	l, _ := start(t, walConfig(t, dsn))
	waitsFor(one)
	two := hold(second)
	first.exec("ROLLBACK")
	waitsFor(two)
	holdCommits(admin, true)
	defer holdCommits(admin, false) // or the writer waits for ever
	committed := make(chan struct{})
	go func() { defer close(committed); writer.mark() }()
	eventually(t, "the commit waits", func() bool { return waiting(admin, "SyncRep") == 1 })
	second.exec("ROLLBACK")
	awaitSignal(t, l, SignalWAL, ReasonConfigured)
	awaitPhase(t, l, PhaseArming)
	holdCommits(admin, false)
	<-committed
	awaitMarks(t, l, 1)
	asleepByWAL(t, l)
}
