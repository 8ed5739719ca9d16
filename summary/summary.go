package summary

// Summary is SUMMARY of API.md: what an owner's console reads of one connection.
type Summary struct {
	ConnectionID         string             `json:"connection_id"`
	ConnectorInstanceID  string             `json:"connector_instance_id"`
	ConnectorID          string             `json:"connector_id"`
	ConnectorDisplayName *string            `json:"connector_display_name"`
	DisplayName          *string            `json:"display_name"`
	Status               string             `json:"status"`
	SourceKind           string             `json:"source_kind"`
	RevokedAt            *Instant           `json:"revoked_at"`
	ManifestVersion      string             `json:"manifest_version,omitempty"`
	RefreshPolicy        RefreshPolicy      `json:"refresh_policy"`
	Streams              []string           `json:"streams"`
	StreamCount          int                `json:"stream_count"` // of all streams, however many are shown
	StreamRecords        []StreamRecord     `json:"stream_records"`
	TotalRecords         *int64             `json:"total_records,omitempty"`
	TotalRecordsState    string             `json:"total_records_state"`
	RetainedBytes        *RetainedBytesJSON `json:"retained_bytes"`       // null where never observed
	TotalRetainedBytes   *int64             `json:"total_retained_bytes"` // null where never observed
	LastRecordUpdatedAt  *Instant           `json:"last_record_updated_at"`
	LastRun              *RunSummary        `json:"last_run"`
	LastSuccessfulRun    *RunSummary        `json:"last_successful_run"`
	Schedule             *ScheduleSummary   `json:"schedule"`
	Freshness            Freshness          `json:"freshness"`
	Health               Health             `json:"connection_health"`
	Verdict              Verdict            `json:"rendered_verdict"`
	NextAction           *NextAction        `json:"next_action"`
	CollectionReport     []StreamReport     `json:"collection_report"`
	RecordSnapshot       ComponentState     `json:"record_snapshot"`
	TerminalFacts        TerminalFacts      `json:"terminal_facts"`
	ManifestDeclaration  ComponentState     `json:"manifest_declaration"`
	BytesEvidence        ComponentState     `json:"retained_bytes_evidence"`
	DeviceProgress       *DeviceProgress    `json:"local_device_progress"`
	OwnerState           OwnerState         `json:"owner_state"`
	SourceWork           string             `json:"source_work"`
	Evidence             EvidenceState      `json:"evidence"`
	*Details                                // scoped reads only

	// NextChange is the first moment at which the same evidence may render differently; nil if time alone never changes it.
	// It is never too late, and it may be too early: NextChange, the function, looks closer.
	NextChange *Instant `json:"-"`

	row fleetRow // what FleetHealthOf needs beyond JSON
}

// EvidenceState says which version of the evidence this is, and what of it is behind.
type EvidenceState struct {
	Version         int64       `json:"version"` // 0 while there is none
	ComputedAt      *Instant    `json:"computed_at"`
	Dirty           bool        `json:"dirty"`
	DirtySince      *Instant    `json:"dirty_since"`
	StaleComponents []Component `json:"stale_components"`
}

// Synthesize makes the summary of one observation as it reads at now. It depends on nothing else. A scoped summary carries
// every condition, every stream and the streams' verdicts; a list row only notable conditions, and at most MaxListStreams streams.
func Synthesize(o Observation, now Instant, scoped bool) Summary {
	clk := &clock{now: now}
	v := newView(&o, clk)
	id := o.Identity
	s := Summary{
		ConnectionID: o.ConnectionID, ConnectorInstanceID: o.ConnectionID, ConnectorID: id.ConnectorID,
		ConnectorDisplayName: o.Connector.DisplayName, DisplayName: id.DisplayName, Status: id.Status, SourceKind: id.SourceKind,
		RevokedAt: id.RevokedAt, ManifestVersion: v.manifest.version,
		RefreshPolicy: RefreshPolicy{v.mode(), v.manifest.maxStaleness},
		LastRun:       summarizeRun(o.Runs.Last, scoped), LastSuccessfulRun: summarizeRun(o.Runs.LastSuccessful, scoped),
		Schedule: scheduleSummaryOf(v), Freshness: v.fresh.Freshness, Health: healthOf(v, scoped),
		RecordSnapshot:      v.standings.component(o.ComputedAt, Records),
		TerminalFacts:       TerminalFacts{ComponentState: v.standings.component(o.ComputedAt, Runs, Gaps)},
		ManifestDeclaration: v.standings.component(nil, Manifest),
		BytesEvidence:       v.standings.component(o.ComputedAt, RetainedBytes),
		DeviceProgress:      deviceProgressOf(&o),
		Evidence: EvidenceState{
			Version: o.Version, ComputedAt: o.ComputedAt, Dirty: o.DirtySince != nil, DirtySince: o.DirtySince,
			StaleComponents: v.standings.stale(),
		},
	}
	s.NextAction = s.Health.NextAction
	s.TotalRecords, s.TotalRecordsState = totalRecords(v)
	if s.TotalRecords != nil {
		s.LastRecordUpdatedAt = v.totals.LastRecordAt
	}
	if bytesKnown(v) {
		sizes, total := v.totals.Retained(), v.totals.Bytes()
		s.RetainedBytes, s.TotalRetainedBytes = &sizes, &total
	}
	if r := o.Runs.Last; r != nil {
		s.TerminalFacts.EventSeq = &r.FirstSeq
	}
	r := resolutionOf(v)
	s.OwnerState, s.SourceWork = ownerStateOf(v, r.resolver), r.work
	s.Verdict = Verdict{
		Pill: pillOf(v), Channel: channelOf(v.state), ForwardStatement: forwardStatements[s.Health.ForwardDisposition],
		RequiredActions: requiredActionsOf(v), Annotations: annotationsOf(v), Progress: progressOf(v, s.TotalRecords),
	}
	s.addStreams(v, scoped)
	s.row = fleetRow{v.state, v.collected(), !v.standings[Gaps].unreliable && o.Gaps.open() > 0}
	s.NextChange = clk.next
	return s
}

// addStreams fills in what is told per stream.
func (s *Summary) addStreams(v *view, scoped bool) {
	known := knownStreams(v)
	s.StreamCount = len(known)
	if !scoped && len(known) > MaxListStreams {
		known = known[:MaxListStreams]
	}
	s.Streams, s.StreamRecords = make([]string, len(known)), make([]StreamRecord, len(known))
	s.CollectionReport = make([]StreamReport, len(known))
	gaps := gapsByStream(v.o.Gaps)
	if scoped {
		s.Verdict.Streams = make([]StreamVerdict, 0, len(known))
	}
	for i, k := range known {
		s.Streams[i], s.StreamRecords[i] = k.Stream, streamRecord(v, k)
		s.CollectionReport[i] = streamReport(v, k, gaps[k.Stream])
		if scoped {
			s.Verdict.Streams = append(s.Verdict.Streams, streamVerdict(s.CollectionReport[i]))
		}
	}
}
