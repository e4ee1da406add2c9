package tagger

// Kind is what a span names.
type Kind uint8

// The kinds of spans.
const (
	Drug Kind = iota
	Quantity
	kinds
)

// Register is the manner of a text. Each has an annotation of its own: news
// names what was seized and how much of it, talk names drugs in slang and no
// quantities.
type Register uint8

// The registers a model is trained on.
const (
	Talk Register = iota
	News
	registers
)

// Span is a range of a text, in bytes.
type Span struct {
	Start, End int
	Kind       Kind
	P          float64 // probability that this very span is one, 0 to 1
}

// Labels of tokens: outside, and for each kind the one, the first, a middle and
// the last token of a span.
const (
	outsideLabel = 0
	single       = 1 // + 4*kind
	first        = 2
	middle       = 3
	last         = 4
	labels       = 1 + 4*int(kinds)
)

// used is how many labels a register has: talk has no quantities.
var used = [registers]int{Talk: 1 + 4, News: labels}

// follows says whether label b may stand behind label a; the ends of a sentence
// behave as outside.
func follows(a, b int) bool {
	open := a != 0 && ((a-1)%4+1 == first || (a-1)%4+1 == middle)
	inner := b != 0 && ((b-1)%4+1 == middle || (b-1)%4+1 == last)
	if open != inner {
		return false
	}
	return !open || (a-1)/4 == (b-1)/4
}

// labelsOf are the labels of tokens under spans; a span takes every token that
// it overlaps, unless an earlier one has it.
func labelsOf(tokens []Token, spans []Span) []uint8 {
	out := make([]uint8, len(tokens))
	for _, sp := range spans {
		from, to := -1, -1
		for i, t := range tokens {
			if int(t.Start) < sp.End && int(t.End) > sp.Start {
				if from < 0 {
					from = i
				}
				to = i
			}
		}
		free := from >= 0
		for i := from; free && i <= to; i++ {
			free = out[i] == 0
		}
		if !free {
			continue
		}
		base := uint8(4 * sp.Kind)
		if from == to {
			out[from] = base + single
			continue
		}
		for i := from; i <= to; i++ {
			out[i] = base + middle
		}
		out[from], out[to] = base+first, base+last
	}
	return out
}
