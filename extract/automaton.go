package extract

// automaton finds all words of a set in one pass (Aho and Corasick 1975), as a
// complete byte automaton: one table look-up a byte, whatever the words are.
type automaton struct {
	class  [256]uint8 // bytes that no word holds share class 0
	width  int
	next   []int32 // at state*width+class: the state after it, times two, plus one where a word ends
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
	a.pack(a.link())
	return a
}

func (a *automaton) grow() {
	a.next = append(a.next, make([]int32, a.width)...)
	a.word = append(a.word, -1)
	a.suffix = append(a.suffix, 0)
}

// link turns the trie into the complete automaton, breadth first; it returns the
// states in that order.
func (a *automaton) link() []int32 {
	fail := make([]int32, len(a.word))
	var queue []int32
	for c := range a.width {
		if s := a.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for i := 0; i < len(queue); i++ {
		s := queue[i]
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
	return append([]int32{0}, queue...)
}

// pack numbers the states anew in the order given: those near the root, where a
// text is most of the time, lie side by side and stay in the cache.
func (a *automaton) pack(order []int32) {
	number := make([]int32, len(order))
	for n, s := range order {
		number[s] = int32(n)
	}
	next, word, suffix := make([]int32, len(a.next)), make([]int32, len(a.word)), make([]int32, len(a.suffix))
	for n, s := range order {
		word[n], suffix[n] = a.word[s], number[a.suffix[s]]
		for c := range a.width {
			t := a.next[int(s)*a.width+c]
			v := number[t] << 1
			if a.word[t] >= 0 || a.suffix[t] != 0 {
				v |= 1
			}
			next[n*a.width+c] = v
		}
	}
	a.next, a.word, a.suffix = next, word, suffix
}

// each calls hit for every word in text, by ascending end.
func (a *automaton) each(text []byte, hit func(word, start, end int)) {
	s := int32(0)
	for i, c := range text {
		s = a.next[int(s>>1)*a.width+int(a.class[c])]
		if s&1 == 0 {
			continue
		}
		t := s >> 1
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
