package dashboards

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// policy is the Content-Security-Policy of the application. The hash is that of
// the one style element the graph library adds: its own text, fixed.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self' 'sha256-pgvDUBa4IjFA2yuSJ2cqcyxmNYJMborsd0ORcRv9vw8='",
	"img-src 'self' data:",
	"connect-src 'self'",
	"require-trusted-types-for 'script'",
	"trusted-types svelte-trusted-html",
	"frame-ancestors 'none'",
	"base-uri 'none'",
	"form-action 'self'",
}, "; ")

// secure sets the headers that every answer has.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}

// bound limits what one call may cost: length, time, and how many at once.
func (s *Server) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.URL.RawQuery) > maxQueryBytes {
			writeError(w, http.StatusRequestURITooLong, "the query is too long", "search for fewer values at once")
			return
		}
		select {
		case s.running <- struct{}{}:
			defer func() { <-s.running }()
		default:
			w.Header().Set("Retry-After", "1")
			writeError(w, http.StatusServiceUnavailable, "too many calls at once", "try again")
			return
		}
		limit := apiTimeout
		if r.URL.Path == "/api/trace" {
			limit = traceTimeout
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// readOnly answers GET and HEAD.
func readOnly(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeError(w, http.StatusMethodNotAllowed, "method "+r.Method, "")
			return
		}
		next(w, r)
	})
}

// apiError is an error with the status and the hint to answer with.
type apiError struct {
	status     int
	what, hint string
}

func (e *apiError) Error() string { return e.what }

func badRequest(what, hint string) error { return &apiError{http.StatusBadRequest, what, hint} }

// fail answers with err.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *apiError
	if of, ok := indexError(err); ok {
		err = of
	}
	switch {
	case errors.As(err, &e):
		writeError(w, e.status, e.what, e.hint)
	case errors.Is(err, fs.ErrNotExist):
		writeError(w, http.StatusNotFound, err.Error(), "it is not in this workspace")
	case errors.Is(err, fs.ErrInvalid):
		writeError(w, http.StatusBadRequest, err.Error(), "")
	case errors.Is(err, context.DeadlineExceeded):
		writeError(w, http.StatusGatewayTimeout, "no answer in time", "narrow the question")
	case errors.Is(err, context.Canceled):
		// The browser went on; nobody reads the answer.
	default:
		s.opt.Logger.ErrorContext(r.Context(), "dashboards call failed", "path", r.URL.Path, "err", err)
		writeError(w, http.StatusInternalServerError, err.Error(), "see the log of tamga serve")
	}
}

func writeError(w http.ResponseWriter, status int, what, hint string) {
	setJSON(w)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Error string `json:"error"`
		Hint  string `json:"hint,omitempty"`
	}{what, hint})
}

func writeJSON(w http.ResponseWriter, v any) {
	setJSON(w)
	enc := json.NewEncoder(w) // escapes <, > and &, so that even a sniffer sees no tag
	_ = enc.Encode(v)
}

func setJSON(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
}

// stamp is a time as the API prints it, absent where unknown.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}
