// Command mutate removes one mechanism at a time from a copy of the tree and demands that a test goes red. A mutation that
// survives, does not compile or no longer fits the code fails the run: then a guarantee has no test, or the list is out of
// date. `make mutate` runs it from the root of the tree; arguments select mutations by name.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	failed, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
	}
	if err != nil || failed > 0 {
		os.Exit(1)
	}
}

// run applies every chosen mutation and counts those that were not found out.
func run(ctx context.Context, names []string) (failed int, err error) {
	chosen, err := choose(names)
	if err != nil {
		return 0, err
	}
	tree, err := copyTree(ctx, ".")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tree) //nolint:errcheck // a temporary directory
	fmt.Printf("%-34s %-4s %-9s %s\n", "mutation", "of", "verdict", "test")
	for _, m := range chosen {
		began := time.Now()
		verdict, output := m.try(ctx, tree)
		if ctx.Err() != nil {
			return failed, ctx.Err()
		}
		fmt.Printf("%-34s %-4s %-9s %s (%s)\n", m.name, m.guarantee, verdict, m.testLine(), time.Since(began).Round(time.Second))
		if verdict != red {
			failed++
			fmt.Println(output)
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(chosen)-failed, failed)
	return failed, nil
}

// choose returns the mutations whose names contain one of the words, or all.
func choose(words []string) ([]mutation, error) {
	if len(words) == 0 {
		return all(), nil
	}
	var chosen []mutation
	for _, m := range all() {
		for _, w := range words {
			if strings.Contains(m.name, w) {
				chosen = append(chosen, m)
				break
			}
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no mutation is named like %v", words)
	}
	return chosen, nil
}
