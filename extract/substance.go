package extract

import (
	"slices"
	"strings"
	"unicode"

	"tamga"
)

// near is how far, in bytes, company may stand from a weak word in a short line,
// which is read as an offer; nearProse is that distance in prose.
const (
	near      = 80
	nearProse = 40
)

// maxTitle is how long a text may be, in bytes, to be read as a title.
const maxTitle = 160

// substances reports the names of substances, the weak ones only in company of
// a quantity, a price, a purity, a drop word or a strong name.
func (s *scan) substances() {
	company := s.company()
	at := 0 // company that ends too far before hit i
	for i, h := range s.hits {
		switch h.kind {
		case kindDrop:
			s.drop(h)
		case kindSubstance:
			f := tamga.Finding{Type: tamga.FindSubstance, Value: h.id, ID: h.id, Class: h.class, Rule: "substance@1", Confidence: 0.95, Valid: true}
			if h.disguised {
				f.Rule, f.Confidence = "substance-disguised@1", 0.85
			}
			if h.weak {
				for at < len(company) && company[at].end < h.start-near {
					at++
				}
				if s.describes(i) {
					continue
				}
				joined := s.accompanied
				if h.dose {
					joined = s.dosed
				}
				if !joined(h, company[at:]) && !s.strongNear(i) {
					s.hints = append(s.hints, h)
					continue
				}
				f.Rule, f.Confidence = "substance-weak@1", 0.6
			}
			if h.draft {
				f.Rule, f.Confidence = "substance-draft@1", f.Confidence-0.15
			}
			s.add(f, h.start, h.end)
		}
	}
}

// companion is what makes an offer of a sentence.
type companion struct {
	start, end int
	dose       bool // in the units of a single dose
}

// company is the companions of the text, by start.
func (s *scan) company() []companion {
	var out []companion
	for i := range s.out {
		switch f := &s.out[i]; f.Type {
		case tamga.FindQuantity:
			dose := f.Unit == "mg" || f.Unit == "ug" || f.Unit == "ml" || f.Unit == "blotter"
			out = append(out, companion{f.Start, f.End, dose})
		case tamga.FindPrice:
			out = append(out, companion{f.Start, f.End, false})
		}
	}
	for _, h := range s.hits {
		if h.kind == kindDrop {
			out = append(out, companion{h.start, h.end, false})
		}
	}
	for _, x := range s.nums {
		if x.end < len(s.s) && s.s[x.end] == '%' {
			out = append(out, companion{x.start, x.end, false})
		}
	}
	slices.SortFunc(out, func(a, b companion) int { return a.start - b.start })
	return out
}

// accompanied says whether one of company, by start, belongs to hit h.
func (s *scan) accompanied(h hit, company []companion) bool {
	for _, c := range company {
		if c.start > h.end+near {
			return false
		}
		if s.together(h, c.start, c.end) {
			return true
		}
	}
	return false
}

// dosed says whether a dose stands beside hit h: "dob 2mg", "10 x 2mg dob".
func (s *scan) dosed(h hit, company []companion) bool {
	for _, c := range company {
		if c.start > h.end+near {
			return false
		}
		if lo, hi := min(h.end, c.end), max(h.start, c.start); c.dose && lo <= hi && strings.Trim(s.s[lo:hi], " ") == "" {
			return true
		}
	}
	return false
}

// together says whether a range belongs to hit h: both in one offer, which is a
// short line with the lines around it, or close by in one sentence of prose.
func (s *scan) together(h hit, start, end int) bool {
	lo, hi := min(h.end, end), max(h.start, start)
	if hi <= lo { // they overlap: "3.5 g" in "8-ball", no company
		return start < h.start || end > h.end
	}
	if hi-lo > near {
		return false
	}
	between := s.s[lo:hi]
	for _, stop := range []string{". ", "! ", "? ", "\n\n"} {
		if strings.Contains(between, stop) {
			return false
		}
	}
	return hi-lo <= nearProse || s.shortLine(h.start)
}

// shortLine says whether the line around byte i is no longer than a title.
func (s *scan) shortLine(i int) bool {
	lo := strings.LastIndexByte(s.s[max(0, i-maxTitle):i], '\n')
	if lo < 0 && i > maxTitle {
		return false
	}
	lo += max(0, i-maxTitle) + 1
	hi := strings.IndexByte(s.s[i:min(len(s.s), lo+maxTitle+1)], '\n')
	return hi >= 0 || len(s.s)-lo <= maxTitle
}

