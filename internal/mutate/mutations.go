package main

import "slices"

// all lists every mutation, by the package that holds the mechanism.
func all() []mutation {
	return slices.Concat(
		ofDrain, ofScrub, ofServers, ofTriggers, ofListener, ofWAL, ofAudit, ofConformance, ofSummary, ofDepth, ofScoped,
		ofWriters, ofCapture, ofReadAPI,
	)
}
