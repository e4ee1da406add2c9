package tagger

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Example is a sentence with the spans that people marked in it. The offsets of
// tokens and spans are into Text.
type Example struct {
	Text     string
	Tokens   []Token
	Spans    []Span
	Register Register
}

// Options of a training.
type Options struct {
	Seed   uint64
	Epochs int     // passes over the examples
	Rate   float64 // of AdaGrad
	Decay  float64 // pull of a weight towards zero at each step it takes part in
	Drop   float64 // share of features left out at random
	Rare   int     // a feature seen fewer times is not learnt
}

// Defaults are the options chosen by cross-validation.
var Defaults = Options{Seed: 1, Epochs: 12, Rate: 0.2, Decay: 1e-3, Drop: 0.5, Rare: 2}

// sample is an example as numbers.
type sample struct {
	features [][]int32 // of each token
	gold     []uint8
	register Register
}

// A row of weights is what a feature says in every register, then what it adds
// in each (Daumé 2007, Frustratingly Easy Domain Adaptation).
const (
	talkAt = labels
	newsAt = labels + 1 + 4
	stride = newsAt + labels
)

var partAt = [registers]int{Talk: talkAt, News: newsAt}

// trainer holds the weights of a linear-chain conditional random field (Lafferty,
// McCallum and Pereira 2001) under AdaGrad (Duchi, Hazan and Singer 2011).
type trainer struct {
	Options
	w, g, sum []float32 // weights, squared gradients, sums for the mean
	next      [registers]transitions
	random    *rand.Rand
	scale     float32
	lattice   lattice
	kept      [][]int32
}

// transitions are the weights of a label behind another, with row labels for
// the start of a sentence.
type transitions struct{ w, g, sum [labels + 1][labels]float32 }

// Train learns a model. Equal examples and options give equal models, bit for
// bit, on every machine: one thread, and no product is fused with a sum.
func Train(examples []Example, o Options) *Model {
	ids, keys := map[uint32]int32{}, []uint32(nil)
	var counts []int32
	samples := make([]sample, len(examples))
	var q sequence
	var hashes []uint32
	for n := range examples {
		x := &examples[n]
		q.read(x.Text, x.Tokens)
		samples[n] = sample{features: make([][]int32, len(x.Tokens)), gold: labelsOf(x.Tokens, x.Spans), register: x.Register}
		for i := range x.Tokens {
			hashes = q.all(hashes[:0], i)
			fs := make([]int32, len(hashes))
			for k, h := range hashes {
				id, known := ids[h]
				if !known {
					id = int32(len(keys))
					ids[h] = id
					keys, counts = append(keys, h), append(counts, 0)
				}
				counts[id]++
				fs[k] = id
			}
			samples[n].features[i] = fs
		}
	}
	keys = thin(samples, keys, counts, int32(o.Rare))
	t := &trainer{Options: o, random: rand.New(rand.NewPCG(o.Seed, 0x7A6D6761)), scale: float32(1 / (1 - o.Drop))}
	t.w, t.g, t.sum = make([]float32, len(keys)*stride), make([]float32, len(keys)*stride), make([]float32, len(keys)*stride)
	order := make([]int, len(samples))
	for i := range order {
		order[i] = i
	}
	averaged := 0
	for e := range o.Epochs {
		t.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, n := range order {
			t.step(&samples[n])
		}
		if e*2 >= o.Epochs {
			averaged++
			t.collect()
		}
	}
	m := pack(keys, t, float32(averaged), registersOf(examples))
	m.words = anchorsOf(examples)
	return m
}

// thin drops the features seen fewer than least times and numbers the rest anew.
func thin(samples []sample, keys []uint32, counts []int32, least int32) (kept []uint32) {
	renamed := make([]int32, len(keys))
	for i, k := range keys {
		renamed[i] = -1
		if counts[i] >= least {
			renamed[i] = int32(len(kept))
			kept = append(kept, k)
		}
	}
	for _, s := range samples {
		for i, fs := range s.features {
			out := fs[:0]
			for _, f := range fs {
				if renamed[f] >= 0 {
					out = append(out, renamed[f])
				}
			}
			s.features[i] = out
		}
	}
	return kept
}

