package tagger

import "slices"

// Worker is the memory of a tagging, to be used again. It remembers what words
// score, as most words of a text are few. The zero value is ready; a worker
// serves one goroutine and one model.
type Worker struct {
	q       sequence
	lattice lattice
	hashes  []uint32
	cache   []remembered
	text    string
	tokens  []Token
	words   []word
	all, at []*remembered
	gap     remembered
	model   *Model
	turn    uint32
	out     []Span
}

// remembered is a word with the sums of its weights, as the word to be labelled
// and, once these are asked for, as a neighbour at each offset.
type remembered struct {
	word
	turn   uint32 // the last reading that held it, 0 for an empty place
	filled bool   // near holds the sums
	own    [width]int16
	near   [7][width]int16 // by offset+3; that of offset 0 is not used
}

// cacheSize is how many words a worker remembers, a power of two.
const cacheSize = 1 << 12

// look finds a word, or adds up its weights.
func (w *Worker) look(s string) *remembered {
	d := describe(s)
	r := &w.cache[d.whole()&(cacheSize-1)]
	if r.turn != 0 && r.exact == d.exact {
		r.turn = w.turn
		return r
	}
	if r.turn == w.turn { // the place is taken by a word of this reading
		r = new(remembered)
	}
	*r = remembered{word: d, turn: w.turn}
	w.hashes = own(w.hashes[:0], s, d)
	w.add(&r.own)
	return r
}

// add adds up the weights of the features in hashes.
func (w *Worker) add(sum *[width]int16) {
	for _, h := range w.hashes {
		if row := w.model.row(h); row != nil {
			for y, v := range row[:width] {
				sum[y] += int16(v)
			}
		}
	}
}

// around is the sums of a word as the neighbour at an offset.
func (w *Worker) around(r *remembered, offset int) *[width]int16 {
	if !r.filled {
		r.filled = true
		for d := -3; d <= 3; d++ {
			if d != 0 {
				w.hashes = near(w.hashes[:0], r.word, d)
				w.add(&r.near[d+3])
			}
		}
	}
	return &r.near[offset+3]
}

// Read takes in the tokens of one or more sentences, for Manner and Tag. The
// offsets of tokens are into s.
func (m *Model) Read(w *Worker, s string, tokens []Token) {
	if w.model != m {
		*w = Worker{model: m, cache: make([]remembered, cacheSize)}
		w.gap.word = outside
	}
	if w.turn++; w.turn == 0 {
		clear(w.cache)
		w.turn = 1
	}
	w.text, w.tokens = s, tokens
	w.all, w.words = w.all[:0], w.words[:0]
	for _, t := range tokens {
		e := w.look(s[t.Start:t.End])
		w.all, w.words = append(w.all, e), append(w.words, e.word)
	}
}

// Manner is the evidence that what was read is news rather than talk, as the
// logarithm of the odds.
func (m *Model) Manner(w *Worker) float64 {
	sum := 0
	for _, r := range w.all {
		sum += int(r.own[rowManner])
	}
	return float64(sum) * float64(m.scale)
}

// Tag finds the spans of a sentence, the tokens from and up to to of what was
// read, by start, none overlapping another; they are valid until the next call.
// Lean is what the beginning of a span is given in advance, as the logarithm of
// the odds; probabilities are without it.
func (m *Model) Tag(w *Worker, from, to int, r Register, lean float64) []Span {
	if from >= to {
		return nil
	}
	w.at = w.all[from:to]
	w.q = sequence{w.text, w.tokens[from:to], w.words[from:to]}
	return m.decode(w, r, float32(lean))
}

// hopeless says whether a word is so seldom part of a span that its neighbours
// need not be asked: by its own weights, unless the caller has a mark on it.
func hopeless(own []int16, mark uint8, margin int) bool {
	if mark != 0 {
		return false
	}
	top := own[1]
	for _, v := range own[2:] {
		top = max(top, v)
	}
	return int(top)-int(own[0]) < -margin
}

// margin is how far a word's own weights must speak against a span for hopeless,
// in steps of a weight; chosen by cross-validation. In news the words around a
// number count for much.
var margin = [registers]int{Talk: 40, News: 120}

