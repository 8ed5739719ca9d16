package main

// What the synthesis must not be without.
var ofSummary = []mutation{
	{
		name: "blocked after degraded", guarantee: "-", file: "summary/state.go",
		old: "	{4, Blocked, blocked},\n	{5, CoolingOff, coolingOff},\n	{6, Degraded, degraded},\n",
		new: "	{5, CoolingOff, coolingOff},\n	{6, Degraded, degraded},\n	{4, Blocked, blocked},\n",
		pkg: "./summary", run: "TestPrecedence",
	},
	{
		name: "green while behind", guarantee: "G2", file: "summary/verdict.go",
		old: "case s.number == 3, s.calm() && !v.standings.current(v.health()...):", new: "case s.number == 3:",
		pkg: "./summary", run: "TestGreenEndsWithTheFirstMark",
	},
	{
		name: "stale a microsecond late", guarantee: "G12", file: "summary/clock.go",
		old: "t.Add(time.Microsecond)", new: "t.Add(2 * time.Microsecond)",
		pkg: "./summary", run: "TestFreshnessThresholds|TestBeforeAndAfter",
	},
	{
		name: "a threshold that nobody is told of", guarantee: "G12", file: "summary/clock.go",
		old: "		c.next = Earlier(c.next, &t)\n", new: "		c.next = Later(c.next, &t)\n",
		pkg: "./summary", run: "TestNextChange",
	},
	{
		name: "next change without looking", guarantee: "G12", file: "summary/change.go",
		old: "if !rendersAs(before, after) {", new: "if true || !rendersAs(before, after) {",
		pkg: "./summary", run: "TestNextChange",
	},
	{
		name: "any mark makes every component late", guarantee: "-", file: "summary/standing.go",
		old: "if at, ok := o.BehindSince[c]; ok {", new: "if at, ok := o.BehindSince[c]; ok && false {",
		pkg: "./summary", run: "TestNextChangeNames|TestSynthesisAgrees",
	},
	{
		name: "attention in the order of rows", guarantee: "G7", file: "summary/attention.go",
		old: "a.primary == nil || item.before(a.primary)", new: "a.primary == nil",
		pkg: "./summary", run: "TestOrderOfRows",
	},
	{
		name: "a stream lost for good is complete", guarantee: "-", file: "summary/report.go",
		old: "	case gaps.terminalSince(r):\n		return CoverageTerminalGap\n", new: "",
		pkg: "./summary", run: "TestCollectionReport",
	},
	{
		name: "checkpoints as producers wrote them", guarantee: "-", file: "summary/terminal.go",
		old: "			c = Redact(c)\n", new: "",
		pkg: "./summary", run: "TestNothingSecretSurvives|TestRunFrom",
	},
	{
		name: "capture's free text as a reason", guarantee: "-", file: "summary/standing.go",
		old: "CaptureReason(&reason)", new: "reason",
		pkg: "./summary", run: "TestNothingSecretSurvives|TestReasonsAreClosed",
	},
	{
		name: "a page of streams begins with the last one told", guarantee: "-", file: "summary/streampage.go",
		old: "from = at + 1", new: "from = at",
		pkg: "./summary", run: "TestPagesOfStreams",
	},
	{
		name: "streams' cursor good for another connection", guarantee: "G14", file: "server/connectors.go",
		old: `fmt.Sprintf("streams %q %q", owner, one.ConnectionID)`, new: `fmt.Sprintf("streams %q", owner)`,
		pkg: "./server", run: "TestStreamsInPages",
	},
	{
		name: "list rows carry every condition", guarantee: "-", file: "summary/health.go",
		old: "if scoped || c.notable() {", new: "if true || c.notable() {",
		pkg: "./summary", run: "TestListRows",
	},
	{
		name: "a credential behind a longer name", guarantee: "-", file: "summary/reason.go",
		old: "	text = secretMember.ReplaceAllString(text, \"$1 [redacted]\")\n", new: "	_ = secretMember\n",
		pkg: "./summary", run: "TestSecretsAreRedacted",
	},
	{
		name: "members that read alike replace one another", guarantee: "-", file: "summary/redactjson.go",
		old: "times[shown] > 1 {", new: "false {",
		pkg: "./summary", run: "TestNamesThatReadAlikeAreKept",
	},
	{
		name: "a silent run begins with its last event", guarantee: "-", file: "summary/attempt.go",
		old: "began: r.Start(), ended: r.LastAt", new: "began: r.LastAt, ended: r.LastAt",
		pkg: "./summary", run: "TestCoverage|TestSynthesisAgrees",
	},
	{
		name: "a binding as SQLite stores it", guarantee: "-", file: "summary/connection.go",
		old: "strings.ToValidUTF8(o.SourceBinding, \"\\uFFFD\")", new: "strings.Clone(o.SourceBinding)",
		pkg: "./summary", run: "TestBindingIsText",
	},
}
