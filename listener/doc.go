// Package listener decides when to drain. On PostgreSQL it holds one connection of its own, on which it is elected the
// one that drains, is woken by NOTIFY and raises the wake-up flag that makes writers send it (Listener); on SQLite it
// follows the engine's wake signals (Local). It also carries the news of what drains changed to whoever subscribes
// (Changes, Hub).
//
// Nothing that is said here is trusted: signals may be lost, marks may not. What the signals save is time. The wake-up
// protocol and why it loses nothing: DESIGN.md beside this file; its exhaustive check: model_test.go.
package listener
