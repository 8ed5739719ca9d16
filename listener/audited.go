package listener

import (
	"slices"

	"tidemark/drain"
	"tidemark/summary"
)

// audited is a source table as the auditor sees it.
type audited struct {
	table string
	// mark is the component of the marks that its triggers leave.
	mark summary.Component
	// compared are the components in which a change of its rows would show; doubted those that are untrusted with it.
	compared, doubted []summary.Component
	// names is the column that says what a row belongs to, and what that is.
	names string
	owner owner
	// wide: a change may have moved what belongs to others than those that the row names.
	wide bool
}

// owner is what rows of a source table belong to.
type owner int

const (
	ofConnection owner = iota
	ofRun
	ofConnector
)

// suspicion asks for a recount of these owners.
func (a *audited) suspicion(ids []string) drain.Suspicion {
	switch a.owner {
	case ofRun:
		return drain.Suspicion{Runs: ids}
	case ofConnector:
		return drain.Suspicion{Connectors: ids}
	default:
		return drain.Suspicion{Components: a.compared, IDs: ids}
	}
}

// of is the owner that a difference is about.
func (a *audited) of(d drain.Difference) string {
	switch a.owner {
	case ofRun:
		return d.Run()
	case ofConnector:
		return d.Connector()
	default:
		return d.ConnectionID
	}
}

const connectionColumn = "connector_instance_id"

// auditedTables are all source tables. Names and manifests of connectors are read live, so nothing that is derived can be wrong:
// what can be is what clients were told.
var auditedTables = []audited{
	{table: "records", mark: summary.Records, compared: []summary.Component{summary.Records, summary.RetainedBytes}, names: connectionColumn},
	{table: "record_changes", mark: summary.RetainedBytes, compared: []summary.Component{summary.RetainedBytes}, names: connectionColumn},
	{table: "blobs", mark: summary.RetainedBytes, compared: []summary.Component{summary.RetainedBytes}, names: connectionColumn},
	{
		table: "connector_instances", mark: summary.Identity, compared: []summary.Component{summary.Identity}, names: connectionColumn,
		doubted: []summary.Component{summary.Identity, summary.Runs}, wide: true, // a binding decides whose runs siblings have
	},
	{table: "connectors", mark: summary.Manifest, compared: []summary.Component{summary.Manifest}, names: "connector_id", owner: ofConnector},
	{table: "spine_events", mark: summary.Runs, compared: []summary.Component{summary.Runs}, names: "run_id", owner: ofRun},
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
