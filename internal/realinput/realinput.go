// Package realinput finds the real data that tests import: JSON and CSV that nobody wrote for Tidemark, with the sizes,
// scripts, nulls and oddities that invented data lacks. `make tools` fetches it; the repository holds none of it.
package realinput

import (
	"os"
	"path/filepath"
	"testing"

	"tidemark/internal/toolcache"
)

// Source is one collection of files; its value is the name of its directory.
type Source string

const (
	// ISOCodes is Debian's iso-codes: iso_639-3.json, iso_3166-1.json, iso_3166-2.json, iso_4217.json, … Each is an
	// object whose only member is an array of flat objects. The number of rows depends on Debian's version.
	ISOCodes Source = "iso-codes"
	// Vega is npm's vega-datasets, of one pinned version: movies.json, cars.json, earthquakes.json (GeoJSON),
	// airports.csv, zipcodes.csv, flights-200k.json, unemployment.tsv, …
	Vega Source = "vega-datasets"
)

// Dir returns the directory of a collection. It fails the test where it is missing.
func Dir(t testing.TB, source Source) string {
	t.Helper()
	dir := filepath.Join(toolcache.Dir(), string(source))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Fatalf("real input %s is not in %s: run `make tools`", source, dir)
	}
	return dir
}

// Path returns the path of one file of a collection. It fails the test where it is missing.
func Path(t testing.TB, source Source, name string) string {
	t.Helper()
	path := filepath.Join(Dir(t, source), name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("real input %s has no %s (%v): run `make tools`", source, name, err)
	}
	return path
}

// Read returns the content of one file of a collection. It fails the test where it is missing.
func Read(t testing.TB, source Source, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(Path(t, source, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
