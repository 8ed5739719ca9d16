// Package console holds the web page that an owner reads their summaries on: plain ES modules and CSS, embedded, with no
// build step and nothing from another host.
package console

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed page
var embedded embed.FS

// Files returns the page's files: index.html and what it refers to, by paths relative to it.
func Files() fs.FS {
	files, err := fs.Sub(embedded, "page")
	if err != nil { // only a malformed literal above could cause it
		panic(fmt.Sprintf("open embedded console: %v", err))
	}
	return files
}
