package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// mutation replaces one text by another and names the test that must find it out.
type mutation struct {
	name      string
	guarantee string // of SPEC section 5
	file      string
	old, new  string // old must occur exactly once
	pkg       string
	run       string // -run pattern; empty: every test of pkg
	skip      string // -skip pattern, such as the golden files that see any change
	checks    string // how many random sequences a property test draws, where its own number often misses the mutation
}

// The verdicts. Only red is good.
const (
	red      = "red"
	survived = "SURVIVED"
	misfit   = "MISFIT"  // old does not occur exactly once
	unbuilt  = "UNBUILT" // the mutated tree does not compile, which proves nothing
	timedOut = "TIMEOUT"
)

// testTimeout bounds one mutated test run. The crash suite takes minutes on two busy cores.
const testTimeout = 10 * time.Minute

func (m mutation) testLine() string {
	line := m.pkg
	if m.run != "" {
		line += " -run " + m.run
	}
	return line
}

// try applies the mutation in tree, runs its test and takes it back.
func (m mutation) try(ctx context.Context, tree string) (verdict, output string) {
	path := filepath.Join(tree, m.file)
	before, err := os.ReadFile(path)
	if err != nil {
		return misfit, err.Error()
	}
	if n := strings.Count(string(before), m.old); n != 1 {
		return misfit, fmt.Sprintf("the text to replace occurs %d times in %s", n, m.file)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(before), m.old, m.new, 1)), 0o644); err != nil {
		return misfit, err.Error()
	}
	defer os.WriteFile(path, before, 0o644) //nolint:errcheck // the next mutation of the file would not fit
	return m.test(ctx, tree)
}

func (m mutation) test(ctx context.Context, tree string) (verdict, output string) {
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	args := []string{"test", "-count=1", "-vet=off", "-failfast", "-timeout", testTimeout.String()}
	if m.run != "" {
		args = append(args, "-run", m.run)
	}
	if m.skip != "" {
		args = append(args, "-skip", m.skip)
	}
	args = append(args, m.pkg)
	if m.checks != "" {
		args = append(args, "-rapid.checks="+m.checks)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = tree
	out, err := cmd.CombinedOutput()
	text := string(out)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return timedOut, text
	case err == nil:
		return survived, text
	case !errors.As(err, &exit), strings.Contains(text, "[build failed]"), strings.Contains(text, "[setup failed]"),
		strings.Contains(text, "no test files"):
		return unbuilt, text
	}
	return red, text
}

// copyTree copies what git knows of a tree, and what is new in it, to a temporary directory.
func copyTree(ctx context.Context, root string) (string, error) {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("list files: %w", err)
	}
	tree, err := os.MkdirTemp("", "tidemark-mutate-")
	if err != nil {
		return "", err
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, not committed yet
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(tree, name), data, 0o755)
		}
		if err != nil {
			return tree, fmt.Errorf("copy tree: %w", err)
		}
	}
	return tree, nil
}
