package triggers

// Finding is one thing about the triggers of a source table that is not as recorded. While there is one, changes of the
// table may go unmarked: capture of the table is not to be trusted (SPEC G9).
type Finding struct {
	Table   string  // source table
	Object  string  // what is wrong: "trigger … on …", "function …" or "table …"
	Problem Problem // why, as a code
	Detail  string  // why, in words
	Fix     string  // the command that mends it
}

// Problem is a closed set of codes, fit for capture_state.reason_code.
type Problem string

// The problems.
const (
	// NotInstalled: no trigger set was ever recorded.
	NotInstalled Problem = "triggers_not_installed"
	// TableMissing: the source table itself is gone.
	TableMissing Problem = "table_missing"
	// TriggerMissing: a trigger was dropped, or its table was replaced by another.
	TriggerMissing Problem = "trigger_missing"
	// TriggerDisabled: ALTER TABLE … DISABLE TRIGGER, or a restore that was cut off.
	TriggerDisabled Problem = "trigger_disabled"
	// TriggerDemoted: enabled, but for other values of session_replication_role, as after pg_restore --disable-triggers.
	TriggerDemoted Problem = "trigger_demoted"
	// TriggerAltered: other events, another condition or another function.
	TriggerAltered Problem = "trigger_altered"
	// FunctionMissing: a trigger function was dropped.
	FunctionMissing Problem = "function_missing"
	// FunctionAltered: another body, other settings, or the rights of its caller.
	FunctionAltered Problem = "function_altered"
	// FunctionOwner: the function runs with the rights of somebody who does not own the marks.
	FunctionOwner Problem = "function_owner"
)

// InstalledOnPopulated is the reason_code in capture_state of a table that had rows when its triggers were first installed.
const InstalledOnPopulated = "installed_on_populated_table"

// fix mends every finding: installing replaces what differs.
const fix = "tidemark migrate up"
