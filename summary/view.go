package summary

// view is one observation at one moment with every intermediate conclusion, each drawn once, in the order in which they
// rest on one another.
type view struct {
	o         *Observation
	clk       *clock
	manifest  manifest
	standings standings
	totals    Totals
	summed    bool // totals fit 64 bits
	runs      runProgress
	fresh     freshness
	coverage  string
	outbox    outbox
	silent    bool // a local device that is not heard of
	attention attention
	backoff   *Backoff
	due       *Instant // of the schedule
	late      bool     // the first run of an enabled schedule is over one interval late
	attempt   nextAttempt
	defects   []defect
	state     stateRow
}

func newView(o *Observation, clk *clock) *view {
	v := &view{o: o, clk: clk, manifest: parseManifest(o.Connector.Manifest)}
	v.standings = standingsOf(o, v.manifest, clk)
	v.totals, v.summed = Total(o.Streams)
	v.runs = runProgressOf(&o.Runs, clk)
	v.fresh = freshnessOf(o, v.manifest, v.totals, v.standings, clk)
	v.coverage = coverageOf(o, v.manifest, v.runs.latest, v.totals, v.standings)
	v.outbox = outboxOf(o, v.standings, clk)
	v.silent = silent(o, v.fresh.allowed, clk)
	v.attention = attentionOf(o.Attention, clk)
	v.backoff = backoffOf(o.Schedule, v.runs)
	v.due = nextDue(o.Schedule, o.Runs.Last, v.backoff, v.runs.exhausted())
	v.late = firstRunLate(o.Schedule, o.Runs.Last, clk)
	v.attempt = nextAttemptOf(v.due, o.Gaps, clk)
	v.defects = defectsOf(v)
	v.state = stateOf(v)
	return v
}

// health returns the components that row 3 looks at.
func (v *view) health() []Component { return healthComponents(v.o.localDevice()) }

// unreliable returns those of them that row 3 names.
func (v *view) unreliable() []Component { return v.standings.unreliable(v.health()...) }

// mode is the policy's mode in force.
func (v *view) mode() string { return modeOf(v.manifest, v.o.Schedule) }

// automatic reports whether collection is expected without the owner.
func (v *view) automatic() bool { return v.mode() == ModeAutomatic }

// collectsWithoutRuns is the exception of rows 8 and 9: imports and devices deliver records without a run.
func (v *view) collectsWithoutRuns() bool {
	return (v.o.Identity.SourceKind == SourceManual || v.o.localDevice()) && v.totals.Records > 0
}

// collected reports whether something is proven to have been collected: R succeeded, or the exception.
func (v *view) collected() bool {
	return v.runs.latest.succeeded() || v.runs.latest == nil && v.collectsWithoutRuns()
}

// scheduleDisabled reports a schedule that is there and off.
func (v *view) scheduleDisabled() bool { return v.o.Schedule != nil && !v.o.Schedule.Enabled }

// nextAttempt is when something is tried next.
type nextAttempt struct {
	at    *Instant // nil where nothing is known to be tried
	ahead bool     // it lies ahead of now
}

// nextAttemptOf takes the earliest of the schedule's due time and of the gaps' that lies ahead, else the earliest.
func nextAttemptOf(due *Instant, g GapFacts, clk *clock) nextAttempt {
	var floor *Instant
	if g.open() > 0 {
		floor = g.NextAttemptAfter
	}
	next := nextAttempt{at: Earlier(due, floor)}
	var ahead *Instant
	for _, t := range []*Instant{due, floor} {
		if t != nil && !clk.reached(*t) {
			ahead = Earlier(ahead, t)
		}
	}
	if ahead != nil {
		next = nextAttempt{ahead, true}
	}
	return next
}
