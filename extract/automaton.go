package extract

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// automaton finds all words of a set in one pass: a trie in a double array (Aoe
// 1989), which is small enough for the cache of a processor however many words it
// holds. A pass costs at most the longest word at each place it starts from.
type automaton struct {
	class  [256]uint8      // bytes that no word holds share class 0
	cells  []cell          // states; the child of s by class c is its base + c, where that cell has s as its parent
	words  []int32         // the word that ends at a state, noState for none
	pairs  [1 << 10]uint64 // a bit for each two bytes that a word may begin with
	triple [1 << 12]uint64 // a bit for the hash of each three
	length []int32         // of each word, in bytes
}

// A cell holds the base of a state times two, plus one where a word ends at it.
type cell struct{ base, parent int32 }

// noState is the parent of a cell that is free, and the word of a state at which
// none ends.
const noState = -1

// newAutomaton compiles words; empty ones are ignored, and of equal ones the
// first wins.
func newAutomaton(words []string) *automaton {
	a := &automaton{length: make([]int32, len(words))}
	width := 1
	order := make([]int32, 0, len(words))
	for n, w := range words {
		a.length[n] = int32(len(w))
		if w != "" {
			order = append(order, int32(n))
		}
		for i := range len(w) {
			if a.class[w[i]] == 0 && width < 256 {
				a.class[w[i]] = uint8(width)
				width++
			}
		}
		a.begin(w)
	}
	slices.SortFunc(order, func(x, y int32) int { return cmp.Or(cmp.Compare(words[x], words[y]), cmp.Compare(x, y)) })
	b := builder{automaton: a, width: width}
	b.grow(1)
	b.cells[0].parent = 0
	type task struct {
		state, lo, hi int32
		depth         int
	}
	for queue := []task{{0, 0, int32(len(order)), 0}}; len(queue) > 0; queue = queue[1:] {
		t := queue[0]
		lo := t.lo
		for lo < t.hi && len(words[order[lo]]) == t.depth { // words that end here
			if b.words[t.state] == noState {
				b.words[t.state] = order[lo]
				b.cells[t.state].base |= 1
			}
			lo++
		}
		if lo == t.hi {
			continue
		}
		var parts []task
		for from := lo; from < t.hi; {
			c := words[order[from]][t.depth]
			to := from + 1
			for to < t.hi && words[order[to]][t.depth] == c {
				to++
			}
			parts = append(parts, task{int32(a.class[c]), from, to, t.depth + 1})
			from = to
		}
		b.room = b.room[:0]
		for _, p := range parts {
			b.room = append(b.room, p.state)
		}
		base := b.place()
		b.cells[t.state].base |= base << 1
		for _, p := range parts {
			p.state += base
			b.take(p.state, t.state)
			queue = append(queue, p)
		}
	}
	b.grow(len(b.cells) + 256) // a look-up never leaves the array
	return a
}

// begin marks the first two and three bytes of a word.
func (a *automaton) begin(w string) {
	switch len(w) {
	case 0:
	case 1:
		for c := range 256 {
			a.begin(w + string([]byte{byte(c)}))
		}
	case 2:
		for c := range 256 {
			a.begin(w + string([]byte{byte(c)}))
		}
	default:
		a.mark(w[0], w[1])
		k := tripleKey(w[0], w[1], w[2])
		a.triple[k>>6] |= 1 << (k & 63)
	}
}

// tripleKey is a hash of 18 bits (Knuth's multiplication by the golden section).
func tripleKey(a, b, c byte) uint32 {
	return (uint32(a)<<16 | uint32(b)<<8 | uint32(c)) * 0x9E3779B1 >> 14
}

func (a *automaton) mark(b, c byte) { a.pairs[uint(b)<<2|uint(c)>>6] |= 1 << (c & 63) }

// builder places the states of an automaton. The free cells are a ring, in which
// cell 0, which the root has, is the beginning and the end.
type builder struct {
	*automaton
	width      int
	room       []int32 // classes to be placed
	next, prev []int32 // free cells
}

