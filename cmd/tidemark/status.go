package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"tidemark/drain"
	"tidemark/summary"
)

func (a *app) statusCommand() *cobra.Command {
	return a.asJSON(a.command(&cobra.Command{
		Use: "status", Short: "Say how far evidence has followed the source tables", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), func(e engine) error {
				s, err := e.Status(cmd.Context())
				if err != nil {
					return err
				}
				watch := "polling"
				if atOnce, _, err := e.watched(cmd.Context()); err != nil {
					return err
				} else if atOnce {
					watch = "event triggers and polling"
				}
				return a.show(statusShown{s, watch}, func() { a.printStatus(s, watch) })
			})
		},
	}))
}

// statusShown is what status prints.
type statusShown struct {
	drain.Status
	CaptureWatch string `json:"capture_watch"` // how loss of capture is noticed
}

func (a *app) printStatus(s drain.Status, watch string) {
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	var lost []string
	for _, c := range s.Capture {
		if !c.Trusted {
			lost = append(lost, c.Table)
		}
	}
	capture := "trusted"
	if len(lost) > 0 {
		capture = "not trusted on " + join(lost)
	}
	lines := [][]string{
		{"schema", n(s.SchemaVersion)},
		{"connections", n(s.Connections)},
		{"evidence", n(s.Evidence)},
		{"  failed", n(s.Failed)},
		{"marks pending", n(s.MarksPending)},
		{"  in backlog", n(s.MarksBacklog)},
		{"  parked", n(s.MarksParked)},
		{"oldest mark", at(s.OldestMark)},
		{"last drain", at(s.LastDrainAt)},
		{"version", n(s.MaxVersion)},
		{"capture", capture},
		{"  watched by", watch},
		{"scrub", scrubbed(s.Scrub)},
		{"  findings", scrubFindings(s.Scrub)},
	}
	if s.Audit != nil {
		lines = append(lines, []string{"audit", audited(*s.Audit)}, []string{"  bypasses", bypasses(*s.Audit)})
	}
	a.table([]string{"engine", s.Engine}, lines)
	for _, server := range s.Servers {
		a.printServer(server)
	}
}

// audited says whether somebody audits, and since when.
func audited(s drain.AuditState) string {
	switch {
	case !s.Watching:
		return "nobody audits (serve --audit on)"
	case s.VerifiedAt == nil:
		return fmt.Sprintf("since %s; what was changed before is being verified", at(s.BeganAt))
	}
	return fmt.Sprintf("since %s; verified %s", at(s.BeganAt), at(s.VerifiedAt))
}

// bypasses are those since the database was made, by table.
func bypasses(s drain.AuditState) string {
	out := []string{}
	for _, t := range s.Tables {
		if t.Found > 0 {
			out = append(out, fmt.Sprintf("%s %d (last %s, %s)", t.Table, t.Found, at(t.LastAt), transaction(t.Xid)))
		}
		if t.SuspectXid != nil {
			out = append(out, fmt.Sprintf("%s suspected since %s", t.Table, transaction(t.SuspectXid)))
		}
	}
	if len(out) == 0 {
		return "none"
	}
	return join(out)
}

func transaction(xid *int64) string {
	if xid == nil {
		return "-"
	}
	return "transaction " + strconv.FormatInt(*xid, 10)
}

// printServer tells what a server says of itself, and since when it has said nothing.
func (a *app) printServer(s drain.ServerState) {
	rows := [][]string{
		{"  role", s.Role}, {"  signal", s.Signal + " (" + s.Reason + ")"}, {"  reads from", s.ReadsFrom},
		{"  last seen", at(&s.SeenAt)},
	}
	if s.ReadsWhy != "" {
		rows[2][1] += "; the standby: " + s.ReadsWhy
	}
	switch {
	case s.LastFault != "" && s.Failing > 0:
		rows = append(rows, []string{"  fault", s.LastFault})
	case s.LastFault != "":
		rows = append(rows, []string{"  last fault", s.LastFault + " (over; " + at(s.FaultedAt) + ")"})
	}
	a.table([]string{"server", s.Name}, rows)
}

// scrubbed tells of the last full round.
func scrubbed(s drain.ScrubState) string {
	if s.Last == nil {
		return "no round ended yet"
	}
	return fmt.Sprintf("round ended %s: %s compared, %s", at(&s.Last.EndedAt), plural(s.Last.Checked, "connection"), plural(s.Last.Found, "finding"))
}

// scrubFindings are those since the database was made, by cause.
func scrubFindings(s drain.ScrubState) string {
	out := []string{}
	for _, c := range s.Findings {
		out = append(out, fmt.Sprintf("%s %d (last %s)", c.Cause, c.Found, at(&c.LastAt)))
	}
	if len(out) == 0 {
		return "none"
	}
	return join(out)
}

func at(i *summary.Instant) string {
	if i == nil {
		return "-"
	}
	return i.String()
}
