package extract

import (
	"slices"
	"strings"
	"sync"

	"tamga"
	"tamga/extract/tagger"
)

// The learned tagger reads prose: sentences with the small words of English in
// them, not titles, which stay with the lexicon. It reads only the sentences that
// have an anchor: a name of the lexicon, strong or weak, a quantity, or a word
// that the model learnt from. In such a sentence it has the say on what is a
// substance, and in news on what is a quantity.
const (
	taggerRule     = "drug-tagger@1"
	weakRule       = "substance-weak@1"
	taggerQuantity = "quantity-tagger@1"
	leanTalk       = 2.25 // log odds given to labels other than none; chosen by cross-validation
	leanNews       = 1.0
	registerReach  = 2000 // bytes of text whose sentences share a register
	leastWeak      = 0.7  // probability of a longer span around an everyday word without company
	leastLearned   = 0.5  // probability of a drug that the lexicon does not know
	leastProse     = 10   // words of prose have at least one small word
	maxForeign     = 4    // words have at most one of another script
	leastPage      = 1000 // bytes of a page of offers, which has
	bytesAPrice    = 800  // a price in so many
)

// smallWords are the words that tell a sentence: those that only sentences have,
// those that titles have too, and those of police reports.
var smallWords = func() map[string]uint8 {
	m := map[string]uint8{}
	for kind, words := range []string{
		ofSentences: "a an the it its i im ive you he she they him his her them we our us my me your this that these those is are was were be been am do does did dont not have has had can cant could would should will if because but when what who where which while than then there how just so said says",
		ofTitles:    "of to in on at by for from with without and or as no out up off about after before into over more all any some like get",
		ofReports:   "police seized seizure customs arrested recovered detained officers smuggled",
	} {
		for _, w := range strings.Fields(words) {
			m[w] = uint8(kind)
		}
	}
	return m
}()

const (
	ofSentences = iota + 1
	ofTitles
	ofReports
	maxSmall = 9 // bytes of the longest of them
)

// Marks of tokens. A token of a name has its strength, its class and whether the
// name began before it; another may be a unit or a quantity in words.
const (
	markStrong   = 1
	markWeak     = 2
	markDose     = 3
	markClass    = 4 // times the number of the class
	markWorded   = 64
	markUnit     = 65
	markPiece    = 66
	markInside   = 128
	maxUnitBytes = 12
)

// prose is the memory of the learned tagger.
type prose struct {
	worker    tagger.Worker
	tokens    []tagger.Token
	sentences []sentence
	order     []int32 // findings that the tagger may overrule, by start
	gone      []bool
}

// sentence is one to be tagged.
type sentence struct {
	start, end int
	from, to   int // tokens
}

var proses = sync.Pool{New: func() any { return new(prose) }}

// learned lets the tagger have its say on the findings so far.
func (s *scan) learned() {
	m := s.reader.model
	if m == nil || len(s.hits)+len(s.anchors)+len(s.out) == 0 || s.sells() {
		return
	}
	p := proses.Get().(*prose)
	defer proses.Put(p)
	s.gather(p)
	if len(p.sentences) == 0 {
		return
	}
	s.mark(p)
	s.overrule(m, p)
	if cap(p.tokens) > maxRoom {
		*p = prose{worker: p.worker}
	}
}

// sells says whether a text is a page of offers: longer than a message, with a
// price in every few sentences. Nine of ten pages of a market are, and next to no
// news or talk. What it says around its offers stays with the lexicon.
func (s *scan) sells() bool {
	if len(s.s) < leastPage {
		return false
	}
	prices := 0
	for i := range s.out {
		if s.out[i].Type == tamga.FindPrice {
			prices++
		}
	}
	return prices*bytesAPrice > len(s.s)
}

