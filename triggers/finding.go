package triggers

import "tidemark/summary"

// Finding is one thing about the triggers of a source table that is not as recorded. While there is one, changes of the
// table may go unmarked, or be marked twice: capture of the table is not to be trusted (SPEC G9).
type Finding struct {
	Table   string  // source table
	Object  string  // what is wrong: "trigger … on …", "function …", "partition …" or "table …"
	Problem Problem // why, as a code
	Detail  string  // why, in words
	Fix     string  // the command that mends it
}

// Problem is a closed set of codes, fit for capture_state.reason_code.
type Problem string

// The problems.
const (
	// NotInstalled: no trigger set was ever recorded.
	NotInstalled Problem = summary.CaptureNotInstalled
	// TableMissing: the source table itself is gone; TableReplaced: it is another one.
	TableMissing  Problem = summary.CaptureTableMissing
	TableReplaced Problem = summary.CaptureTableReplaced
	// ColumnAltered: a column is not as it was left, so each row may have another value in it, or it is gone.
	ColumnAltered Problem = summary.CaptureColumnAltered
	// TableUnlogged: the source table, one below it or one of Tidemark's own is UNLOGGED: a crash empties it.
	TableUnlogged Problem = summary.CaptureTableUnlogged
	// Forgotten: nothing is on record of whether capture is trusted. capture_state was UNLOGGED when the server crashed.
	Forgotten Problem = summary.CaptureForgotten
	// TriggerMissing: a trigger was dropped, or its table was replaced by another.
	TriggerMissing Problem = summary.CaptureTriggerMissing
	// TriggerDisabled: ALTER TABLE … DISABLE TRIGGER, or a restore that was cut off.
	TriggerDisabled Problem = summary.CaptureTriggerDisabled
	// TriggerDemoted: enabled, but for other values of session_replication_role, as after pg_restore --disable-triggers.
	TriggerDemoted Problem = summary.CaptureTriggerDemoted
	// TriggerAltered: other events, another condition or another function.
	TriggerAltered Problem = summary.CaptureTriggerAltered
	// TriggerStray: a trigger that calls one of our functions where none should: under another name beside the right one, or on
	// a table that was detached or renamed away. What it marks did not change, or is marked twice.
	TriggerStray Problem = summary.CaptureTriggerStray
	// TriggerTouched, FunctionTouched: as it should be, but not as it was left: it was changed and put back.
	TriggerTouched  Problem = summary.CaptureTriggerTouched
	FunctionTouched Problem = summary.CaptureFunctionTouched
	// FunctionMissing: a trigger function was dropped.
	FunctionMissing Problem = summary.CaptureFunctionMissing
	// FunctionAltered: another body, other settings, or the rights of its caller.
	FunctionAltered Problem = summary.CaptureFunctionAltered
	// FunctionOwner: the function runs with the rights of somebody who does not own the marks.
	FunctionOwner Problem = summary.CaptureFunctionOwner
	// PartitionAttached: a partition, or a table that inherits, that no installation has seen; PartitionDetached: one is gone.
	PartitionAttached Problem = summary.CapturePartitionAttached
	PartitionDetached Problem = summary.CapturePartitionDetached
	// PartitionForeign: a foreign table can have no trigger with transition tables.
	PartitionForeign Problem = summary.CapturePartitionForeign
	// TableBelow: the source table is a partition of another, or inherits from it.
	TableBelow Problem = summary.CaptureTableBelow
)

// InstalledOnPopulated is the reason_code in capture_state of a table that had rows when its triggers were first installed.
const InstalledOnPopulated = summary.CaptureOnPopulated

// fix mends every finding but foreign and UNLOGGED tables and those above a source table: installing replaces what differs.
const fix = "tidemark migrate up"
