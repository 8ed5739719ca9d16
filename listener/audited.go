package listener

import (
	"slices"

	"tidemark/summary"
)

// audited is a source table as the auditor sees it.
type audited struct {
	table string
	// mark is the component of the marks that its triggers leave.
	mark summary.Component
	// compared are the components in which a change of its rows would show; doubted those that are untrusted with it.
	compared, doubted []summary.Component
	// names is the column that says what a row belongs to: a connection, or a run.
	names string
	runs  bool
	// wide: a change may have moved what belongs to others than those that the row names.
	wide bool
}

const connectionColumn = "connector_instance_id"

// auditedTables are all source tables but connectors: its manifests and names are read live, so nothing that is derived
// could be wrong.
var auditedTables = []audited{
	{table: "records", mark: summary.Records, compared: []summary.Component{summary.Records, summary.RetainedBytes}, names: connectionColumn},
	{table: "record_changes", mark: summary.RetainedBytes, compared: []summary.Component{summary.RetainedBytes}, names: connectionColumn},
	{table: "blobs", mark: summary.RetainedBytes, compared: []summary.Component{summary.RetainedBytes}, names: connectionColumn},
	{
		table: "connector_instances", mark: summary.Identity, compared: []summary.Component{summary.Identity}, names: connectionColumn,
		doubted: []summary.Component{summary.Identity, summary.Runs}, wide: true, // a binding decides whose runs siblings have
	},
	{table: "spine_events", mark: summary.Runs, compared: []summary.Component{summary.Runs}, names: "run_id", runs: true},
	{table: "connector_schedules", mark: summary.Schedule, compared: []summary.Component{summary.Schedule}, names: connectionColumn},
	{table: "connector_detail_gaps", mark: summary.Gaps, compared: []summary.Component{summary.Gaps}, names: connectionColumn},
	{table: "connector_attention", mark: summary.Attention, compared: []summary.Component{summary.Attention}, names: connectionColumn},
	{table: "device_heartbeats", mark: summary.Device, compared: []summary.Component{summary.Device}, names: connectionColumn},
}

func auditedTable(name string) *audited {
	i := slices.IndexFunc(auditedTables, func(a audited) bool { return a.table == name })
	if i < 0 {
		return nil
	}
	return &auditedTables[i]
}

// untrusted are the components that are in doubt with the table.
func (a *audited) untrusted() []summary.Component {
	if a.doubted != nil {
		return a.doubted
	}
	return a.compared
}
