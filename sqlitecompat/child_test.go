package sqlitecompat

// childTask names, in the environment, what the test program does as a child process.
const childTask = "TIDEMARK_SQLITE_CHILD"

func runChild(task string) int { return 1 }
