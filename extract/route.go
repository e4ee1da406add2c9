package extract

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"tamga"
)

func sortRanges(r [][2]int) {
	slices.SortFunc(r, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
}

// hitsBetween is the index range of the hits that overlap [lo,hi).
func (s *scan) hitsBetween(lo, hi int) (int, int) {
	a, _ := slices.BinarySearchFunc(s.hits, lo, func(h hit, v int) int { return cmp.Compare(h.end, v) })
	b, _ := slices.BinarySearchFunc(s.hits, hi, func(h hit, v int) int { return cmp.Compare(h.start, v) })
	return a, max(a, b)
}

// maxRoute is how long the phrase of a route may be, in bytes.
const maxRoute = 120

// routes reads the places after a cue: "ships from Germany", "To: EU".
func (s *scan) routes() {
	for _, h := range s.hits {
		if h.kind == kindFrom || h.kind == kindTo {
			s.route(h.start, h.end, h.kind, 0.9)
		}
	}
	for _, c := range []struct {
		word string
		kind entryKind
	}{{"from:", kindFrom}, {"to:", kindTo}} {
		for at := 0; ; {
			i := bytes.Index(s.low[at:], []byte(c.word))
			if i < 0 {
				break
			}
			at += i + len(c.word)
			if start := at - len(c.word); !letterBefore(s.s, start) && !s.hidden(start) {
				s.route(start, at, c.kind, 0.8)
			}
		}
	}
}

// route reads the phrase after a cue.
func (s *scan) route(cue, start int, kind entryKind, confidence float64) {
	for start < len(s.s) && strings.IndexByte(" :\t-\n=", s.s[start]) >= 0 && start-cue < 40 {
		start++
	}
	end := start
	for end < len(s.s) && end-start < maxRoute && strings.IndexByte("\n\t;|", s.s[end]) < 0 {
		end++
	}
	phrase := s.s[start:end]
	for _, stop := range []string{" to ", " To ", " TO ", " from ", " From ", ". ", "! ", "? ", " - ", " with ", " within ", " via ", " by "} {
		if i := strings.Index(phrase, stop); i > 0 {
			phrase = phrase[:i]
		}
	}
	phrase = strings.TrimRight(phrase, " .,")
	in, except := s.lex.countries(phrase)
	if len(in) == 0 && len(except) == 0 {
		return
	}
	f := tamga.Finding{Type: tamga.FindRoute, Rule: "route@1", Confidence: confidence, Valid: true, Direction: "from", Countries: in, Except: except}
	if kind == kindTo {
		f.Direction = "to"
	}
	f.Value = f.Direction + " " + strings.Join(in, ",")
	for _, o := range s.out {
		if o.Type == tamga.FindRoute && o.Start < start+len(phrase) && cue < o.End {
			return
		}
	}
	s.add(f, cue, start+len(phrase))
}
