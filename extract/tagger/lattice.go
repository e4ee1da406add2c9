package tagger

import "slices"

// lattice is the labels of a sentence with their scores: the forward and
// backward sums of a linear-chain conditional random field, scaled at each
// token (Rabiner 1989) so that they stay within range.
type lattice struct {
	tokens, n  int
	unary      []float32 // scores, at token*labels+label; after forward exp of them
	alpha      []float32
	beta       []float32
	norm       []float32
	next       [labels + 1][labels]float32 // exp of the transitions
	p          [labels]float32
	back       []uint8
	best       []uint8
	bestScores [2][labels]float32
}

// reset prepares for a sentence of so many tokens and n labels.
func (l *lattice) reset(tokens, n int) {
	l.tokens, l.n = tokens, n
	size := tokens * labels
	l.unary = slices.Grow(l.unary[:0], size)[:size]
	clear(l.unary)
	l.alpha = slices.Grow(l.alpha[:0], size)[:size]
	l.beta = slices.Grow(l.beta[:0], size)[:size]
	l.norm = slices.Grow(l.norm[:0], tokens)[:tokens]
}

// forward replaces the scores by their exponentials and sums from the left.
func (l *lattice) forward(w *[labels + 1][labels]float32) {
	n := l.n
	for a := range w {
		for b := range n {
			l.next[a][b] = exp(w[a][b])
		}
	}
	for i := range l.tokens {
		u := l.unary[i*labels : i*labels+n]
		top := slices.Max(u)
		for y := range u {
			u[y] = exp(u[y] - top)
		}
		alpha := l.alpha[i*labels : i*labels+n]
		if i == 0 {
			copy(alpha, l.next[labels][:n])
		} else {
			clear(alpha)
			for a, p := range l.alpha[(i-1)*labels : (i-1)*labels+n] {
				row := &l.next[a]
				for b := range alpha {
					alpha[b] += float32(p * row[b])
				}
			}
		}
		sum := float32(0)
		for y := range alpha {
			alpha[y] = float32(alpha[y] * u[y])
			sum += alpha[y]
		}
		sum = max(sum, 1e-30)
		l.norm[i] = sum
		for y := range alpha {
			alpha[y] /= sum
		}
	}
}

// backward sums from the right; forward has run.
func (l *lattice) backward() {
	n := l.n
	for i := l.tokens - 1; i >= 0; i-- {
		beta := l.beta[i*labels : i*labels+n]
		if i == l.tokens-1 {
			for y := range beta {
				beta[y] = 1
			}
			continue
		}
		later, u := l.beta[(i+1)*labels:(i+1)*labels+n], l.unary[(i+1)*labels:(i+1)*labels+n]
		for a := range beta {
			sum := float32(0)
			for b := range n {
				sum += float32(float32(l.next[a][b]*u[b]) * later[b])
			}
			beta[a] = sum / l.norm[i+1]
		}
	}
}

// marginal is the probabilities of the labels of token i, in memory that the
// next call uses again.
func (l *lattice) marginal(i int) []float32 {
	p := l.p[:l.n]
	for y := range p {
		p[y] = float32(l.alpha[i*labels+y] * l.beta[i*labels+y])
	}
	return p
}

// pair is the probability of label a before token i and b at it; before the
// first token a is the start.
func (l *lattice) pair(i, a, b int) float32 {
	if i == 0 {
		return float32(l.alpha[b] * l.beta[b])
	}
	return float32(float32(l.alpha[(i-1)*labels+a]*l.next[a][b])*float32(l.unary[i*labels+b]*l.beta[i*labels+b])) / l.norm[i]
}

// exp is e^x to about 1e-7 of itself, the same on every machine; the mathematics
// of the standard library differs in the last bits between processors.
func exp(x float32) float32 {
	if x < -40 {
		return 4e-18
	}
	if x > 40 {
		x = 40
	}
	const log2e, ln2 = 1.4426950408889634, 0.6931471805599453
	k := int(float64(float64(x)*log2e) + 1024.5)
	k -= 1024
	r := float64(x) - float64(float64(k)*ln2)
	p := float64(1)
	for _, d := range [...]float64{1.0 / 6, 1.0 / 5, 1.0 / 4, 1.0 / 3, 1.0 / 2, 1} {
		p = 1 + float64(p*float64(r*d))
	}
	if k >= 0 {
		return float32(p * float64(uint64(1)<<k))
	}
	return float32(p / float64(uint64(1)<<-k))
}
