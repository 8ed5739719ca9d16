package drain

import (
	"context"

	"tidemark/summary"
)

// StreamRef names one stream of one connection; an empty Stream means all of them.
type StreamRef struct{ ConnectionID, Stream string }

// Source reads one snapshot of the source tables and of what is derived from them. Every method takes a set and costs a
// constant number of statements. Ids without a row are missing from the result. Not safe for concurrent use.
type Source interface {
	// Identities reads connector_instances.
	Identities(ctx context.Context, ids []string) (map[string]summary.IdentityFacts, error)
	// Evidence reads connector_summary_evidence.
	Evidence(ctx context.Context, ids []string) (map[string]Stored, error)
	// Streams reads retained_size_stream, sorted by name.
	Streams(ctx context.Context, ids []string) (map[string][]summary.StreamSize, error)
	// Recount counts records, record_changes and blobs of the streams; the result is sorted by name and has no empty
	// streams. Connections whose sums do not fit 64 bits are returned in overflow instead.
	Recount(ctx context.Context, refs []StreamRef) (sizes map[string][]summary.StreamSize, overflow []string, err error)
	// Newest finds the newest live emitted_at of each stream.
	Newest(ctx context.Context, refs []StreamRef) (map[StreamRef]summary.Instant, error)
	// Schedules, Gaps, Attention and Devices recompute these components from their source tables.
	Schedules(ctx context.Context, ids []string) (map[string]summary.ScheduleFacts, error)
	Gaps(ctx context.Context, ids []string) (map[string]summary.GapFacts, error)
	Attention(ctx context.Context, ids []string) (map[string]summary.AttentionFacts, error)
	Devices(ctx context.Context, ids []string) (map[string]summary.DeviceFacts, error)

	// RunFacts aggregates spine_events by run_id.
	RunFacts(ctx context.Context, runIDs []string) (map[string]summary.RunFacts, error)
	// RunRows reads run_evidence.
	RunRows(ctx context.Context, runIDs []string) (map[string]RunRow, error)
	// RunIDs names the runs that may belong to the connections: those of spine_events and of run_evidence that name one,
	// or carry its profile key.
	RunIDs(ctx context.Context, ids []string) ([]string, error)
	// Runs attributes run_evidence to the connections (SPEC section 9) and returns what evidence keeps of it.
	Runs(ctx context.Context, ids []string) (map[string]summary.RunFactsOf, error)
	// ProfileOwners returns the connections to which runs with these keys belong: those that alone among their connector's expect
	// one. It costs the same however many share a key.
	ProfileOwners(ctx context.Context, keys []ProfileKey) ([]string, error)
	// ProfileSharers returns the connections whose runs a change of who expects one of the profile keys can move: those that expect
	// it alone, and those that share it and have runs in their evidence, which may be from when they did not.
	ProfileSharers(ctx context.Context, profileKeys []string) ([]string, error)
	// Unlisted returns those of the attributions, all of runs that there are, by which these belong to nobody and yet no scoped read would find them:
	// they are not listed as unattributed, and no visible mark names them.
	Unlisted(ctx context.Context, of []Attribution) ([]Attribution, error)
}

// Stored is an evidence row as an engine keeps it.
type Stored struct {
	summary.Row
	Version    int64
	ComputedAt summary.Instant
	State      string
	LastError  *string
}

// Replaced is an evidence row that takes the place of the one with version Was.
type Replaced struct {
	Stored
	Was int64
}

// Resized is what a stream retains now. Where that is nothing (Empty) it has no row.
type Resized struct {
	ConnectionID string
	summary.StreamSize
}

// RunRow is a run_evidence row. The slices are distinct, sorted by bytes, never nil.
type RunRow struct {
	RunID                                 string
	FirstSeq                              int64
	Status                                string
	ProfileKeys, ConnectionIDs, SourceIDs []string
	RunJSON                               string // summary.Run
}

// ProfileKey is a browser profile's key, as one connector's connections may expect it.
type ProfileKey struct{ Key, Connector string }

// profileKey is that by which the run belongs to somebody, if it has one: there must be one of each.
func (r RunRow) profileKey() (ProfileKey, bool) {
	if len(r.ProfileKeys) != 1 || len(r.SourceIDs) != 1 {
		return ProfileKey{}, false
	}
	return ProfileKey{r.ProfileKeys[0], r.SourceIDs[0]}, true
}

