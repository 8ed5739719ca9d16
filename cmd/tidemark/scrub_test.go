package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"tidemark/drain"
	"tidemark/internal/poll"
	"tidemark/internal/programtest"
)

// scrubOf reads what status says of the scrub.
func scrubOf(t *testing.T, dsn string) drain.ScrubState {
	t.Helper()
	var s struct{ Scrub drain.ScrubState }
	if err := json.Unmarshal([]byte(programtest.Run(t, dsn, "status", "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return s.Scrub
}

// What was changed by hand before the server came is found and repaired by it alone, and it says so (SPEC section 8).
func TestServeScrubs(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		programtest.Run(t, dsn, "demo")
		programtest.Run(t, dsn, "rebuild")
		mustForeign(t, dsn, `UPDATE [connector_summary_evidence] SET total_records = total_records + 5 WHERE connector_instance_id = 'ci_spotify'`)
		mustForeign(t, dsn, `DELETE FROM [retained_size_stream] WHERE connector_instance_id = 'ci_github'`)
		programtest.Exit(t, dsn, statusFailed, "verify")
		p := startServer(t, dsn, "--scrub", "50%")
		poll.Until(t, "a round ends", func() bool { return scrubOf(t, dsn).Last != nil })
		programtest.Run(t, dsn, "verify")
		s := scrubOf(t, dsn)
		causes := map[drain.Cause]int64{}
		for _, c := range s.Findings {
			causes[c.Cause] = c.Found
		}
		if s.Last.Checked != int64(len(demoConnections)) || s.Last.Found != 2 || causes[drain.CauseEvidence] != 1 || causes[drain.CauseRetained] != 1 {
			t.Errorf("%+v", s)
		}
		said := p.Stderr()
		for _, want := range []string{"scrub repaired evidence", "connection=ci_spotify", "cause=evidence_corrupt", "total_records.expected=", "cause=retained_corrupt"} {
			if !strings.Contains(said, want) {
				t.Errorf("the log does not say %q", want)
			}
		}
		if text := programtest.Run(t, dsn, "status"); !strings.Contains(text, "evidence_corrupt 1 (last ") || !strings.Contains(text, "compared, 2 findings") {
			t.Errorf("status: %s", text)
		}
	})
}

// Only the server that drains scrubs, only while capture is trusted, and none that is told not to.
func TestScrubStandsBy(t *testing.T) {
	e := openEngine(t, newDatabase(t, onSQLite))
	if err := newScrub(e, 0, func() bool { return true }, slog.New(slog.DiscardHandler)).run(t.Context()); err != nil {
		t.Error(err)
	}
	for _, leads := range []bool{false, true} {
		ctx, stop := context.WithCancel(t.Context())
		looks := 0
		s := newScrub(e, 1, func() bool {
			if looks++; looks == 5 {
				stop()
			}
			return leads
		}, slog.New(slog.DiscardHandler))
		s.rests = 1
		if leads {
			mustExec(t, e, `UPDATE capture_state SET trusted = 0 WHERE table_name = 'blobs'`)
		}
		if err := s.run(ctx); err != nil {
			t.Error(err)
		}
		at, err := e.Scrub(t.Context())
		if err != nil || at.BeganAt != nil || at.Last != nil {
			t.Errorf("leads: %v: a scrub began: %+v, %v", leads, at, err)
		}
	}
}

func mustExec(t *testing.T, e engine, sql string) {
	t.Helper()
	if _, err := e.(sqlite).Writer().ExecContext(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestShare(t *testing.T) {
	for text, want := range map[string]share{"off": 0, "1%": 0.01, "0.5%": 0.005, "100%": 1} {
		var s share
		if err := s.Set(text); err != nil || s != want || s.String() != text {
			t.Errorf("%s: %v %s, %v", text, float64(s), s.String(), err)
		}
	}
	for _, text := range []string{"", "1", "0%", "-1%", "101%", "%", "NaN%", "on", "1 %"} {
		var s share
		if err := s.Set(text); err == nil {
			t.Errorf("%q is taken as %s", text, s.String())
		}
	}
}
