// Package enginetest gives tests the two engines behind one face: a real Postgres database and a real SQLite file, migrated,
// with capture installed, and with sessions of ordinary and of foreign writers. Statements are the same text on both; where
// the engines differ, a Statement holds both forms.
//
// Whatever a test does, it can ask the independent recount (internal/recount) at any time whether guarantees G2 and G3
// hold, and whether what the read API shows agrees.
package enginetest
