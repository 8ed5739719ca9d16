package server

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
)

// contentPolicy lets the page load and reach what this server serves, and nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// asset is one file of the console.
type asset struct {
	body        []byte
	contentType string
	etag        string
}

// loadAssets reads the files of the console once, by the path at which each is served; index.html is /.
func loadAssets(files fs.FS) (map[string]asset, error) {
	out := map[string]asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		sum := sha256.Sum256(body)
		a := asset{body, contentTypeOf(name), `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		at := "/" + name
		if name == "index.html" {
			at = "/"
		}
		out[at] = a
		return nil
	})
	if err == nil && out["/"].body == nil {
		err = fmt.Errorf("index.html is missing")
	}
	return out, err
}

// contentTypeOf names the types that the console uses itself: the table of the machine may differ.
func contentTypeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func (s *server) serveAsset(w http.ResponseWriter, r *http.Request) {
	a := s.files[r.URL.Path]
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Cache-Control", "no-cache")
	h.Set("Etag", a.etag)
	if noneMatch(r.Header["If-None-Match"], a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", fmt.Sprint(len(a.body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body) // an error here means that the client has gone
	}
}
