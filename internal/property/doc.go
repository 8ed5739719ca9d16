// Package property holds both engines against guarantees G2 and G3 under random interleavings: several writers with open
// transactions, savepoints and rollbacks, drains, rebuilds and marks by hand, with the independent recount asked after every
// step, on a new snapshot and on one that is held open.
package property
