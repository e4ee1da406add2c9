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

// A cue is a place in the text after which a route may be told.
type cue struct {
	start, end int
	kind       entryKind
	confidence float64
}

var labels = []struct {
	word []byte
	kind entryKind
}{{[]byte("from:"), kindFrom}, {[]byte("to:"), kindTo}}

// routes reads the places after a cue: "ships from Germany", "To: EU".
func (s *scan) routes() {
	var cues []cue
	for _, h := range s.hits {
		if h.kind == kindFrom || h.kind == kindTo {
			cues = append(cues, cue{h.start, h.end, h.kind, 0.9})
		}
	}
	for at := 0; ; at++ {
		i := bytes.IndexByte(s.low[at:], ':')
		if i < 0 {
			break
		}
		at += i
		for _, c := range labels {
			start := at + 1 - len(c.word)
			if bytes.HasSuffix(s.low[:at+1], c.word) && !letterBefore(s.s, start) && !s.hidden(start) {
				cues = append(cues, cue{start, at + 1, c.kind, 0.8})
			}
		}
	}
	slices.SortFunc(cues, func(a, b cue) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	last := 0
	for _, c := range cues {
		if c.start >= last {
			last = max(last, s.route(c.start, c.end, c.kind, c.confidence))
		}
	}
}

// phraseStops are the words that end the phrase of a route, after a blank.
var phraseStops = []string{"to ", "To ", "TO ", "from ", "From ", "- ", "with ", "within ", "via ", "by "}

// phraseEnd is where the phrase of a route ends: before a stop or after a sentence.
func phraseEnd(s string) int {
	for i := 1; i+1 < len(s); i++ {
		switch s[i] {
		case '.', '!', '?':
			if s[i+1] == ' ' && (i < 2 || s[i-2] != ' ' && s[i-2] != ',') { // not after an initial: W. Europe
				return i
			}
		case ' ':
			if strings.IndexByte("tTfF-wvb", s[i+1]) < 0 {
				continue
			}
			for _, stop := range phraseStops {
				if strings.HasPrefix(s[i+1:], stop) {
					return i
				}
			}
		}
	}
	return len(s)
}

// route reads the phrase after a cue; it returns its end, 0 where no place is
// named.
func (s *scan) route(cue, start int, kind entryKind, confidence float64) int {
	for start < len(s.s) && strings.IndexByte(" :\t-\n=", s.s[start]) >= 0 && start-cue < 40 {
		start++
	}
	end := start
	for end < len(s.s) && end-start < maxRoute && strings.IndexByte("\n\t;|", s.s[end]) < 0 {
		end++
	}
	phrase := s.s[start:end]
	phrase = phrase[:phraseEnd(phrase)]
	phrase = strings.TrimRight(phrase, " .,")
	in, except := s.lex.countries(phrase)
	if len(in) == 0 && len(except) == 0 {
		return 0
	}
	f := tamga.Finding{Type: tamga.FindRoute, Rule: "route@1", Confidence: confidence, Valid: true, Direction: "from", Countries: in, Except: except}
	if kind == kindTo {
		f.Direction = "to"
	}
	f.Value = f.Direction + " " + strings.Join(in, ",")
	end = start + len(phrase)
	s.add(f, cue, end)
	for word, next := range otherWay { // ships from NL to DE
		if next != kind && strings.HasPrefix(s.s[end:], word) {
			return max(end, s.route(end+1, end+len(word), next, confidence))
		}
	}
	return end
}

// otherWay are the words with which a phrase goes on to the other end of a route.
var otherWay = map[string]entryKind{" to ": kindTo, " from ": kindFrom}
