package extract

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"tamga"
)

// scan is one text on its way through the recognisers. Offsets are into s.
type scan struct {
	reader *Reader
	cell   bool
	lex    *lexicon
	s      string
	low    []byte
	masked [][2]int // armoured and base64 blocks, ascending
	runs   [][2]int // runs too long to be read, found on the way
	out    []tamga.Finding
	hits   []hit // words of the lexicon, by start
	nums   []number
	hints  []hit // weak names without company: no findings, but they count for the category

	aspects []hit    // forms, places and days, by start
	dates   [][2]int // ranges that are dates, no quantities

	withheld [][2]int  // ranges whose text no finding may quote
	written  *unmasked // where s is the view of a text with disguised words: findings end in its source

	cues  []hit     // names of services and prefixes of links, by start
	cands []waiting // shapes that want a cue
	contactState
	anchors []int32 // starts of the words for which the tagger looks at a sentence
}

// hit is a word of the lexicon in the text.
type hit struct {
	start, end int
	*entry
	disguised bool // written with look-alikes or invisible characters
}

// recognise runs every recogniser over a view; offsets are into the view.
func (r *Reader) recognise(v *view) []tamga.Finding { return r.scan(v).out }

func (r *Reader) scan(v *view) *scan { return r.scanView(v, false) }

// scanView reads a view; a cell is a text that may be one identifier and nothing
// else, which then needs no other reason.
func (r *Reader) scanView(v *view, cell bool) *scan {
	m := rooms.Get().(*room)
	text, written := v.body, (*unmasked)(nil)
	if disguised(text) {
		written = unmask(text)
		text = written.body
	}
	s := &scan{reader: r, cell: cell, lex: r.lexicon, s: text, low: lowerInto(m.low, text), out: m.out[:0], hits: m.hits[:0], nums: m.nums[:0], aspects: m.aspects[:0], anchors: m.anchors[:0], written: written}
	s.keys() // also masks
	s.bytes()
	s.words()
	s.contacts()
	s.coordinates()
	s.days()
	s.quantities()
	s.substances()
	s.candidates()
	s.purities()
	s.routes()
	s.forms()
	s.spotNames()
	s.learned()
	s.cover()
	m.keep(s)
	return s
}