func (b *builder) grow(n int) {
	for k := int32(len(b.cells)); int(k) < n; k++ {
		b.cells, b.words = append(b.cells, cell{parent: noState}), append(b.words, noState)
		b.next, b.prev = append(b.next, 0), append(b.prev, 0)
		if last := b.prev[0]; k > 0 {
			b.next[last], b.prev[k], b.prev[0] = k, last, k
		}
	}
}

// take makes a cell the child of a state.
func (b *builder) take(k, parent int32) {
	b.cells[k].parent = parent
	b.next[b.prev[k]], b.prev[b.next[k]] = b.next[k], b.prev[k]
}

// maxTries bounds the free cells that are tried for a state, so that the time to
// build grows with the number of states; a state that fits nowhere gets new cells.
const maxTries = 64

// place finds a base at which the cells of all classes are free.
func (b *builder) place() int32 {
	least := slices.Min(b.room)
	f := b.next[0]
	for tries := 0; f != 0 && tries < maxTries; f = b.next[f] {
		if f > least && b.fits(f-least) {
			return f - least
		}
		tries++
	}
	base := int32(len(b.cells))
	b.fits(base)
	return base
}

// fits says whether the cells of all classes are free at a base.
func (b *builder) fits(base int32) bool {
	b.grow(int(base) + b.width + 1)
	for _, c := range b.room {
		if b.cells[base+c].parent != noState {
			return false
		}
	}
	return true
}

// each calls hit for every word in text, by ascending start.
func (a *automaton) each(text []byte, hit func(word, start, end int)) {
	for i := range text {
		a.from(text, i, hit)
	}
}

// eachWord calls hit for every word in text that may stand as one, by ascending
// start: with no letter before it, but for a unit behind a number ("50gcocaine"),
// or where the alphabet changes.
func (a *automaton) eachWord(text []byte, hit func(word, start, end int)) {
	run := -1 // letters of the run before i that began behind a digit; -1 for another run
	before := uint8(0)
	for i, c := range text {
		k := byteClass[c]
		switch {
		case before&letterByte != 0:
			if run < 0 || run >= maxUnit {
				run = -1
				if k >= letterByte {
					before = k
					continue
				}
			} else {
				run++
			}
		case before == digitByte:
			run = 0
		case i > 0 && c >= utf8.RuneSelf && text[i-1] >= utf8.RuneSelf && (c < 0xC0 || letterLead(text, i)):
			run, before = -1, k
			continue
		default:
			run = -1
		}
		before = k
		a.from(text, i, hit)
	}
}

// maxUnit is how many letters a unit has that a word may follow without a gap.
const maxUnit = 4

// letterLead says whether the character before i begins with a byte of the
// alphabets that have no other signs: Latin with marks, Greek, Cyrillic.
func letterLead(text []byte, i int) bool {
	if i < 2 {
		return false
	}
	c := text[i-2]
	return 0xC4 <= c && c <= 0xD4 || c == 0xC3 && text[i-1] != 0x97 && text[i-1] != 0xB7
}

// from calls hit for the words that start at i.
func (a *automaton) from(text []byte, i int, hit func(word, start, end int)) {
	if i+1 < len(text) {
		if b, c := text[i], text[i+1]; a.pairs[uint(b)<<2|uint(c)>>6]&(1<<(c&63)) == 0 {
			return
		}
		if i+2 < len(text) {
			if k := tripleKey(text[i], text[i+1], text[i+2]); a.triple[k>>6]&(1<<(k&63)) == 0 {
				return
			}
		}
	}
	s, base := int32(0), a.cells[0].base>>1
	for k := i; k < len(text); k++ {
		t := base + int32(a.class[text[k]])
		next := a.cells[t]
		if next.parent != s || t == s {
			return
		}
		if s, base = t, next.base>>1; next.base&1 != 0 {
			hit(int(a.words[t]), i, k+1)
		}
	}
}
