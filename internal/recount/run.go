package recount

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
)

// ended maps the types of terminal events to the status that they give a run (SPEC section 9).
var ended = map[string]string{
	"run.completed": "succeeded", "run.failed": "failed", "run.cancelled": "cancelled", "run.abandoned": "abandoned",
	"surface.failed": "surface_failed",
}

var failed = map[string]bool{"failed": true, "abandoned": true, "surface_failed": true}

// runsOf makes the runs component out of a connection's runs, newest first.
func runsOf(rows []map[string]any) map[string]any {
	var last, good, finished any
	opened, failures := []any{}, int64(0)
	open := int64(0)
	for _, row := range rows {
		run := runOf(row)
		status := run["status"].(string)
		if last == nil {
			last = run
		}
		if status == "running" {
			if open++; open <= 20 {
				opened = append(opened, map[string]any{
					"run_id": run["run_id"], "first_seq": run["first_seq"], "started_at": run["started_at"],
					"first_at": run["first_at"], "last_at": run["last_at"],
				})
			}
		}
		if finished == nil && status != "running" && status != "cancelled" {
			finished = run
		}
		if good == nil && failed[status] {
			failures++
		}
		if good == nil && status == "succeeded" {
			good = run
		}
	}
	return map[string]any{
		"last": last, "last_successful": good, "last_finished": finished,
		"open": map[string]any{"count": text(big.NewInt(open)), "runs": opened}, "consecutive_failures": text(big.NewInt(failures)),
	}
}

// runOf is one run as evidence shows it.
func runOf(row map[string]any) map[string]any {
	run := map[string]any{
		"run_id": row["run_id"], "first_seq": row["first_seq"], "event_count": row["event_count"], "first_at": row["first_at"],
		"last_at": row["last_at"], "started_at": row["started_at"], "finished_at": row["finished_at"], "status": "running",
		"failure_reason": nil, "failure_text": nil, "terminal_reason": nil, "records_emitted": nil, "known_gaps": nil, "streams": []any{},
	}
	terminal, _ := row["terminal_type"].(string)
	if terminal == "" {
		return run
	}
	status := ended[terminal]
	data, _ := row["data"].(map[string]any)
	run["status"], run["records_emitted"], run["known_gaps"] = status, count(data["records_emitted"]), count(data["known_gaps"])
	run["streams"] = streamFacts(data["streams"])
	if reason, ok := said(data["terminal_reason"]); ok {
		run["terminal_reason"], _ = shown(reason)
	}
	if failed[status] {
		run["failure_reason"], run["failure_text"] = shown(failure(status, data))
	}
	return run
}

// failure is rule 2 of SPEC section 9.
func failure(status string, data map[string]any) string {
	if reason, ok := said(data["failure_reason"]); ok {
		return reason
	}
	if status != "surface_failed" {
		return "unspecified"
	}
	for _, key := range []string{"browser_surface_wait_reason", "browser_surface_status"} {
		if reason, ok := said(data[key]); ok {
			return reason
		}
	}
	return "browser_surface_failed"
}

var (
	code      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	tokenLike = regexp.MustCompile(`[a-z0-9]{16}`)
	digit     = regexp.MustCompile(`[0-9]`)
)

// shown returns a reason as it may be shown, and what stands for its redacted text.
func shown(reason string) (string, any) {
	if code.MatchString(reason) && !(tokenLike.MatchString(reason) && digit.MatchString(reason)) {
		return reason, nil
	}
	return "other", redacted
}

// redacted stands, on both sides of a comparison, for text whose exact form package summary decides.
const redacted = "(redacted)"

var harmless = regexp.MustCompile(`^[a-z0-9:-]{1,15}$`)

// blur replaces, in stored evidence, what shown and streamFacts do not foretell.
func blur(run map[string]any) {
	if run["failure_text"] != nil {
		run["failure_text"] = redacted
	}
	streams, _ := run["streams"].([]any)
	for _, s := range streams {
		if facts, ok := s.(map[string]any); ok {
			facts["checkpoint"] = blurred(facts["checkpoint"])
		}
	}
}

func blurred(v any) any {
	if s, ok := v.(string); ok && !harmless.MatchString(s) {
		return redacted
	}
	return v
}

// said returns a string that is more than blank.
func said(v any) (string, bool) {
	s, ok := v.(string)
	return s, ok && strings.TrimSpace(s) != ""
}

var exact = regexp.MustCompile(`^(0|[1-9][0-9]{0,15})$`)

// count is an integer from 0 to 2^53 - 1, or the length of an array, or null.
func count(v any) any {
	switch v := v.(type) {
	case []any:
		return text(big.NewInt(int64(len(v))))
	case json.Number:
		if n := number(v); exact.MatchString(v.String()) && n.BitLen() <= 53 {
			return v
		}
	}
	return nil
}

// streamFacts reads data.streams: entries without a name are left out, and a list of anything but objects is no list.
func streamFacts(v any) []any {
	out := []any{}
	entries, _ := v.([]any)
	for _, e := range entries {
		facts, ok := e.(map[string]any)
		if !ok && e != nil {
			return []any{}
		}
		name, ok := said(facts["stream"])
		if !ok || len(name) > 256 {
			continue
		}
		fact := map[string]any{"stream": name, "checkpoint": nil}
		for _, key := range []string{"considered", "covered", "collected", "skipped"} {
			fact[key] = count(facts[key])
		}
		if c, ok := said(facts["checkpoint"]); ok {
			fact["checkpoint"] = blurred(c)
		}
		out = append(out, fact)
	}
	return out
}
