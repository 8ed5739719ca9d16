package main

import (
	"context"
	"fmt"
	"strings"
)

// owned are the tables whose rows belong to a connection. A foreign key keeps them together, but for writers for whom it is
// off; spine events have none.
var owned = []string{
	"records", "record_changes", "blobs", "connector_schedules", "connector_detail_gaps", "connector_attention",
	"device_heartbeats", "spine_events",
}

// orphanIDs walks the distinct connection ids of a table by its index, one probe for each, and returns those of no connection.
const orphanIDs = `
	WITH RECURSIVE ids (id) AS (
		SELECT min(connector_instance_id) FROM {TABLE}
		UNION ALL
		SELECT (SELECT min(t.connector_instance_id) FROM {TABLE} t WHERE t.connector_instance_id > ids.id) FROM ids WHERE ids.id IS NOT NULL
	)
	SELECT ids.id FROM ids
	WHERE ids.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {connector_instances} c WHERE c.connector_instance_id = ids.id)
	ORDER BY ids.id`

func checkOrphans(ctx context.Context, e engine) ([]finding, error) {
	var found []finding
	for _, table := range owned {
		ids, err := e.texts(ctx, strings.ReplaceAll(orphanIDs, "TABLE", table))
		if err != nil {
			return found, fmt.Errorf("look for orphans in %s: %w", table, err)
		}
		if len(ids) == 0 {
			continue
		}
		found = append(found, finding{
			// A connection that is deleted with plain SQL leaves its events: that is as it should be.
			"orphans", table != "spine_events",
			fmt.Sprintf("%s has rows of connections that are not there: %s", table, some(ids)),
			fmt.Sprintf("insert the connection, or DELETE FROM %s WHERE connector_instance_id NOT IN (SELECT connector_instance_id FROM connector_instances)", table),
		})
	}
	return found, nil
}

// some shows the first few of many names.
func some(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return join(names)
	}
	return fmt.Sprintf("%s and %d more", join(names[:shown]), len(names)-shown)
}

// unattributed counts the runs that belong to no connection (SPEC section 9 rule 1), whoever may be told of them.
const unattributed = `
	WITH runs AS (
		SELECT run_id, count(DISTINCT browser_surface_profile_key) AS keys, min(browser_surface_profile_key) AS key,
		       count(DISTINCT connector_instance_id) AS named, min(connector_instance_id) AS name,
		       count(DISTINCT source_id) AS sources, min(source_id) AS source
		FROM {spine_events} WHERE run_id IS NOT NULL GROUP BY run_id
	)
	SELECT CAST(count(*) AS text) FROM runs r
	WHERE NOT (r.keys = 1 AND r.sources = 1 AND (
		SELECT count(*) FROM {connector_instances} c
		WHERE c.source_binding ->> 'browser_profile_key' = r.key AND c.connector_id = r.source) = 1)
	  AND NOT (r.keys = 0 AND r.named = 1 AND EXISTS (
		SELECT 1 FROM {connector_instances} c WHERE c.connector_instance_id = r.name))`

func checkRuns(ctx context.Context, e engine) ([]finding, error) {
	n, err := e.texts(ctx, unattributed)
	if err != nil || n[0] == "0" {
		return nil, err
	}
	return []finding{{
		"runs", false, n[0] + " of the runs belong to no connection and show nowhere",
		"give their spine events the connection's id, or the profile key that exactly one connection of the connector expects",
	}}, nil
}
