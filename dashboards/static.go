package dashboards

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// dist is the built application (make web): committed, so that a build of the
// program needs no Node.
//
//go:embed dist
var dist embed.FS

// asset answers with a file of the application. It holds no data of anybody, so
// the page of the locked door may use it too.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	s.serveFile(w, r, strings.TrimPrefix(r.URL.Path, "/"))
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	b, err := fs.ReadFile(dist, path.Join("dist", path.Clean("/"+name)))
	if err != nil {
		writeError(w, http.StatusNotFound, "no such file", "")
		return
	}
	sum := sha256.Sum256(b)
	h := w.Header()
	h.Set("Content-Type", mimeType(name))
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	h.Set("Cache-Control", "no-cache") // asked again, answered 304: names stay the same across versions
	if name == "index.html" {
		h.Set("Cache-Control", "no-store")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
}

// mimeType does not ask the system's tables for what the application is made
// of: under nosniff a wrong one there would stop it.
func mimeType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
