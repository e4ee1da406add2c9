package dashboards

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"tamga"
)

// Limits of what one answer carries of a capture. The raw download has none.
const (
	maxText     = 1 << 20 // bytes of visible text
	maxSource   = 2 << 20 // bytes of source
	maxFindings = 5000
	maxHead     = 64 << 10
	around      = 160 // bytes of source on each side of a value
)

// finding is a value with where it stands.
type finding struct {
	tamga.Finding
	Text    *[2]int  `json:"text,omitempty"` // byte range of the visible text; absent where it is not visible
	Excerpt excerpt  `json:"excerpt"`        // of the source
	Links   linkHint `json:"links"`
}

// linkHint says what can be done with a value.
type linkHint struct {
	Search string `json:"search,omitempty"` // a query that finds the value elsewhere
	Trace  string `json:"trace,omitempty"`  // a subject the ledger may hold
}

// page is what a capture says, without its text.
type page struct {
	Kind     tamga.PageKind  `json:"kind"`
	Title    string          `json:"title,omitempty"`
	Language string          `json:"language,omitempty"`
	Market   string          `json:"market,omitempty"`
	Reader   string          `json:"reader,omitempty"`
	Listings []tamga.Listing `json:"listings,omitempty"`
	Posts    []tamga.Post    `json:"posts,omitempty"`
	Vendor   *tamga.Vendor   `json:"vendor,omitempty"`
}

// captureView is the answer of /api/capture.
type captureView struct {
	Capture      tamga.Capture `json:"capture"`
	Page         *page         `json:"page,omitempty"`
	Problem      string        `json:"problem,omitempty"` // why the page could not be read
	Runs         []run         `json:"runs"`
	Findings     []finding     `json:"findings"`
	RequestHead  string        `json:"request_head"`
	ResponseHead string        `json:"response_head"`
	Proof        *Proof        `json:"proof,omitempty"`
	Stamps       []Stamp       `json:"stamps,omitempty"`
	Cut          []string      `json:"cut,omitempty"` // what of it was too long to send whole
}

// open reads the capture that r names.
func (s *Server) open(r *http.Request) (*View, error) {
	if s.opt.Opener == nil {
		return nil, &apiError{http.StatusNotImplemented, "captures cannot be opened here", "serve a workspace that has its evidence"}
	}
	seq, err := strconv.ParseInt(r.URL.Query().Get("seq"), 10, 64)
	if err != nil || seq < 0 {
		return nil, badRequest("seq: want the number of a capture", "captures count from 0")
	}
	v, err := s.opt.Opener.Open(r.Context(), seq)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("open capture %d: %w", seq, err)
	case err != nil:
		s.opt.Logger.ErrorContext(r.Context(), "capture not opened", "capture", seq, "err", err)
		return nil, &apiError{http.StatusInternalServerError, fmt.Sprintf("open capture %d: %v", seq, err), "tamga verify tells whether the evidence is whole"}
	}
	return v, nil
}

// capture answers with all that is known of one capture but its source.
func (s *Server) capture(w http.ResponseWriter, r *http.Request) {
	v, err := s.open(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	start, end, err := spanOf(r.URL.Query().Get("span"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, viewOf(v, start, end))
}

// offer is the id of the mark that covers the offer asked for, among those of
// the findings, which count from 0.
const offer = -1

// spanOf reads a byte range "start-end" of a source; empty is none.
func spanOf(s string) (start, end int, err error) {
	if s == "" {
		return 0, 0, nil
	}
	a, b, _ := strings.Cut(s, "-")
	start, errA := strconv.Atoi(a)
	end, errB := strconv.Atoi(b)
	if errA != nil || errB != nil || start < 0 || end < start {
		return 0, 0, badRequest("span: want a byte range of the source", "as 120-4096")
	}
	return start, end, nil
}

// viewOf makes the answer of v; the source range [start, end), where not empty,
// is marked as the offer.
func viewOf(v *View, start, end int) captureView {
	out := captureView{
		Capture: v.Capture, Runs: []run{}, Findings: []finding{}, Proof: v.Proof, Stamps: v.Stamps, Problem: v.Problem,
		RequestHead: headOf(v.RequestHead), ResponseHead: headOf(v.ResponseHead),
	}
	p := v.Page
	if p == nil {
		return out
	}
	out.Page = &page{p.Kind, p.Title, p.Language, p.Market, p.Reader, p.Listings, p.Posts, p.Vendor}
	found := p.Findings
	if len(found) > maxFindings {
		found = found[:maxFindings]
		out.Cut = append(out.Cut, "findings")
	}
	index := newTextIndex(p.Text)
	var marks []mark
	for i, f := range found {
		row := finding{Finding: f, Excerpt: excerptOf(p.Source, f.Start, f.End, around), Links: linksOf(f)}
		if start, end, ok := index.span(f.Start, f.End); ok {
			row.Text = &[2]int{start, end}
			marks = append(marks, mark{start, end, i})
		}
		out.Findings = append(out.Findings, row)
	}
	if from, to, ok := index.span(start, end); ok {
		marks = append(marks, mark{from, to, offer})
	}
	body := p.Text.Body
	if len(body) > maxText {
		body = body[:runeStart(body, maxText)]
		out.Cut = append(out.Cut, "text")
	}
	out.Runs = append(out.Runs, runs(body, marks)...)
	return out
}

func headOf(s string) string {
	if len(s) > maxHead {
		return s[:runeStart(s, maxHead)] + "…"
	}
	return s
}

// linksOf says where a value leads. Only a value that names one thing leads to
// a search: a price or a quantity is shared by strangers.
func linksOf(f tamga.Finding) linkHint {
	var l linkHint
	switch f.Type {
	case tamga.FindAddress, tamga.FindHandle, tamga.FindAccount, tamga.FindPGP, tamga.FindOnion,
		tamga.FindTxID, tamga.FindPhone, tamga.FindEmail, tamga.FindURL, tamga.FindSubstance, tamga.FindSecret:
		l.Search = queryFor(f)
	}
	if f.Type == tamga.FindTxID || f.Type == tamga.FindAddress && f.Chain == "bitcoin" && f.Valid {
		l.Trace = f.Value
	}
	return l
}

// source answers with the page's source as text, cut at the values in it.
func (s *Server) source(w http.ResponseWriter, r *http.Request) {
	v, err := s.open(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := struct {
		Runs []run `json:"runs"`
		Size int   `json:"size"` // bytes of the whole source
		Cut  bool  `json:"cut,omitempty"`
	}{Runs: []run{}}
	if v.Page != nil {
		body := v.Page.Source
		out.Size = len(body)
		if len(body) > maxSource {
			body, out.Cut = body[:runeStart(body, maxSource)], true
		}
		var marks []mark
		for i, f := range v.Page.Findings[:min(len(v.Page.Findings), maxFindings)] {
			marks = append(marks, mark{f.Start, f.End, i})
		}
		out.Runs = append(out.Runs, runs(body, marks)...)
	}
	writeJSON(w, out)
}

// raw sends the payload as it was on the wire, for other tools. It is never
// shown: an attachment of no type, in a sandbox should a browser show it yet.
func (s *Server) raw(w http.ResponseWriter, r *http.Request) {
	v, err := s.open(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="capture-%d.bin"`, v.Capture.Seq))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(v.Payload)))
	_, _ = w.Write(v.Payload)
}