// room is the working memory of a scan, used again by later ones.
type room struct {
	low     []byte
	out     []tamga.Finding
	hits    []hit
	nums    []number
	aspects []hit
	anchors []int32
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// maxRoom is how many findings a room may hold to be kept.
const maxRoom = 1 << 15

// keep takes the memory of a finished scan back; what the scan found is copied
// out of it, sorted.
func (m *room) keep(s *scan) {
	out := s.out
	s.asWritten()
	s.out = sortFindings(out)
	if cap(out) <= maxRoom && cap(s.low) <= maxRoom*64 && cap(s.nums) <= maxRoom*4 {
		clear(out)
		clear(s.hits)
		clear(s.nums)
		clear(s.aspects)
		*m = room{s.low, out, s.hits, s.nums, s.aspects, s.anchors}
		rooms.Put(m)
	}
	s.low, s.hits, s.nums, s.aspects, s.anchors = nil, nil, nil, nil, nil
}

// add reports a finding over s[start:end].
func (s *scan) add(f tamga.Finding, start, end int) {
	f.Start, f.End, f.Raw = start, end, s.s[start:end]
	if f.Value == "" {
		f.Value = strings.ToValidUTF8(f.Raw, "\uFFFD")
	}
	s.out = append(s.out, f)
}

// mask hides s[start:end] from the recognisers that follow.
func (s *scan) mask(start, end int) { s.masked = append(s.masked, [2]int{start, end}) }

// hidden says whether a byte lies in a masked block.
func (s *scan) hidden(i int) bool { return inRanges(s.masked, i) }

// inRanges says whether a byte lies in one of ranges, which are by start.
func inRanges(ranges [][2]int, i int) bool {
	k, found := slices.BinarySearchFunc(ranges, i, func(m [2]int, i int) int { return m[0] - i })
	return found || k > 0 && i < ranges[k-1][1]
}

// words collects the words of the lexicon that stand as words, the longest at
// each place, none inside another.
func (s *scan) words() {
	all := s.hits
	s.lex.words.eachWord(s.low, func(w, start, end int) {
		e := &s.lex.entries[w]
		if end = s.bounded(e, start, end); end == 0 || s.hidden(start) {
			return
		}
		if e.anchor {
			s.anchors = append(s.anchors, int32(start))
			if e.kind == kindAnchor {
				return
			}
		}
		h := hit{start, end, e, s.written != nil && s.written.changed(start, end)}
		if e.contact != nil {
			s.cues = append(s.cues, h)
			if e.kind == kindContact {
				return
			}
		}
		if e.form != "" || e.spot != 0 || e.kind == kindDate {
			s.aspects = append(s.aspects, h)
			if e.kind >= kindDate {
				return
			}
		}
		all = append(all, h)
	})
	s.aspects = leftmost(s.aspects)
	all = s.guises(all)
	s.hits = leftmost(all)
}

// leftmost sorts hits by start and keeps the longest at each place, none inside
// another.
func leftmost(all []hit) []hit {
	slices.SortFunc(all, func(a, b hit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	last := 0
	out := all[:0]
	for _, h := range all {
		if h.start >= last {
			out = append(out, h)
			last = h.end
		}
	}
	return out
}

// endings are the inflections of a Russian noun that may follow its stem.
var endings = set("а у ом е ы и ов ам ами ах ой ою ю я й ь ей ём ем")

// turkicEndings are the plural and the cases of Kazakh, Kyrgyz, Uzbek and Turkmen
// nouns, in the Cyrillic and the Latin script, which follow loans unchanged.
var turkicEndings = set("ды ді ты ті ти ту тү ду дү ну нү ны ні ту ди ни да де та те дан ден тан тен ға ге қа ке га ка гө ның нің дың дің тың тің нын дын тын нинг лар лер дар дер тар тер " +
	"ni ga ka qa da dan ning lar ler ny nyň")

// bounded applies the boundary rules to a word; it returns the end of the word
// with its ending, 0 where it is only part of another word.
func (s *scan) bounded(e *entry, start, end int) int {
	if e.kind == kindContact && e.contact.link {
		if e.contact.form == "hidden" || s.linkBounded(start) {
			return end
		}
		return 0
	}
	if start > 0 {
		first, before := s.low[start], s.low[start-1]
		if before >= utf8.RuneSelf || isLetter(before) {
			if letterBefore(s.s, start) && !s.afterUnit(start) {
				return 0
			}
		}
		if isDigit(before) && (isDigit(first) || e.kind != kindSubstance || end-start < 3) {
			return 0
		}
		if before == '-' && isDigit(first) && start > 1 && (isDigit(s.low[start-2]) || isLetter(s.low[start-2])) {
			return 0
		}
	}
	if end == len(s.s) {
		return end
	}
	if e.kind != kindQuantity && s.low[end-1] >= utf8.RuneSelf && end-start >= 6 { // the last letter written twice
		for end+1 < len(s.low) && s.low[end] == s.low[end-2] && s.low[end+1] == s.low[end-1] {
			end += 2
		}
		if end == len(s.low) {
			return end
		}
	}
	after := s.low[end]
	if after == ';' && start > 0 && s.low[start-1] == '&' { // the name of a character reference, &amp;
		return 0
	}
	if isDigit(after) && (isDigit(s.low[end-1]) || end-start < 3) {
		return 0
	}
	if after == 's' && isLetter(s.low[end-1]) && end-start >= 3 && !letterAfter(s.s, end+1) && e.kind == kindSubstance {
		return end + 1
	}
	if after < utf8.RuneSelf && !isLetter(after) || !letterAfter(s.s, end) {
		return end
	}
	if (e.kind == kindSubstance && end-start >= 10 || (e.kind == kindDrop || e.spot != 0) && end-start >= 8) && s.low[end-1] >= utf8.RuneSelf {
		if stop := wordAt(s.s, end); stop-end <= 6 && (endings[string(s.low[end:stop])] || turkicEndings[string(s.low[end:stop])]) {
			return stop
		}
	}
	if (e.turkic || e.spot != 0) && end-start >= 5 {
		if stop := wordAt(s.s, end); stop-end <= 4 && turkicEndings[string(s.low[end:stop])] {
			return stop
		}
	}
	return 0
}

// afterUnit says whether what stands before i is a number with a unit: the
// writer of 50gCocaine left no gap.
func (s *scan) afterUnit(i int) bool {
	k := i
	for k > 0 && i-k < 4 && isLetter(s.low[k-1]) {
		k--
	}
	if k == i || k == 0 || !isDigit(s.low[k-1]) {
		return false
	}
	_, ok := s.lex.units[string(s.low[k:i])]
	return ok
}
