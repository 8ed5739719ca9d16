package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"tidemark/drain"
	"tidemark/summary"
)

// finding is one thing that doctor found, and what mends it.
type finding struct {
	Check  string `json:"check"`
	Wrong  bool   `json:"wrong"`  // false: worth knowing
	Detail string `json:"detail"` // one sentence
	Fix    string `json:"fix"`    // a command, or what to do
}

func (a *app) doctorCommand() *cobra.Command {
	return a.asJSON(a.command(&cobra.Command{
		Use: "doctor", Short: "Say what is wrong, and the fix", Args: cobra.NoArgs,
		Long: "Look at migrations, triggers, capture, the backlog of marks, failed connections and rows without a connection. The exit status " +
			"is 1 if something is wrong.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.on(cmd.Context(), false, func(e engine) error {
				found, err := examine(cmd.Context(), e)
				if err != nil {
					return err
				}
				if err := a.show(map[string]any{"findings": found}, func() { a.printFindings(found) }); err != nil {
					return err
				}
				if slices.ContainsFunc(found, func(f finding) bool { return f.Wrong }) {
					return errFound
				}
				return nil
			})
		},
	}))
}

func (a *app) printFindings(found []finding) {
	if len(found) == 0 {
		a.printf("all is well\n")
	}
	for _, f := range found {
		sign := "note "
		if f.Wrong {
			sign = "WRONG"
		}
		a.printf("%s  %-12s %s\n       %-12s %s\n", sign, f.Check, oneLine(f.Detail), "", oneLine("fix: "+f.Fix))
	}
}

// examine runs every check. Where the schema is not this program's the others cannot be run.
func examine(ctx context.Context, e engine) ([]finding, error) {
	current, latest, err := e.schema(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.CheckSchema(ctx); err != nil {
		fix := "tidemark migrate up"
		if current > latest {
			fix = "run a newer tidemark"
		}
		return []finding{{"migrations", true, err.Error(), fix}}, nil
	}
	found := []finding{}
	for _, check := range []func(context.Context, engine) ([]finding, error){
		checkTriggers, checkWatch, checkCapture, checkAudit, checkBacklog, checkFailures, checkOrphans, checkRuns,
	} {
		some, err := check(ctx, e)
		if err != nil {
			return found, err
		}
		found = append(found, some...)
	}
	return found, nil
}

func checkTriggers(ctx context.Context, e engine) ([]finding, error) {
	broken, err := e.inventory(ctx)
	var found []finding
	for _, b := range broken {
		found = append(found, finding{"triggers", true, fmt.Sprintf("%s: %s: %s", b.Table, b.Object, b.Detail), b.Fix})
	}
	return found, err
}

// checkWatch says where nothing tells of lost capture at once.
func checkWatch(ctx context.Context, e engine) ([]finding, error) {
	_, why, err := e.watched(ctx)
	if err != nil || why == "" {
		return nil, err
	}
	return []finding{{"watch", false, "lost capture is noticed by looking every 2 s, not at once: " + why,
		"none needed; or let a superuser own schema tidemark, and run `tidemark migrate up` as that role"}}, nil
}

func checkCapture(ctx context.Context, e engine) ([]finding, error) {
	states, err := e.Capture(ctx)
	if err != nil {
		return nil, err
	}
	broken, err := e.inventory(ctx)
	var found []finding
	for _, s := range states {
		if s.Trusted {
			continue
		}
		fix := "tidemark rebuild (a running server does it by itself)"
		if isBroken(s.Table, broken) {
			fix = "tidemark migrate up, then " + fix
		}
		found = append(found, finding{"capture", true, fmt.Sprintf("%s: not trusted since %s: %s", s.Table, s.Since, why(s)), fix})
	}
	return found, err
}

// checkAudit tells what went past the triggers. It has been repaired, or the table is untrusted.
func checkAudit(ctx context.Context, e engine) ([]finding, error) {
	s, err := e.Status(ctx)
	if err != nil || s.Audit == nil {
		return nil, err
	}
	var found []finding
	for _, t := range s.Audit.Tables {
		if t.Found > 0 {
			found = append(found, finding{
				"audit", false, fmt.Sprintf("%s: %s went past the triggers, the last in %s at %s", t.Table, plural(t.Found, "change"), transaction(t.Xid), at(t.LastAt)),
				"find out who writes with triggers off (session_replication_role, DISABLE TRIGGER, --disable-triggers)",
			})
		}
	}
	return found, nil
}

func why(s drain.CaptureState) string {
	out := summary.CaptureReason(s.ReasonCode)
	if s.Detail != nil {
		out += " (" + *s.Detail + ")"
	}
	return out
}

func checkBacklog(ctx context.Context, e engine) ([]finding, error) {
	checks, err := e.Ready(ctx)
	var found []finding
	for _, c := range checks {
		if c.Name == summary.CheckDrain && !c.OK {
			found = append(found, finding{"backlog", true, c.Reason, "tidemark serve (or, without a server, tidemark rebuild)"})
		}
	}
	return found, err
}

func checkFailures(ctx context.Context, e engine) ([]finding, error) {
	failed, err := e.texts(ctx, `SELECT connector_instance_id || ': ' || reason_code FROM [failures] ORDER BY connector_instance_id`)
	var found []finding
	for _, f := range failed {
		found = append(found, finding{"failed", true, "evidence cannot be recomputed: " + f, "mend its source rows; it is tried again by itself"})
	}
	return found, err
}
