package sqlitecompat

// transaction is what the hooked connection knows of its transaction, from the statements that it ran and from SQLite's
// commit and rollback hooks.
type transaction struct {
	open       bool
	implicit   bool // opened by the outermost savepoint, whose release commits
	savepoints []savepoint
	// raised: the hooked row is surely there. lower: it may be, so it must be deleted before the commit.
	raised, lower bool
	// written: the marks of all that was captured are in the transaction, and the hooked row is down. Only then may it commit.
	written bool
}

// savepoint is an open savepoint.
type savepoint struct {
	name      string
	statement uint64 // the last one that was run before it
}

func (t *transaction) begin() { *t = transaction{open: true} }

// save opens a savepoint.
func (t *transaction) save(name string, statement uint64) {
	if !t.open {
		*t = transaction{open: true, implicit: true}
	}
	t.savepoints = append(t.savepoints, savepoint{name, statement})
}

// find returns the place of the innermost savepoint of that name, or -1.
func (t *transaction) find(name string) int {
	for i := len(t.savepoints) - 1; i >= 0; i-- {
		if t.savepoints[i].name == name {
			return i
		}
	}
	return -1
}

// ends reports whether the release of a savepoint of that name commits.
func (t *transaction) ends(name string) bool { return t.open && t.implicit && t.find(name) == 0 }

// release forgets the savepoint and those inside it.
func (t *transaction) release(name string) {
	if i := t.find(name); i >= 0 {
		t.savepoints = t.savepoints[:i]
	}
}

// rollBackTo forgets the savepoints inside the one of that name and returns the last statement that was run before it.
// The hooked row may have been raised since.
func (t *transaction) rollBackTo(name string) (statement uint64) {
	t.raised = false
	i := t.find(name)
	if i < 0 {
		return 0
	}
	t.savepoints = t.savepoints[:i+1]
	return t.savepoints[i].statement
}
