package summary

import "slices"

// Why capture of a source table is not trusted: the closed set of capture_state.reason_code, on both engines.
const (
	CaptureNotInstalled      = "triggers_not_installed"       // no trigger set was ever recorded
	CaptureOnPopulated       = "installed_on_populated_table" // rows were there before the triggers
	CaptureTableMissing      = "table_missing"                // the source table itself is gone
	CaptureTableReplaced     = "table_replaced"               // by another one of the same name
	CaptureColumnAltered     = "column_altered"               // each row may have another value in it
	CaptureForgotten         = "capture_forgotten"            // PostgreSQL: no row of capture_state tells of the table
	CaptureTableUnlogged     = "table_unlogged"               // PostgreSQL: a crash empties it, or a table of Tidemark's own
	CaptureTriggerMissing    = "trigger_missing"
	CaptureTriggerDisabled   = "trigger_disabled"
	CaptureTriggerDemoted    = "trigger_demoted" // fires for other values of session_replication_role
	CaptureTriggerAltered    = "trigger_altered"
	CaptureTriggerStray      = "trigger_stray"   // one too many: it marks what is marked already, or what is no source table's
	CaptureTriggerTouched    = "trigger_touched" // changed, and put back behind Tidemark's back
	CaptureFunctionMissing   = "function_missing"
	CaptureFunctionAltered   = "function_altered"
	CaptureFunctionOwner     = "function_owner" // somebody else's rights
	CaptureFunctionTouched   = "function_touched"
	CapturePartitionAttached = "partition_attached"     // or created, or made to inherit: its rows came unseen
	CapturePartitionDetached = "partition_detached"     // or dropped: its rows went unseen
	CapturePartitionForeign  = "partition_foreign"      // a foreign table, which can have no such triggers
	CaptureTableBelow        = "table_below_another"    // it is a partition of another table, or inherits from it: statements that name that one fire no trigger here
	CaptureBypassed          = "bypassed"               // the auditor saw a change without a mark
	CaptureIndexUnguarded    = "unique_index_unguarded" // SQLite: a unique index came or went, and the guards do not know it
	CaptureHookedRowLeft     = "hooked_row_left"        // SQLite: what keeps the guard triggers still was committed
	CaptureFileReplaced      = "file_replaced"          // SQLite: another file lies where the open one did, or none
)

// CaptureReasons are all of them, and what stands for any other reason, or none.
var CaptureReasons = []string{
	CaptureNotInstalled, CaptureOnPopulated, CaptureTableMissing, CaptureTableReplaced, CaptureColumnAltered, CaptureForgotten, CaptureTableUnlogged, CaptureTriggerMissing,
	CaptureTriggerDisabled, CaptureTriggerDemoted, CaptureTriggerAltered, CaptureTriggerStray, CaptureTriggerTouched, CaptureFunctionMissing, CaptureFunctionAltered,
	CaptureFunctionOwner, CaptureFunctionTouched, CapturePartitionAttached, CapturePartitionDetached, CapturePartitionForeign,
	CaptureTableBelow, CaptureBypassed, CaptureIndexUnguarded, CaptureHookedRowLeft, CaptureFileReplaced, ReasonUntrusted,
}

// CaptureReason is the reason_code of capture_state as a member of the closed set; nil, or one that nobody knows, still is a
// reason not to trust.
func CaptureReason(stored *string) string {
	if stored != nil && slices.Contains(CaptureReasons, *stored) {
		return *stored
	}
	return ReasonUntrusted
}
