package extract

// automaton finds all words of a set in one pass (Aho and Corasick 1975), as a
// complete byte automaton: one table look-up a byte, whatever the words are.
type automaton struct {
	class  [256]uint8 // bytes that no word holds share class 0
	width  int
	next   []int32 // state*width+class
	word   []int32 // word that ends at a state, -1 for none
	suffix []int32 // longest proper suffix of a state at which a word ends, 0 for none
	length []int32 // of each word, in bytes
}

// newAutomaton compiles words; empty ones are ignored, and of equal ones the
// first wins.
func newAutomaton(words []string) *automaton {
	a := &automaton{length: make([]int32, len(words)), width: 1}
	for _, w := range words {
		for i := range len(w) {
			if a.class[w[i]] == 0 && a.width < 256 {
				a.class[w[i]] = uint8(a.width)
				a.width++
			}
		}
	}
	a.grow()
	for n, w := range words {
		if w == "" {
			continue
		}
		a.length[n] = int32(len(w))
		s := int32(0)
		for i := range len(w) {
			k := int(s)*a.width + int(a.class[w[i]])
			if a.next[k] == 0 {
				t := int32(len(a.word))
				a.grow()
				a.next[k] = t
			}
			s = a.next[k]
		}
		if a.word[s] < 0 {
			a.word[s] = int32(n)
		}
	}
	a.link()
	return a
}

func (a *automaton) grow() {
	a.next = append(a.next, make([]int32, a.width)...)
	a.word = append(a.word, -1)
	a.suffix = append(a.suffix, 0)
}

// link turns the trie into the complete automaton, breadth first.
func (a *automaton) link() {
	fail := make([]int32, len(a.word))
	var queue []int32
	for c := range a.width {
		if s := a.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		f := fail[s]
		a.suffix[s] = a.suffix[f]
		if a.word[f] >= 0 {
			a.suffix[s] = f
		}
		for c := range a.width {
			k := int(s)*a.width + c
			if t := a.next[k]; t != 0 {
				fail[t] = a.next[int(f)*a.width+c]
				queue = append(queue, t)
			} else {
				a.next[k] = a.next[int(f)*a.width+c]
			}
		}
	}
}

// each calls hit for every word in text, by ascending end.
func (a *automaton) each(text []byte, hit func(word, start, end int)) {
	s := int32(0)
	for i, c := range text {
		s = a.next[int(s)*a.width+int(a.class[c])]
		if s == 0 {
			continue
		}
		t := s
		if a.word[t] < 0 {
			t = a.suffix[t]
		}
		for t != 0 {
			w := a.word[t]
			hit(int(w), i+1-int(a.length[w]), i+1)
			t = a.suffix[t]
		}
	}
}