// strongNear says whether a strong name stands near hit i; beside a name that
// wants a dose only one of its class counts.
func (s *scan) strongNear(i int) bool {
	h := s.hits[i]
	strong := func(o hit) bool {
		return o.kind == kindSubstance && !o.weak && (!h.dose || o.class == h.class) && s.together(h, o.start, o.end)
	}
	for k := i - 1; k >= 0 && s.hits[k].end >= h.start-near; k-- {
		if strong(s.hits[k]) {
			return true
		}
	}
	for k := i + 1; k < len(s.hits) && s.hits[k].start <= h.end+near; k++ {
		if strong(s.hits[k]) {
			return true
		}
	}
	return false
}

// describes says whether a weak word goes with a strong name of something else
// beside it ("MDMA crystal"), with nothing between them that parts two offers.
func (s *scan) describes(i int) bool {
	h := s.hits[i]
	for _, k := range []int{i - 1, i + 1} {
		if k < 0 || k >= len(s.hits) {
			continue
		}
		o := s.hits[k]
		if o.kind != kindSubstance || o.weak || o.id == h.id {
			continue
		}
		lo, hi := min(h.end, o.end), max(h.start, o.start)
		if hi-lo <= 24 && !strings.ContainsAny(s.s[lo:hi], "+&,;/|\n0123456789") && !strings.Contains(string(s.low[lo:hi]), " and ") {
			return true
		}
	}
	return false
}

// purities reports percentages that speak of a substance.
func (s *scan) purities() {
	for _, x := range s.nums {
		if x.fraction {
			continue
		}
		start, end := s.percentage(x)
		if end == 0 {
			continue
		}
		if !percents(x.exact) {
			continue
		}
		c, ok := s.speaksOfPurity(start, end)
		if !ok {
			continue
		}
		p := plain(x.exact)
		s.add(tamga.Finding{Type: tamga.FindPurity, Value: p + " %", Percent: p, Rule: "purity@1", Confidence: c, Valid: true}, start, end)
	}
}

// percentage is the range of a number with its sign or word: 92 %, %92, 92
// percent; end is 0 where it has none.
func (s *scan) percentage(x number) (start, end int) {
	k := skipSpace(s.s, x.end)
	if k < len(s.s) && s.s[k] == '%' {
		return x.start, k + 1
	}
	if stop := wordAt(s.s, k); stop > k {
		switch string(s.low[k:stop]) {
		case "percent", "pct", "процент", "процентов", "процента":
			return x.start, stop
		}
	}
	if x.start > 0 && s.s[x.start-1] == '%' && (x.start < 2 || !isDigit(s.s[x.start-2])) {
		return x.start - 1, x.end
	}
	return 0, 0
}

// speaksOfPurity weighs the words around a percentage: a purity word speaks for
// it, a discount or a share of feedback against, a substance near by for it. A
// word speaks against only in one phrase with the percentage ("50% money back"),
// not where a mark parts them, nor where the percentage follows the substance
// and is of one phrase with it ("cocaine 90% stealth").
func (s *scan) speaksOfPurity(start, end int) (confidence float64, ok bool) {
	against, substance, bound := false, false, false
	lo, hi := s.hitsBetween(start-near, end+near)
	for _, h := range s.hits[lo:hi] {
		gap := max(h.start-end, start-h.end)
		switch h.kind {
		case kindPurity:
			if gap <= 24 {
				return 0.95, true
			}
		case kindNotPurity:
			against = against || gap <= 16 && s.onePhrase(h, start, end)
		case kindSubstance:
			substance = true
			bound = bound || h.end <= start && strings.Trim(s.s[h.end:start], " -:~+") == ""
		}
	}
	if bound && !s.followed(end) {
		against = false
	}
	if substance {
		return 0.8, !against
	}
	// A short text with a quantity is the title of an offer.
	return 0.6, !against && len(s.s) <= maxTitle && firstOf(s.out, tamga.FindQuantity) != nil
}

// onePhrase says whether nothing but words stands between a hit and a range.
func (s *scan) onePhrase(h hit, start, end int) bool {
	lo, hi := min(h.end, end), max(h.start, start)
	for _, r := range s.s[min(lo, hi):hi] {
		if r != ' ' && r != '\'' && !unicode.IsLetter(r) {
			return false
		}
	}
	return true
}

// followed says whether the word after a percentage says what it is a part of.
func (s *scan) followed(end int) bool {
	end = skipSpace(s.s, end)
	lo, hi := s.hitsBetween(end, end+1)
	for _, h := range s.hits[lo:hi] {
		if h.id == "share" && h.start == end {
			return true
		}
	}
	return false
}
