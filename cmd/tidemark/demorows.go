package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tidemark/summary"
)

// demoWriter turns the description of the fleet into rows. The same now gives the same rows.
type demoWriter struct {
	now    summary.Instant
	random *rand.Rand
	tables map[string]*rows
	order  []string
	events []demoEvent
}

// demoEvent is a spine event before it has its place among the others.
type demoEvent struct {
	at                summary.Instant
	kind, run, source string
	status, data      string
}

// demoRows are the rows of all source tables, parents first.
func demoRows(now summary.Instant) []rows {
	w := &demoWriter{now: now, random: rand.New(rand.NewPCG(20, 26)), tables: map[string]*rows{}}
	w.table("connectors", "connector_id", "display_name", "manifest", "created_at", "updated_at")
	w.table("connector_instances", "connector_instance_id", "owner_subject_id", "connector_id", "display_name", "status", "source_kind",
		"source_binding_key", "source_binding", "created_at", "updated_at", "revoked_at")
	w.table("records", "connector_instance_id", "stream", "record_key", "record_json", "emitted_at", "version", "deleted", "deleted_at")
	w.table("record_changes", "connector_instance_id", "stream", "record_key", "version", "record_json", "emitted_at", "deleted")
	w.table("blobs", "blob_id", "connector_instance_id", "stream", "record_key", "mime_type", "size_bytes", "sha256", "data")
	w.table("spine_events", "event_id", "event_type", "occurred_at", "recorded_at", "run_id", "source_kind", "source_id", "status", "data")
	w.table("connector_schedules", "connector_instance_id", "interval_seconds", "jitter_seconds", "enabled", "created_at", "updated_at")
	w.table("connector_detail_gaps", "gap_id", "connector_instance_id", "stream", "record_key", "reason", "status", "attempt_count",
		"next_attempt_after", "created_at", "updated_at")
	w.table("connector_attention", "attention_id", "connector_instance_id", "run_id", "reason_code", "owner_action", "lifecycle", "expires_at",
		"created_at", "updated_at")
	w.table("device_heartbeats", "connector_instance_id", "device_id", "last_heartbeat_at", "status", "records_pending", "dead_letters", "last_ingest_at")
	for _, k := range demoConnectors {
		w.put("connectors", k.id, k.name, orNil(k.manifest), w.ago(1000*day), w.ago(60*day))
	}
	for i := range demoConnections {
		w.connection(&demoConnections[i])
	}
	// One run of a browser profile that no connection expects: it belongs to none.
	w.run("amazon", "run_amazon_stray", "", "profile-of-a-draft-shell", nil, demoRun{ago: 4 * hour, took: minute, ended: summary.RunSurfaceFailed, reason: "login_required"})
	w.spine()
	out := make([]rows, len(w.order))
	for i, name := range w.order {
		out[i] = *w.tables[name]
	}
	return out
}

func (w *demoWriter) table(name string, columns ...string) {
	w.tables[name] = &rows{table: name, columns: columns}
	w.order = append(w.order, name)
}

func (w *demoWriter) put(table string, values ...any) {
	w.tables[table].values = append(w.tables[table].values, values)
}

// ago is the moment so long before now.
func (w *demoWriter) ago(d time.Duration) summary.Instant { return w.now.Add(-d) }

// ahead is the moment so long after now; nil for 0.
func (w *demoWriter) ahead(d time.Duration) any {
	if d == 0 {
		return nil
	}
	return w.now.Add(d)
}

func (w *demoWriter) connection(c *demoConnection) {
	kind, status := c.kind, c.status
	if kind == "" {
		kind = "account"
	}
	var revoked any
	if status == "" {
		status = "active"
	} else if status == "revoked" {
		revoked = w.ago(c.age / 4)
	}
	binding := "{}"
	if c.profile != "" {
		binding = `{"browser_profile_key":` + encode(c.profile) + `}`
	}
	w.put("connector_instances", c.id, demoOwner, c.connector, orNil(c.name), status, kind, c.id, binding, w.ago(c.age), w.ago(c.age), revoked)
	for _, s := range c.streams {
		w.stream(c, s)
	}
	for i, r := range c.runs {
		w.run(c.connector, fmt.Sprintf("run_%s_%02d", strings.TrimPrefix(c.id, "ci_"), i+1), c.id, c.profile, c.streams, r)
	}
	if s := c.schedule; s != nil {
		age := s.age
		if age == 0 {
			age = c.age
		}
		w.put("connector_schedules", c.id, seconds(s.every), seconds(s.jitter), !s.disabled, w.ago(age), w.ago(age))
	}
	for i, g := range c.gaps {
		w.put("connector_detail_gaps", fmt.Sprintf("gap_%s_%d", c.id, i+1), c.id, g.stream, demoKey(g.stream, 9000+i), g.reason, g.status,
			g.attempts, w.ahead(g.next), w.ago(g.updated+hour), w.ago(g.updated))
	}
	for i, n := range c.attention {
		w.put("connector_attention", fmt.Sprintf("att_%s_%d", c.id, i+1), c.id, nil, n.reason, n.action, n.lifecycle, w.ahead(n.expires), w.ago(n.age), w.ago(n.age))
	}
	for _, d := range c.devices {
		w.put("device_heartbeats", c.id, d.id, w.ago(d.heartbeat), d.status, d.pending, d.deadLettered, w.ago(d.ingest))
	}
}

