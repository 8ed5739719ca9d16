package main

// What the scrub must not be without.
var ofScrub = []mutation{
	{
		name: "scrub begins anew after a restart", guarantee: "-", file: "drain/scrub.go",
		old: "		at.AfterID = ids[len(ids)-1]\n", new: "		at.AfterID, at.Phase = \"\", PhaseConnections\n",
		pkg: "./internal/conformance", run: "TestScrubResumes",
	},
	{
		name: "scrub does not repair", guarantee: "G3", file: "drain/scrub.go",
		old: "	_, err = s.engine.Write(ctx, func(tx Tx) (Result, error) { return Run(ctx, tx, repair) })\n", new: "	_ = repair\n",
		pkg: "./internal/conformance", run: "TestScrub$",
	},
	{
		name: "scrub confuses marks with differences", guarantee: "-", file: "drain/inspect.go",
		old: "pending: pending[id], run: runs[id]}", new: "run: runs[id]}\n		_ = pending",
		pkg: "./internal/conformance", run: "TestScrubLeaves",
	},
	{
		name: "scrub blind to retained sizes", guarantee: "G3", file: "drain/verify.go",
		old: "	if !p.Recount[summary.RetainedBytes] {\n", new: "	if false {\n",
		pkg: "./internal/conformance", run: "TestScrub$",
	},
	{
		name: "scrub blind to runs", guarantee: "G3", file: "drain/inspect.go",
		old: "if i.run != \"\" && !", new: "if false && !",
		pkg: "./internal/conformance", run: "TestScrub$",
	},
	{
		name: "scrub blind to nobody's runs", guarantee: "G3", file: "drain/scrub.go",
		old: "		at.Phase, at.AfterID = PhaseRuns, \"\"\n", new: "		at.Phase, at.AfterID = PhaseRuns, \"\\U0010FFFF\"\n",
		pkg: "./internal/conformance", run: "TestScrub$",
	},
	{
		name: "failed and never tried again", guarantee: "G3", file: "drain/inspect.go",
		old: "failed && !i.pending.Dirty()", new: "false && failed",
		pkg: "./internal/conformance", run: "TestScrubFindsWhatNobodyWouldTryAgain",
	},
	{
		name: "scrub stopped by what it cannot read", guarantee: "G3", file: "drain/scrub.go",
		old: "	if s.tries++; s.tries < scrubTries {\n", new: "	if true {\n",
		pkg: "./internal/conformance", run: "TestScrub$",
	},
	{
		name: "capture gap not told", guarantee: "G9", file: "drain/explain.go",
		old: "untrustedBy(capture, d.Component) != \"\"", new: "false",
		pkg: "./internal/conformance", run: "TestScrub$",
	},
	{
		name: "scrub does not count", guarantee: "-", file: "db/scrub.go",
		old: "SET found = f.found + 1", new: "SET found = f.found",
		pkg: "./internal/conformance", run: "TestScrub$",
	},
	{
		name: "names of runs believed", guarantee: "G3", file: "sqlitecompat/runs.go",
		old: "		if !sound {\n", new: "		if false {\n",
		pkg: "./internal/conformance", run: "TestScrub$/sqlite",
	},
	{
		name: "every server scrubs", guarantee: "-", file: "cmd/tidemark/scrub.go",
		old: "		if !s.leads() {\n", new: "		if s.leads(); false {\n",
		pkg: "./cmd/tidemark", run: "TestScrubStandsBy",
	},
	{
		name: "scrub beside the recount of untrusted capture", guarantee: "-", file: "cmd/tidemark/scrub.go",
		old: "err != nil || len(lost) > 0 {", new: "err != nil {\n		_ = lost",
		pkg: "./cmd/tidemark", run: "TestScrubStandsBy",
	},
	{
		name: "statement between two cancels goes on", guarantee: "G6", file: "db/yield.go",
		old: "			yields = cancelStatement(ctx, session.conn) == nil || yields\n", new: "			return true\n",
		pkg: "./db", run: "TestRecountOfShortStatementsGivesWay",
	},
}