// step follows the gradient of the likelihood of one sentence.
func (t *trainer) step(s *sample) {
	n, part := used[s.register], partAt[s.register]
	l := &t.lattice
	l.reset(len(s.features), n)
	t.kept = t.kept[:0]
	for i, fs := range s.features {
		var kept []int32
		if i < cap(t.kept) {
			t.kept = t.kept[:i+1]
			kept = t.kept[i][:0]
		} else {
			t.kept = append(t.kept, nil)
		}
		score := l.unary[i*labels : i*labels+n]
		for _, f := range fs {
			if t.Drop > 0 && t.random.Uint32() < uint32(t.Drop*math.MaxUint32) {
				continue
			}
			kept = append(kept, f)
			row := t.w[int(f)*stride : int(f)*stride+stride]
			for y := range score {
				score[y] += float32((row[y] + row[part+y]) * t.scale)
			}
		}
		t.kept[i] = kept
	}
	tr := &t.next[s.register]
	l.forward(&tr.w)
	l.backward()
	for i, y := range s.gold {
		p := l.marginal(i)
		before := labels
		if i > 0 {
			before = int(s.gold[i-1])
		}
		t.transit(tr, l, i, before, int(y), n)
		worst := float32(0)
		for k := range p {
			if k == int(y) {
				p[k]--
			}
			worst = max(worst, p[k], -p[k])
		}
		if worst < 1e-3 {
			continue
		}
		for _, f := range t.kept[i] {
			at := int(f) * stride
			for k, d := range p {
				if d < 1e-4 && d > -1e-4 {
					continue
				}
				t.descend(at+k, d)
				t.descend(at+part+k, d)
			}
		}
	}
}

// descend moves one weight by its gradient.
func (t *trainer) descend(at int, d float32) {
	w := t.w[at]
	d = float32(d*t.scale) + float32(float32(t.Decay)*w)
	g := t.g[at] + float32(d*d)
	t.g[at] = g
	t.w[at] = w - float32(float32(float32(t.Rate)*d)/root(g))
}

func root(g float32) float32 { return float32(math.Sqrt(float64(g))) + 1e-6 }

// transit moves the weights of the transitions into token i.
func (t *trainer) transit(tr *transitions, l *lattice, i, before, gold, n int) {
	from := n
	if i == 0 {
		from = 1
	}
	for a := range from {
		row := a
		if i == 0 {
			row = labels
		}
		for b := range n {
			d := l.pair(i, a, b)
			if row == before && b == gold {
				d--
			}
			if d < 1e-3 && d > -1e-3 {
				continue
			}
			g := tr.g[row][b] + float32(d*d)
			tr.g[row][b] = g
			tr.w[row][b] -= float32(float32(float32(t.Rate)*d) / root(g))
		}
	}
}

// collect adds the weights to the sums of which the model is the mean.
func (t *trainer) collect() {
	for i, w := range t.w {
		t.sum[i] += w
	}
	for r := range t.next {
		for a := range t.next[r].w {
			for b, w := range t.next[r].w[a] {
				t.next[r].sum[a][b] += w
			}
		}
	}
}

// all appends every feature of token i.
func (q *sequence) all(dst []uint32, i int) []uint32 {
	t := q.tokens[i]
	dst = own(dst, q.text[t.Start:t.End], q.words[i])
	for d := -3; d <= 3; d++ {
		if d != 0 {
			dst = near(dst, *q.at(i + d), d)
		}
	}
	return q.joined(dst, i)
}

// read takes in a sentence.
func (q *sequence) read(s string, tokens []Token) {
	q.text, q.tokens = s, tokens
	q.words = slices.Grow(q.words[:0], len(tokens))
	for _, t := range tokens {
		q.words = append(q.words, describe(s[t.Start:t.End]))
	}
}