// gather finds the sentences to be tagged, with their tokens.
func (s *scan) gather(p *prose) {
	p.tokens, p.sentences = p.tokens[:0], p.sentences[:0]
	done := 0
	visit := func(at int) {
		if at < done {
			return
		}
		start, end := tagger.Sentence(s.s, at)
		start = max(start, done)
		done = end
		from := len(p.tokens)
		p.tokens = tagger.Tokens(p.tokens, s.s, start, end)
		if !s.isProse(p.tokens[from:]) || s.overlapsMask(start, end) {
			p.tokens = p.tokens[:from]
			return
		}
		p.sentences = append(p.sentences, sentence{start: start, end: end, from: from, to: len(p.tokens)})
	}
	quantities := p.order[:0]
	for i := range s.out {
		if s.out[i].Type == tamga.FindQuantity {
			quantities = append(quantities, int32(s.out[i].Start))
		}
	}
	slices.Sort(quantities)
	slices.Sort(s.anchors)
	p.order = quantities
	anchors := s.anchors
	upto := func(at int) {
		for len(quantities) > 0 || len(anchors) > 0 {
			least := &quantities
			if len(quantities) == 0 || len(anchors) > 0 && anchors[0] < quantities[0] {
				least = &anchors
			}
			if int((*least)[0]) > at {
				return
			}
			visit(int((*least)[0]))
			*least = (*least)[1:]
		}
	}
	for _, h := range s.hits {
		if h.kind == kindSubstance && !h.weak {
			upto(h.start)
			visit(h.start)
		}
	}
	upto(len(s.s))
}

// overlapsMask says whether a hidden block reaches into a range.
func (s *scan) overlapsMask(start, end int) bool {
	k, _ := slices.BinarySearchFunc(s.masked, end, func(m [2]int, at int) int { return m[0] - at })
	return k > 0 && s.masked[k-1][1] > start
}

// isProse says whether a line reads as a sentence. Small words, in small letters
// unless first, are a fair share of its words, and other scripts have no more
// than a few; and it ends as a sentence does, or has a word that only sentences
// have and is no offer, or a word of police reports.
func (s *scan) isProse(tokens []tagger.Token) bool {
	words, sentence, title, foreign, report := 0, 0, 0, 0, false
	for i, t := range tokens {
		c := s.s[t.Start]
		switch {
		case isLetter(c):
			words++
			n := t.End - t.Start
			if n > maxSmall || c < 'a' && i > 0 && n > 1 {
				continue
			}
			switch smallWords[string(s.low[t.Start:t.End])] {
			case ofSentences:
				sentence++
			case ofTitles:
				title++
			case ofReports:
				report = true
			}
		case c >= 0xC2:
			words++
			foreign++
		}
	}
	if words == 0 || foreign*maxForeign > words {
		return false
	}
	mark := finish(s.s, tokens)
	if sentence+title == 0 { // Kratom?
		return (mark == '.' || mark == '?') && !s.offers(tokens)
	}
	if report || mark != 0 && sentence+title > 1 {
		return true
	}
	return (sentence+title)*leastProse >= words && (mark != 0 || sentence > 0 && !s.offers(tokens))
}

// finish is the full stop or the like with which a sentence ends, 0 for none.
func finish(t string, tokens []tagger.Token) byte {
	for i := len(tokens) - 1; i >= max(0, len(tokens)-3); i-- {
		switch c := t[tokens[i].Start]; c {
		case '.', '!', '?':
			return c
		case '"', '\'', ')', '*', 0xE2:
		default:
			return 0
		}
	}
	return 0
}

// offers says whether a sentence names a purity or a quantity in figures, as the
// line of an offer does.
func (s *scan) offers(tokens []tagger.Token) bool {
	start, end := int(tokens[0].Start), int(tokens[len(tokens)-1].End)
	k, _ := slices.BinarySearchFunc(s.nums, start, func(x number, at int) int { return x.start - at })
	for ; k < len(s.nums) && s.nums[k].start < end; k++ {
		x := s.nums[k]
		if x.end < len(s.s) && s.s[x.end] == '%' {
			return true
		}
		if _, _, ok := s.unitAt(x.end); ok {
			return true
		}
	}
	return false
}

// mark tells the tagger what the lexicon knows of the tokens.
func (s *scan) mark(p *prose) {
	for _, x := range p.sentences {
		s.markTokens(p.tokens[x.from:x.to], x.start)
	}
}

