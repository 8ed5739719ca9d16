package listener

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// hearing is the connection of Changes. It listens if it can.
type hearing struct {
	*wire
	facts
	version int64 // the highest that was committed when it began to listen
}

func openHearing(ctx context.Context, cfg *pgx.ConnConfig) (*hearing, error) {
	w, err := dial(ctx, cfg, changesName)
	if err != nil {
		return nil, err
	}
	h := &hearing{wire: w}
	if h.facts, err = survey(ctx, w, cfg, true); err == nil && h.hears {
		err = w.exec(ctx, "listen", "LISTEN "+changedChannel)
	}
	if err == nil {
		h.version, err = h.highest(ctx)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return h, nil
}

// highest is the highest version in any derived row that this snapshot sees. Not the counter's value: it runs ahead of
// what is committed, and whoever read on from there would miss the rest. It is an error, which ends the session, if a
// standby has become a primary.
func (h *hearing) highest(ctx context.Context) (int64, error) {
	var version int64
	var standby bool
	err := h.row(ctx, "read version", `SELECT pg_catalog.pg_is_in_recovery(), coalesce(greatest(
		(SELECT max(version) FROM tidemark.connector_summary_evidence),
		(SELECT max(version) FROM tidemark.evidence_deletions),
		(SELECT max(version) FROM tidemark.manifest_versions)), 0)`, &standby, &version)
	if err == nil && standby != h.standby {
		err = errSurveyAgain
	}
	return version, err
}
