package summary

// IdentityInventory is the profile identity_inventory: what there is, nothing of how it is.
type IdentityInventory struct {
	ConnectionID         string   `json:"connection_id"`
	ConnectorInstanceID  string   `json:"connector_instance_id"`
	ConnectorID          string   `json:"connector_id"`
	ConnectorDisplayName *string  `json:"connector_display_name"`
	DisplayName          *string  `json:"display_name"`
	Streams              []string `json:"streams"`
	MembershipState      string   `json:"membership_state"` // complete once every stream is known
}

// The membership states.
const (
	MembershipComplete = "complete"
	MembershipPending  = "pending"
)

// RetainedCounts is the profile retained_count_summary: identity and how many records are kept.
type RetainedCounts struct {
	ConnectionID         string   `json:"connection_id"`
	ConnectorInstanceID  string   `json:"connector_instance_id"`
	ConnectorID          string   `json:"connector_id"`
	ConnectorDisplayName *string  `json:"connector_display_name"`
	DisplayName          *string  `json:"display_name"`
	Streams              []string `json:"streams"`
	MembershipState      string   `json:"membership_state"`
	Status               string   `json:"status"`
	RevokedAt            *Instant `json:"revoked_at"`
	TotalRecords         *int64   `json:"total_records,omitempty"`
	TotalRecordsState    string   `json:"total_records_state"`
	AcquisitionCoverage  *string  `json:"acquisition_coverage"` // always null: nothing measures it
}

// Inventory reduces a summary to its profile identity_inventory.
func (s Summary) Inventory() IdentityInventory {
	state := MembershipComplete
	if s.RecordSnapshot.State != ComponentCurrent || s.ManifestDeclaration.State != ComponentCurrent ||
		len(s.Streams) < s.StreamCount {
		state = MembershipPending
	}
	return IdentityInventory{
		s.ConnectionID, s.ConnectorInstanceID, s.ConnectorID, s.ConnectorDisplayName, s.DisplayName, s.Streams, state,
	}
}

// Counts reduces a summary to its profile retained_count_summary.
func (s Summary) Counts() RetainedCounts {
	i := s.Inventory()
	return RetainedCounts{
		ConnectionID: i.ConnectionID, ConnectorInstanceID: i.ConnectorInstanceID, ConnectorID: i.ConnectorID,
		ConnectorDisplayName: i.ConnectorDisplayName, DisplayName: i.DisplayName, Streams: i.Streams,
		MembershipState: i.MembershipState, Status: s.Status, RevokedAt: s.RevokedAt,
		TotalRecords: s.TotalRecords, TotalRecordsState: s.TotalRecordsState,
	}
}
