package summary

// OwnerDiagnostics is the answer of /v1/owner/connections/{id}/diagnostics. Closed, as is every object in it.
type OwnerDiagnostics struct {
	Object            string         `json:"object"`
	ConnectionID      string         `json:"connection_id"`
	ConnectorID       string         `json:"connector_id"`
	ConnectorKey      string         `json:"connector_key"`
	DisplayName       *string        `json:"display_name"`
	Health            OwnerHealth    `json:"health"`
	LastRun           *OwnerRun      `json:"last_run"`
	LastSuccessfulRun *OwnerRun      `json:"last_successful_run"`
	LastIngestAt      *Instant       `json:"last_ingest_at"`
	Schedule          *OwnerSchedule `json:"schedule"`
	Freshness         Freshness      `json:"freshness"`
	Recovery          Recovery       `json:"recovery"`
	Verdict           Verdict        `json:"rendered_verdict"`
}

// OwnerHealth is HEALTH without what it rests on.
type OwnerHealth struct {
	State         string   `json:"state"`
	ReasonCode    *string  `json:"reason_code"`
	LastSuccessAt *Instant `json:"last_success_at"`
	NextAttemptAt *Instant `json:"next_attempt_at"`
	Axes          Axes     `json:"axes"`
	Badges        Badges   `json:"badges"`
}

// OwnerRun is RUN in short.
type OwnerRun struct {
	RunID         string   `json:"run_id"`
	Status        string   `json:"status"`
	StartedAt     *Instant `json:"started_at"`
	FinishedAt    *Instant `json:"finished_at"`
	FailureReason *string  `json:"failure_reason"`
}

// OwnerSchedule is SCHEDULE in short.
type OwnerSchedule struct {
	Enabled         bool  `json:"enabled"`
	IntervalSeconds int64 `json:"interval_seconds"`
}

// DiagnoseForOwner makes the diagnostics that a bearer reads, as they read at now, and tells when time alone changes them.
func DiagnoseForOwner(d Diagnosis, now Instant) (OwnerDiagnostics, *Instant) {
	o := &d.Observation
	clk := &clock{now: now}
	s := Synthesize(*o, now, true)
	out := OwnerDiagnostics{
		Object: "owner_connection_diagnostics", ConnectionID: o.ConnectionID, ConnectorID: o.Identity.ConnectorID,
		ConnectorKey: o.Identity.ConnectorID, DisplayName: o.Identity.DisplayName,
		Health: OwnerHealth{
			s.Health.State, s.Health.ReasonCode, s.Health.LastSuccessAt, s.Health.NextAttemptAt, s.Health.Axes, s.Health.Badges,
		},
		LastRun: ownerRun(o.Runs.Last), LastSuccessfulRun: ownerRun(o.Runs.LastSuccessful), LastIngestAt: s.LastRecordUpdatedAt,
		Freshness: s.Freshness, Recovery: recoveryOf(newView(o, clk), d.OpenGaps), Verdict: s.Verdict,
	}
	if o.localDevice() && o.Device != nil {
		out.LastIngestAt = Later(out.LastIngestAt, o.Device.LastIngestAt)
	}
	if o.Schedule != nil {
		out.Schedule = &OwnerSchedule{o.Schedule.Enabled, o.Schedule.IntervalSeconds}
	}
	return out, Earlier(clk.next, s.NextChange)
}

func ownerRun(r *Run) *OwnerRun {
	if r == nil {
		return nil
	}
	return &OwnerRun{r.RunID, r.Status, r.StartedAt, r.FinishedAt, r.FailureReason}
}