// RunMark is a pending mark of spine_events: the run, profile key and connection that the event gave, each may be empty; or, with a
// profile key alone, of a binding that changed.
type RunMark struct{ RunID, ProfileKey, ConnectionID string }

// Taken is what a drain took: the marks are deleted, in the snapshot of the transaction.
type Taken struct {
	// Connections holds, for each connection in it, every pending mark that names it and that the snapshot sees.
	Connections map[string]*summary.Pending
	// Retry names those among Connections whose last recompute failed: they are recounted whole.
	Retry []string
	// Runs and Connectors are marks of spine events and of manifests.
	Runs       []RunMark
	Connectors []string
	// Marks counts what was taken; More says that pending marks were left for the next drain.
	Marks int64
	More  bool
}

// Tx is one drain transaction. The engine holds the drain lock from before its snapshot until it ends.
type Tx interface {
	Source
	// Take deletes a bounded number of pending marks and returns them. Marks of connections that wait for a retry are
	// parked instead. The marks of the connections in force and first must be among those taken whatever the bound, and where it
	// binds, first is all that is taken; those in force are retried, however their last recompute ended. Whatever connections the
	// marks tell to have come, gone or changed their key, what is attributed by them is listed as ListUnattributed does.
	Take(ctx context.Context, force, first []string) (Taken, error)
	// Versions takes n consecutive values from the global counter and returns the first.
	Versions(ctx context.Context, n int) (int64, error)
	// Savepoint runs fn; if it fails, what it wrote is undone and its error returned, and the transaction goes on.
	Savepoint(ctx context.Context, fn func() error) error
	// ReplaceStreams replaces these rows of retained_size_stream; of those that retain nothing none is left.
	ReplaceStreams(ctx context.Context, version int64, rows []Resized) error
	// ReplaceRuns replaces run_evidence rows; gone are run ids that have no event left.
	ReplaceRuns(ctx context.Context, version int64, rows []RunRow, gone []string) error
	// ListUnattributed brings the list of what belongs to nobody up to date with run_evidence and the connections that there are.
	ListUnattributed(ctx context.Context, of []Attribution) error
	// Current returns the versions of those evidence rows among ids whose state is current.
	Current(ctx context.Context, ids []string) (map[string]int64, error)
	// ReplaceSizes replaces the columns of records and retained bytes, version and computed_at of evidence rows that Current
	// returned.
	ReplaceSizes(ctx context.Context, rows []Replaced) error
	// ReplaceEvidence replaces evidence rows, each with its own version.
	ReplaceEvidence(ctx context.Context, rows []Stored) error
	// DeleteEvidence deletes everything derived from connections that are gone.
	DeleteEvidence(ctx context.Context, ids []string) error
	// AnnounceDeletions leaves, for an hour, what returning clients are told.
	AnnounceDeletions(ctx context.Context, told []Deletion) error
	// AnnounceManifests stores the versions of manifest changes.
	AnnounceManifests(ctx context.Context, connectors []Version) error
	// Park inserts the marks of a connection that failed, and when to try again; Recovered forgets former failures.
	Park(ctx context.Context, f Failure) error
	Recovered(ctx context.Context, ids []string) error
	// SaveRebuild stores how far a rebuild has come.
	SaveRebuild(ctx context.Context, p Progress, finished bool) error
	// Now is the engine's clock.
	Now() summary.Instant
}

// Deletion is a connection that is gone for its owner: deleted, or another's since.
type Deletion struct {
	ConnectionID, Owner string
	Version             int64
}

// Version is an id with the version at which it changed.
type Version struct {
	ID      string
	Version int64
}

// Failure is a connection whose recompute failed. Marks are to be inserted into marks_parked.
type Failure struct {
	ConnectionID string
	ReasonCode   string
	Marks        []summary.Mark
	Cause        error // for the log, never stored or shown
}

// Result is what one drain did.
type Result struct {
	Marks     int64      // taken
	More      bool       // pending marks were left
	Changed   []Version  // connections whose evidence changed
	Deleted   []Deletion // connections that are gone, of those that had evidence
	Manifests []Version  // connectors
	Failed    []Failure
	// Repaired names connections whose deltas could not be right and that were recounted.
	Repaired []string
	// MaxVersion is the highest version that was written; 0 if none.
	MaxVersion int64
}

// Empty reports whether the drain found nothing to do.
func (r Result) Empty() bool { return r.Marks == 0 && !r.More }