func (s *scan) markTokens(tokens []tagger.Token, start int) {
	k, _ := slices.BinarySearchFunc(s.hits, start, func(h hit, at int) int { return h.end - at })
	for i := range tokens {
		t := &tokens[i]
		for k < len(s.hits) && s.hits[k].end <= int(t.Start) {
			k++
		}
		if k < len(s.hits) && s.hits[k].start < int(t.End) {
			h := s.hits[k]
			switch h.kind {
			case kindSubstance:
				t.Mark = markStrong
				if h.dose {
					t.Mark = markDose
				} else if h.weak {
					t.Mark = markWeak
				}
				t.Mark += markClass * classNumber[h.class]
				if h.start < int(t.Start) {
					t.Mark |= markInside
				}
				continue
			case kindQuantity:
				t.Mark = markWorded
			}
		}
		if t.End-t.Start > maxUnitBytes || !isLetter(s.low[t.Start]) {
			continue
		}
		if u, ok := s.lex.units[string(s.low[t.Start:t.End])]; ok {
			t.Mark = markUnit
			if u.totalUnit == "piece" {
				t.Mark = markPiece
			}
		}
	}
}

var classNumber = func() map[string]uint8 {
	m := map[string]uint8{}
	for i, c := range classes {
		m[c] = uint8(i)
	}
	return m
}()

// overrule tags the sentences and puts the tagger's findings in the place of
// those they contradict.
func (s *scan) overrule(m *tagger.Model, p *prose) {
	p.order = p.order[:0]
	for i := range s.out {
		if t := s.out[i].Type; t == tamga.FindSubstance || t == tamga.FindQuantity {
			p.order = append(p.order, int32(i))
		}
	}
	slices.SortFunc(p.order, func(a, b int32) int {
		if d := s.out[a].Start - s.out[b].Start; d != 0 {
			return d
		}
		return int(a - b)
	})
	p.gone = slices.Grow(p.gone[:0], len(s.out))[:len(s.out)]
	clear(p.gone)
	at := 0
	for i := 0; i < len(p.sentences); {
		k := i + 1
		for k < len(p.sentences) && p.sentences[k].end-p.sentences[i].start <= registerReach {
			k++
		}
		group := p.sentences[i:k]
		first := group[0].from
		m.Read(&p.worker, s.s, p.tokens[first:group[len(group)-1].to])
		register, lean := tagger.Talk, leanTalk
		if m.Manner(&p.worker) > 0 {
			register, lean = tagger.News, leanNews
		}
		for _, x := range group {
			for at < len(p.order) && s.out[p.order[at]].Start < x.start {
				at++
			}
			upto := at
			for upto < len(p.order) && s.out[p.order[upto]].Start < x.end {
				upto++
			}
			spans := m.Tag(&p.worker, x.from-first, x.to-first, register, lean)
			for _, n := range p.order[at:upto] {
				p.gone[n] = s.overruled(&s.out[n], x, register, spans)
			}
			s.spare(p.order[at:upto], spans, p.gone)
			for _, span := range spans {
				s.tagged(span, p.order[at:upto], p.gone)
			}
			at = upto
		}
		i = k
	}
	kept := s.out[:0]
	for i := range s.out {
		if i >= len(p.gone) || !p.gone[i] {
			kept = append(kept, s.out[i])
		}
	}
	clear(s.out[len(kept):])
	s.out = kept
}

// overruled says whether a finding in a tagged sentence gives way to the tagger.
// A strong name, which is precise enough by itself, does so only to a longer span
// around it, or in news if the model has met it: the sets do not mark every drug, and no table of names is learnt from
// two thousand texts.
func (s *scan) overruled(f *tamga.Finding, x sentence, register tagger.Register, spans []tagger.Span) bool {
	if f.End > x.end {
		return false
	}
	kind, strong := tagger.Drug, f.Type == tamga.FindSubstance && f.ID != "" && f.Rule != weakRule
	if f.Type == tamga.FindQuantity {
		if register != tagger.News {
			return false
		}
		kind = tagger.Quantity
	}
	for _, p := range spans {
		if p.Kind == kind && p.Start < f.End && f.Start < p.End {
			if strong && (f.Start < p.Start || f.End > p.End) {
				continue
			}
			return p.Start != f.Start || p.End != f.End
		}
	}
	if strong && register == tagger.News {
		h := s.named(f.Start, f.End)
		return h != nil && h.anchor && h.start == f.Start && h.end == f.End
	}
	return !strong
}

