package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows how far something has come, on stderr, if that is a terminal; else it does nothing.
type bar struct{ shown *progressbar.ProgressBar }

// progress returns a bar whose total is not known yet.
func (a *app) progress(what string) *bar {
	if !isTerminal(a.stderr) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(-1, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth())}
}

// step is what rebuild and verify call.
func (b *bar) step(done, total int64) {
	if b.shown != nil {
		b.shown.ChangeMax64(max(total, 1))
		_ = b.shown.Set64(done) // a bar that cannot be drawn is no reason to stop
	}
}

func (b *bar) describe(what string) {
	if b.shown != nil {
		b.shown.Describe(what)
	}
}

func (b *bar) end() {
	if b.shown != nil {
		_ = b.shown.Clear()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