// stream writes records that became ever more frequent since the connection was made, with their history and blobs. Every
// seventh was changed once, every fortieth deleted.
func (w *demoWriter) stream(c *demoConnection, s demoStream) {
	span := c.age - s.newest
	for i := range s.records {
		left := float64(s.records-1-i) / float64(max(s.records-1, 1))
		at := w.ago(s.newest + time.Duration(left*left*float64(span)))
		key := demoKey(s.name, i)
		first := demoRecord(w.random, s.name, key, at)
		last, version, deleted, deletedAt := any(first), int64(1), false, any(nil)
		w.put("record_changes", c.id, s.name, key, version, first, at, false)
		switch {
		case i%40 == 39 && i < s.records-1:
			version, deleted, deletedAt = 2, true, at.Add(minute)
			w.put("record_changes", c.id, s.name, key, version, nil, at.Add(minute), true)
		case i%7 == 6:
			version, last = 2, demoRecord(w.random, s.name, key, at)
			w.put("record_changes", c.id, s.name, key, version, last, at, false)
		}
		w.put("records", c.id, s.name, key, last, at, version, deleted, deletedAt)
		if i < s.blobs {
			w.blob(c.id, s.name, key)
		}
	}
}

func (w *demoWriter) blob(connection, stream, key string) {
	data := make([]byte, 400+w.random.IntN(2000))
	for i := range data {
		data[i] = byte(w.random.Uint32())
	}
	sum := sha256.Sum256(data)
	w.put("blobs", "blob_"+connection+"_"+key, connection, stream, key, "application/octet-stream", int64(len(data)), hex.EncodeToString(sum[:]), data)
}

// run writes the events of a run. One of a browser profile is told by its key alone, as collectors do.
func (w *demoWriter) run(connector, id, connection, profile string, streams []demoStream, r demoRun) {
	began := w.ago(r.ago)
	who := `"connection_id":` + encode(connection)
	if profile != "" {
		who = `"browser_surface_profile_key":` + encode(profile)
	}
	event := func(after time.Duration, kind, status, more string) {
		w.events = append(w.events, demoEvent{at: began.Add(after), kind: kind, run: id, source: connector, status: status, data: "{" + who + more + "}"})
	}
	event(0, "run.started", summary.RunRunning, "")
	for i, s := range streams {
		if after := r.took * time.Duration(i+1) / time.Duration(len(streams)+1); r.ended == summary.RunSucceeded || i == 0 {
			event(after, "stream.collected", summary.RunRunning, `,"stream":`+encode(s.name))
		}
	}
	kinds := map[string]string{
		summary.RunSucceeded: "run.completed", summary.RunFailed: "run.failed", summary.RunCancelled: "run.cancelled",
		summary.RunSurfaceFailed: "surface.failed",
	}
	kind, over := kinds[r.ended]
	if !over {
		return
	}
	more := ""
	switch r.ended {
	case summary.RunSucceeded:
		more = w.collected(streams, r.behind)
	case summary.RunFailed:
		more = `,"failure_reason":` + encode(r.reason) + `,"records_emitted":0`
	case summary.RunSurfaceFailed: // the seed's case: no failure reason, but what the browser waited for
		more = `,"browser_surface_wait_reason":` + encode(r.reason)
	}
	event(r.took, kind, r.ended, more)
}

// collected are the facts that a successful run ends with.
func (w *demoWriter) collected(streams []demoStream, behind int) string {
	var facts []string
	total := 0
	for _, s := range streams {
		got := 1 + w.random.IntN(max(s.records/10, 1))
		total += got
		facts = append(facts, fmt.Sprintf(`{"stream":%s,"considered":%d,"covered":%d,"collected":%d,"checkpoint":"page_%d","skipped":0}`,
			encode(s.name), s.records+behind, s.records, got, 1+s.records/50))
		behind = 0
	}
	return fmt.Sprintf(`,"records_emitted":%d,"known_gaps":0,"streams":[%s]`, total, strings.Join(facts, ","))
}

// spine writes the events of all runs in the order in which they happened: runs are ordered by their first event.
func (w *demoWriter) spine() {
	slices.SortStableFunc(w.events, func(a, b demoEvent) int { return a.at.Time().Compare(b.at.Time()) })
	for i, e := range w.events {
		w.put("spine_events", fmt.Sprintf("ev_%05d", i+1), e.kind, e.at, e.at, e.run, "connector", e.source, e.status, e.data)
	}
}

func demoKey(stream string, i int) string {
	return fmt.Sprintf("%s-%05d", strings.TrimSuffix(stream, "s"), i+1)
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