// spare keeps an everyday name with a quantity right before it, and that
// quantity, where the tagger has nothing in their place: "20 mg DOC".
func (s *scan) spare(order []int32, spans []tagger.Span, gone []bool) {
	free := func(f *tamga.Finding) bool {
		for _, p := range spans {
			if p.Start < f.End && f.Start < p.End {
				return false
			}
		}
		return true
	}
	for k := 1; k < len(order); k++ {
		f, q := &s.out[order[k]], &s.out[order[k-1]]
		if !gone[order[k]] || f.Type != tamga.FindSubstance || q.Type != tamga.FindQuantity || q.End > f.Start || !free(f) {
			continue
		}
		switch s.s[q.End:f.Start] {
		case "", " ", " of ":
			gone[order[k]] = false
			gone[order[k-1]] = gone[order[k-1]] && !free(q)
		}
	}
}

// tagged reports a span unless a finding has it already; order are the findings
// of the sentence.
func (s *scan) tagged(p tagger.Span, order []int32, gone []bool) {
	f := tamga.Finding{Type: tamga.FindSubstance, Kind: "learned", Rule: taggerRule, Confidence: confidence(p.P), Valid: true}
	if p.Kind == tagger.Quantity {
		f.Type, f.Rule, f.Kind = tamga.FindQuantity, taggerQuantity, ""
	}
	var best *tamga.Finding
	for _, i := range order {
		o := &s.out[i]
		if o.Type != f.Type || o.Start >= p.End || o.End <= p.Start {
			continue
		}
		if !gone[i] {
			return
		}
		if o.Start >= p.Start && o.End <= p.End && (best == nil || f.Type == tamga.FindSubstance && o.Confidence > best.Confidence) {
			best = o
		}
	}
	f.Value = string(lower(s.s[p.Start:p.End]))
	if f.Type == tamga.FindQuantity {
		if best != nil {
			f.Value, f.Amount, f.Unit, f.Count, f.Total, f.TotalUnit = best.Value, best.Amount, best.Unit, best.Count, best.Total, best.TotalUnit
		}
	} else if h := s.named(p.Start, p.End); h != nil {
		if h.weak && best == nil && p.P < leastWeak && (h.start != p.Start || h.end != p.End) {
			return
		}
		f.Kind, f.Value, f.ID, f.Class = "", h.id, h.id, h.class
	} else if p.P < leastLearned {
		return
	}
	f.Value = strings.ToValidUTF8(f.Value, "\uFFFD")
	s.add(f, p.Start, p.End)
}

// confidence is a probability with two decimals, never the 1 of a checksum.
func confidence(p float64) float64 { return float64(int(min(p, 0.99)*100+0.5)) / 100 }

// named is the name of the lexicon within a range, a strong one before a weak,
// the longest of them; nil for none.
func (s *scan) named(start, end int) *hit {
	var best *hit
	lo, hi := s.hitsBetween(start, end)
	for i := lo; i < hi; i++ {
		h := &s.hits[i]
		if h.kind != kindSubstance || h.start < start || h.end > end {
			continue
		}
		if best == nil || best.weak && !h.weak || best.weak == h.weak && h.end-h.start > best.end-best.start {
			best = h
		}
	}
	return best
}

// Examples makes training examples of a text with the spans that people marked
// in it: its sentences, as the tagger will see them.
func (r *Reader) Examples(text string, spans []tagger.Span, register tagger.Register) []tagger.Example {
	s := &scan{reader: r, lex: r.lexicon, s: text, low: lower(text)}
	s.bytes()
	s.words()
	var out []tagger.Example
	for i := 0; i < len(text); {
		_, end := tagger.Sentence(text, i)
		if tokens := tagger.Tokens(nil, text, i, end); len(tokens) > 0 {
			s.markTokens(tokens, i)
			x := tagger.Example{Text: text, Tokens: tokens, Register: register}
			for _, p := range spans {
				if p.Start >= i && p.Start < end {
					x.Spans = append(x.Spans, p)
				}
			}
			out = append(out, x)
		}
		i = end
	}
	return out
}
