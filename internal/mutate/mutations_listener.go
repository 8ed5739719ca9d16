package main

// What the listener must not be without; the model, which has its own broken variants, is left out.
var ofListener = []mutation{
	{
		name: "horizon ignored", guarantee: "G3", file: "listener/notify.go",
		old: "		if passed {\n", new: "		if passed || true {\n",
		pkg: "./listener", run: "TestOlderTransaction", skip: "Model",
	},
	{
		name: "never listens", guarantee: "G3", file: "listener/notify.go",
		old: "	if err := s.listen(ctx); err != nil {", new: "	if err := ctx.Err(); err != nil {",
		pkg: "./listener", run: "TestNotifyWakesTheLeader", skip: "Model",
	},
	{
		name: "last look omitted", guarantee: "G3", file: "listener/notify.go",
		old: "		if l.checkPending(ctx) {\n			l.woken(false)\n			return ctx.Err()\n		}\n		if passed {",
		new: "		if passed {",
		pkg: "./listener", run: "TestMarkAfterTheLastLook|TestOlderTransactionCommitsAfterALook", skip: "Model",
	},
}
