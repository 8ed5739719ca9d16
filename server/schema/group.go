package schema

// group is a part of the components, by name.
type group map[string]Schema

// groups are all of them; each stands in the file of its noun.
var groups = []group{commonGroup, reasonGroup, summaryGroup, healthGroup, verdictGroup, runGroup, connectionGroup, diagnosisGroup, fleetGroup, eventGroup, serverGroup}
