package category

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Sample is a labelled title. Vendor is only counted, never stored.
type Sample struct{ Text, Vendor, Group string }

// Training says how a model is trained.
type Training struct {
	Groups  []string // in the order of the columns
	Vendors int      // least vendors that use a feature
	Epochs  int
	C       float64 // cost of an error against the size of the weights
	Seed    uint64
	Max     int // most features kept, those of the greatest weights
}

// Train fits one linear support vector machine a group against the others, by
// dual coordinate descent (Hsieh, Chang, Lin, Keerthi and Sundararajan, ICML
// 2008, algorithm 1, L2-loss), in an order drawn from Seed.
func Train(samples []Sample, o Training) (*Model, error) {
	column := map[string]int{}
	for i, g := range o.Groups {
		column[g] = i
	}
	for _, s := range samples {
		if _, ok := column[s.Group]; !ok {
			return nil, fmt.Errorf("train: group %q of %q is not one of %v", s.Group, s.Text, o.Groups)
		}
	}
	ids, x := vectors(samples, o.Vendors)
	w := make([][]float64, len(o.Groups))
	for g := range o.Groups {
		y := make([]float64, len(samples))
		for i, s := range samples {
			if y[i] = -1; column[s.Group] == g {
				y[i] = 1
			}
		}
		w[g] = descend(x, y, len(ids)+1, o, rand.New(rand.NewPCG(o.Seed, uint64(g))))
	}
	return quantise(o, ids, w), nil
}

// vector is the features of a sample, ascending, each with its value.
type vector struct {
	at  []int32
	val []float32
}

// vectors numbers the features that enough vendors use from 1 on, in order of
// their hash; 0 is the bias.
func vectors(samples []Sample, vendors int) (ids []uint32, x []vector) {
	users := map[uint32]map[string]bool{}
	for _, s := range samples {
		features(s.Text, func(f uint32) {
			u := users[f]
			if u == nil {
				u = map[string]bool{}
				users[f] = u
			}
			if len(u) < vendors {
				u[s.Vendor] = true
			}
		})
	}
	for f, u := range users {
		if len(u) >= vendors {
			ids = append(ids, f)
		}
	}
	slices.Sort(ids)
	number := make(map[uint32]int32, len(ids))
	for i, f := range ids {
		number[f] = int32(i + 1)
	}
	x = make([]vector, len(samples))
	for i, s := range samples {
		count, n := map[int32]int{}, 0
		features(s.Text, func(f uint32) {
			n++
			if k, ok := number[f]; ok {
				count[k]++
			}
		})
		v := vector{at: []int32{0}, val: []float32{1}}
		for k := range count {
			v.at = append(v.at, k)
		}
		slices.Sort(v.at)
		for _, k := range v.at[1:] {
			v.val = append(v.val, float32(float64(count[k])*norm(n)))
		}
		x[i] = v
	}
	return ids, x
}

func descend(x []vector, y []float64, width int, o Training, r *rand.Rand) []float64 {
	w := make([]float64, width)
	alpha := make([]float64, len(x))
	diagonal := 1 / (2 * o.C)
	size := make([]float64, len(x))
	order := make([]int, len(x))
	for i, v := range x {
		order[i] = i
		for _, f := range v.val {
			size[i] += float64(f) * float64(f)
		}
		size[i] += diagonal
	}
	for range o.Epochs {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			v := x[i]
			g := 0.0
			for k, at := range v.at {
				g += w[at] * float64(v.val[k])
			}
			g = y[i]*g - 1 + diagonal*alpha[i]
			next := math.Max(0, alpha[i]-g/size[i])
			if d := (next - alpha[i]) * y[i]; d != 0 {
				alpha[i] = next
				for k, at := range v.at {
					w[at] += d * float64(v.val[k])
				}
			}
		}
	}
	return w
}

// quantise keeps the Max features of the greatest weights, as bytes.
func quantise(o Training, ids []uint32, w [][]float64) *Model {
	type feature struct {
		id    uint32
		k     int
		great float64
	}
	var fs []feature
	for i, id := range ids {
		great := 0.0
		for g := range w {
			great = math.Max(great, math.Abs(w[g][i+1]))
		}
		fs = append(fs, feature{id, i + 1, great})
	}
	slices.SortFunc(fs, func(a, b feature) int {
		return cmp.Or(cmp.Compare(b.great, a.great), cmp.Compare(a.id, b.id))
	})
	fs = fs[:min(len(fs), o.Max)]
	top := 0.0
	if len(fs) > 0 {
		top = fs[min(len(fs)-1, len(fs)/200)].great // the few greater ones are cut off
	}
	m := &Model{Groups: slices.Clone(o.Groups), table: map[uint32]int32{}, scale: math.Max(top, 1e-9) / 127}
	for g := range w {
		m.bias = append(m.bias, int32(math.Round(w[g][0]/m.scale)))
	}
	slices.SortFunc(fs, func(a, b feature) int { return cmp.Compare(a.id, b.id) })
	for i, f := range fs {
		m.table[f.id] = int32(i)
		for g := range w {
			m.rows = append(m.rows, int8(math.Round(min(127, max(-127, w[g][f.k]/m.scale)))))
		}
	}
	return m
}

// Default is how the embedded model is trained. Of the groups of the contract,
// precursors has no labelled titles: it is the lexicon's alone.
var Default = Training{
	Groups:  []string{"cannabis", "ecstasy", "stimulants", "psychedelics", "opioids", "benzodiazepines", "dissociatives", "steroids", "prescription", "other-drug", "other"},
	Vendors: 3, Epochs: 8, C: 1, Seed: 1, Max: 120000,
}
