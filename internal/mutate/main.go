// Command mutate removes one mechanism at a time from a copy of the tree and demands that a test goes red. A mutation that
// survives, does not compile or no longer fits the code fails the run: then a guarantee has no test, or the list is out of
// date. `make mutate` runs it from the root of the tree; arguments select mutations by name.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
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

// workers is how many mutations are tried at a time, each in a copy of its own. Most of the time goes into linking, which one
// core does.
const workers = 2

// run applies every chosen mutation and counts those that were not found out.
func run(ctx context.Context, names []string) (failed int, err error) {
	chosen, err := choose(names)
	if err != nil {
		return 0, err
	}
	left := make(chan mutation, len(chosen))
	for _, m := range chosen {
		left <- m
	}
	close(left)
	fmt.Printf("%-46s %-4s %-9s %s\n", "mutation", "of", "verdict", "test")
	results, errs := make(chan bool), make(chan error, workers)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() { errs <- work(ctx, left, results) })
	}
	go func() {
		group.Wait()
		close(results)
		close(errs)
	}()
	passed := 0
	for ok := range results {
		if ok {
			passed++
		}
	}
	for e := range errs {
		err = errors.Join(err, e)
	}
	fmt.Printf("%d passed, %d failed\n", passed, len(chosen)-passed)
	return len(chosen) - passed, err
}

// work tries mutations in a copy of the tree until none is left, and says of each whether it was found out.
func work(ctx context.Context, left <-chan mutation, results chan<- bool) error {
	tree, err := copyTree(ctx, ".")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree) //nolint:errcheck // a temporary directory
	for m := range left {
		began := time.Now()
		verdict, output := m.try(ctx, tree)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		line := fmt.Sprintf("%-46s %-4s %-9s %s (%s)\n", m.name, m.guarantee, verdict, m.testLine(), time.Since(began).Round(time.Second))
		if verdict != red {
			line += output + "\n"
		}
		fmt.Print(line)
		results <- verdict == red
	}
	return nil
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