func (m *Model) decode(w *Worker, r Register, lean float32) []Span {
	n, part := used[r], rowAt[r]
	l := &w.lattice
	l.reset(len(w.at), n)
	var sum [labels]int32
	possible := false
	for i, e := range w.at {
		u := l.unary[i*labels : i*labels+n]
		if hopeless(e.own[part:part+n], w.q.tokens[i].Mark, margin[r]) {
			for y := 1; y < n; y++ {
				u[y] = -20
			}
			continue
		}
		possible = true
		for y, v := range e.own[part : part+n] {
			sum[y] = int32(v)
		}
		for d := -3; d <= 3; d++ {
			if d == 0 {
				continue
			}
			o := &w.gap
			if k := i + d; k >= 0 && k < len(w.at) {
				o = w.at[k]
			}
			for y, v := range w.around(o, d)[part : part+n] {
				sum[y] += int32(v)
			}
		}
		w.hashes = w.q.joined(w.hashes[:0], i)
		for _, h := range w.hashes {
			if row := m.row(h); row != nil {
				for y, v := range row[part : part+n] {
					sum[y] += int32(v)
				}
			}
		}
		for y := range u {
			u[y] = float32(sum[y]) * m.scale
		}
	}
	if !possible {
		return nil
	}
	l.lean(lean)
	l.viterbi(&m.next[r])
	w.out = w.out[:0]
	if !slices.ContainsFunc(l.best, func(y uint8) bool { return y != 0 }) {
		return nil
	}
	l.lean(-lean)
	l.forward(&m.next[r])
	l.backward()
	for i := 0; i < len(l.best); i++ {
		y := int(l.best[i])
		if y == 0 {
			continue
		}
		k := i
		for (int(l.best[k])-1)%4+1 != single && (int(l.best[k])-1)%4+1 != last && k+1 < len(l.best) && l.best[k+1] != 0 {
			k++
		}
		w.out = append(w.out, Span{int(w.q.tokens[i].Start), int(w.q.tokens[k].End), Kind((y - 1) / 4), l.probability(i, k)})
		i = k
	}
	return w.out
}

// lean adds to the labels that begin a span.
func (l *lattice) lean(by float32) {
	for i := 0; i < l.tokens*labels; i += labels {
		for y := 0; y < l.n; y++ {
			if k := (y - 1) % 4; y > 0 && (k+1 == single || k+1 == first) {
				l.unary[i+y] += by
			}
		}
	}
}

// viterbi finds the best labels whose order is legal; forward has not run.
func (l *lattice) viterbi(w *[labels + 1][labels]float32) {
	n := l.n
	l.back = slices.Grow(l.back[:0], l.tokens*labels)[:l.tokens*labels]
	l.best = slices.Grow(l.best[:0], l.tokens)[:l.tokens]
	const never = -1e30
	score, then := &l.bestScores[0], &l.bestScores[1]
	for y := range n {
		score[y] = never
		if follows(0, y) {
			score[y] = w[labels][y] + l.unary[y]
		}
	}
	for i := 1; i < l.tokens; i++ {
		for b := range n {
			top, from := float32(never), 0
			for a := range n {
				if legal[a][b] && score[a]+w[a][b] > top {
					top, from = score[a]+w[a][b], a
				}
			}
			then[b] = top + l.unary[i*labels+b]
			l.back[i*labels+b] = uint8(from)
		}
		score, then = then, score
	}
	y := 0
	for k := range n {
		if follows(k, 0) && score[k] > score[y] {
			y = k
		}
	}
	for i := l.tokens - 1; i >= 0; i-- {
		l.best[i] = uint8(y)
		y = int(l.back[i*labels+y])
	}
}

var legal = func() (t [labels][labels]bool) {
	for a := range t {
		for b := range t[a] {
			t[a][b] = follows(a, b)
		}
	}
	return t
}()

// probability of the labels of tokens i to k as they are; forward and backward
// have run.
func (l *lattice) probability(i, k int) float64 {
	p := float64(l.alpha[i*labels+int(l.best[i])])
	for j := i + 1; j <= k; j++ {
		a, b := l.best[j-1], l.best[j]
		p *= float64(l.next[a][b]) * float64(l.unary[j*labels+int(b)]) / float64(l.norm[j])
	}
	return min(1, p*float64(l.beta[k*labels+int(l.best[k])]))
}
