package main

import (
	"time"

	"tidemark/summary"
)

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour
)

// demoConnector is a kind of source; a manifest of "" is none at all.
type demoConnector struct{ id, name, manifest string }

var demoConnectors = []demoConnector{
	{"amazon", "Amazon", `{"version": "2.4.0", "streams": [{"name": "orders", "required": true}, {"name": "order_items", "required": true}, {"name": "returns"}], "refresh_policy": {"recommended_mode": "automatic", "maximum_staleness_seconds": 86400, "recommended_interval_seconds": 21600}}`},
	{"chase", "Chase", `{"version": "1.9.3", "streams": [{"name": "accounts", "required": true}, {"name": "transactions", "required": true}, {"name": "statements"}], "refresh_policy": {"recommended_mode": "automatic", "maximum_staleness_seconds": 43200, "recommended_interval_seconds": 14400}}`},
	{"gmail", "Gmail", `{"version": "3.0.1", "streams": [{"name": "messages", "required": true}, {"name": "labels"}], "refresh_policy": {"recommended_mode": "automatic", "maximum_staleness_seconds": 21600}}`},
	{"spotify", "Spotify", `{"version": "1.2.0", "streams": [{"name": "plays", "required": true}, {"name": "playlists"}], "refresh_policy": {"recommended_mode": "manual", "maximum_staleness_seconds": 604800}}`},
	{"whatsapp", "WhatsApp", `{"version": "0.8.2", "streams": [{"name": "chats"}, {"name": "messages", "required": true}], "refresh_policy": {"recommended_mode": "automatic", "maximum_staleness_seconds": 86400}}`},
	{"apple_health", "Apple Health", `{"version": "1.0.0", "streams": [{"name": "samples", "required": true}, {"name": "workouts"}], "refresh_policy": {"recommended_mode": "automatic"}}`},
	{"github", "GitHub", `{"version": "4.1.0", "streams": [{"name": "repositories", "required": true}, {"name": "events"}]}`},
	{"youtube", "YouTube", `{"version": "2.0.0", "streams": [{"name": "watch_history", "required": true}, {"name": "subscriptions"}], "refresh_policy": {"recommended_mode": "assisted", "maximum_staleness_seconds": 1209600}}`},
	{"strava", "Strava", `{"version": "1.1.4", "streams": [{"name": "activities", "required": true}], "refresh_policy": {"recommended_mode": "automatic", "maximum_staleness_seconds": 172800}}`},
	{"bank_csv", "Bank statements (CSV)", `{"version": "1", "streams": [{"name": "transactions", "required": true}]}`},
	{"files", "Files", `{"version": "1", "streams": [{"name": "files", "required": true}]}`},
	{"linkedin", "LinkedIn", ""},
	{"notion", "Notion", `{"version": "0.1.0", "streams": "all of them"}`},
}

// demoConnection is one connection of the demo owner. Ages and delays count back from now.
type demoConnection struct {
	id, connector, name string
	kind                string // "" is account
	status              string // "" is active
	profile             string // browser profile key
	age                 time.Duration
	streams             []demoStream
	schedule            *demoSchedule
	runs                []demoRun // in the order in which they began
	gaps                []demoGap
	attention           []demoAttention
	devices             []demoDevice
}

type demoStream struct {
	name    string
	records int
	newest  time.Duration // age of the newest record
	blobs   int
}

type demoSchedule struct {
	every, jitter time.Duration
	disabled      bool
	age           time.Duration // 0 is the connection's
}

// demoRun is a run; of one that is not over, ended is running and took is until its last event.
type demoRun struct {
	ago, took     time.Duration
	ended, reason string
	behind        int // what was considered but not covered, in the first required stream
}

type demoGap struct {
	stream, reason, status string
	attempts               int64
	updated, next          time.Duration // next lies ahead; 0 is none
}

type demoAttention struct {
	reason, action, lifecycle string
	age, expires              time.Duration // expires lies ahead; 0 is never
}

type demoDevice struct {
	id, status            string
	heartbeat, ingest     time.Duration // ages
	pending, deadLettered int64
}

func every(d time.Duration) *demoSchedule { return &demoSchedule{every: d, jitter: d / 20} }

// ran is a series of n successful runs that ends ago, one every interval.
func ran(n int, interval, ago time.Duration) []demoRun {
	var out []demoRun
	for i := range n {
		out = append(out, demoRun{ago: ago + time.Duration(n-1-i)*interval, took: 2*minute + time.Duration(i%4)*minute, ended: summary.RunSucceeded})
	}
	return out
}

// failed is a series of n failed runs.
func failed(n int, interval, ago time.Duration, reason string) []demoRun {
	out := ran(n, interval, ago)
	for i := range out {
		out[i].ended, out[i].reason = summary.RunFailed, reason
	}
	return out
}

func then(series ...[]demoRun) (out []demoRun) {
	for _, s := range series {
		out = append(out, s...)
	}
	return out
}
