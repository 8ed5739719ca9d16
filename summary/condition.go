package summary

// The types of conditions (SPEC section 10), in the order in which they are shown.
const (
	ProjectionReliable     = "ProjectionReliable"
	AttentionClear         = "AttentionClear"
	ScheduleEligible       = "ScheduleEligible"
	CredentialsValid       = "CredentialsValid"
	RuntimeAvailable       = "RuntimeAvailable"
	RetryPolicyClear       = "RetryPolicyClear"
	CollectionSucceeded    = "CollectionSucceeded"
	SourceCoverageComplete = "SourceCoverageComplete"
	Fresh                  = "Fresh"
	BacklogClear           = "BacklogClear"
)

// The statuses and severities of a condition.
const (
	StatusTrue          = "true"
	StatusFalse         = "false"
	StatusUnknown       = "unknown"
	StatusNotApplicable = "not_applicable"

	SeverityInfo    = "info"
	SeverityWarning = "warning"
	SeverityError   = "error"
	SeverityBlocked = "blocked"
)

// Where a condition's knowledge comes from.
const (
	OriginConnector   = "connector"
	OriginLocalDevice = "local_device"
	OriginReadModel   = "read_model"
	OriginRemote      = "remote_surface"
	OriginRuntime     = "runtime"
	OriginScheduler   = "scheduler"
)

// Condition is CONDITION in JSON: one thing that holds, does not, or is not known.
type Condition struct {
	ID          string       `json:"id"` // Type:reason
	Type        string       `json:"type"`
	Status      string       `json:"status"`
	Reason      string       `json:"reason"`
	Severity    string       `json:"severity"`
	Message     string       `json:"message"`
	Origin      string       `json:"origin"`
	Sensitivity string       `json:"sensitivity"`
	ObservedAt  *Instant     `json:"observed_at"` // when the evidence was observed, never when it was read
	ExpiresAt   *Instant     `json:"expires_at"`
	Current     bool         `json:"current"` // the components that it rests on are
	Remediation *Remediation `json:"remediation"`
}

// Remediation says what ends a condition, and for a browser's connection that this is where.
type Remediation struct {
	Action    string  `json:"action"`
	Label     string  `json:"label"`
	Retryable bool    `json:"retryable"`
	Target    *string `json:"target"`
	Surface   string  `json:"surface,omitempty"`
}

// notable reports whether the condition is neither plainly true nor not applicable; only such ones are in a list row.
func (c Condition) notable() bool { return c.Status == StatusFalse || c.Status == StatusUnknown }

// finding is what a condition's test found; the rest of Condition is the same for every finding of its type.
type finding struct {
	status, reason, severity, message string
	observed, expires                 *Instant
	remedy                            *Remediation
	origin                            string // where it is not its type's
}

func holds(reason, message string, observed *Instant) finding {
	return finding{status: StatusTrue, reason: reason, severity: SeverityInfo, message: message, observed: observed}
}

func fails(reason, severity, message string, observed *Instant) finding {
	return finding{status: StatusFalse, reason: reason, severity: severity, message: message, observed: observed}
}

func undecided(reason, message string) finding {
	return finding{status: StatusUnknown, reason: reason, severity: SeverityInfo, message: message}
}

func notApplicable(reason, message string) finding {
	return finding{status: StatusNotApplicable, reason: reason, severity: SeverityInfo, message: message}
}

// conditionTable lists every type with where it comes from, what it rests on and its test.
var conditionTable = []struct {
	kind   string
	origin string
	rests  []Component
	find   func(*view) finding
}{
	{ProjectionReliable, OriginReadModel, nil, projectionReliable},
	{AttentionClear, OriginConnector, []Component{Attention}, attentionClear},
	{ScheduleEligible, OriginScheduler, []Component{Schedule, Runs}, scheduleEligible},
	{CredentialsValid, OriginConnector, []Component{Runs}, credentialsValid},
	{RuntimeAvailable, OriginRuntime, []Component{Runs}, runtimeAvailable},
	{RetryPolicyClear, OriginScheduler, []Component{Runs, Schedule}, retryPolicyClear},
	{CollectionSucceeded, OriginConnector, []Component{Runs, Records}, collectionSucceeded},
	{SourceCoverageComplete, OriginConnector, []Component{Runs, Records, Gaps, Manifest}, coverageComplete},
	{Fresh, OriginReadModel, []Component{Runs, Records, Schedule, Manifest}, freshCondition},
	{BacklogClear, OriginLocalDevice, []Component{Device}, backlogClear},
}

// conditionsOf returns every condition, in the order of the table.
func conditionsOf(v *view) []Condition {
	out := make([]Condition, 0, len(conditionTable)+1)
	for _, row := range conditionTable {
		current := v.standings.current(row.rests...)
		if row.kind == ProjectionReliable {
			current = v.standings.current(v.health()...)
		}
		out = append(out, row.find(v).condition(row.kind, row.origin, current))
		if row.kind == SourceCoverageComplete && v.o.Gaps.Terminal > 0 && v.coverage != CoverageTerminalGap {
			out = append(out, olderTerminalGaps(v).condition(row.kind, row.origin, current))
		}
	}
	return out
}

func (f finding) condition(kind, origin string, current bool) Condition {
	if f.origin != "" {
		origin = f.origin
	}
	return Condition{
		ID: kind + ":" + f.reason, Type: kind, Status: f.status, Reason: f.reason, Severity: f.severity, Message: f.message,
		Origin: origin, Sensitivity: "owner", ObservedAt: f.observed, ExpiresAt: f.expires, Current: current,
		Remediation: f.remedy,
	}
}
