// Package category says which group of drugs the title of an offer belongs to:
// a linear classifier over the words and the character n-grams of the title,
// trained from labelled titles (extract/category/train) and embedded.
//
// Invariants. A [Model] is immutable. The same training set gives the same
// weights, bit for bit. Scoring is linear in the text, of which at most
// [MaxText] bytes are read, and never fails: a text without a known feature
// scores the bias of each group. The weights hold hashes of features that at
// least a given number of vendors use, so no title and no vendor's name can be
// read out of them.
package category

import (
	_ "embed"
	"sync"
)

// MaxText is how much of a text is read, in bytes.
const MaxText = 512

// Model is a linear classifier.
type Model struct {
	Groups []string // the names of the groups, by column
	bias   []int32
	table  map[uint32]int32 // feature to its row
	rows   []int8           // weights, len(Groups) a row
	scale  float64          // of one unit of weight and bias
}

//go:embed weights.bin
var weights []byte

// Embedded is the model of the program, decoded once.
var Embedded = sync.OnceValues(func() (*Model, error) { return Decode(weights) })

// Scores are the scores of the groups for a text, by column: the signed
// distances from the separating planes, about -1 to 1, comparable to each other.
// known is the share of the text's features that the model has seen, 0 to 1.
func (m *Model) Scores(text string) (scores []float64, known float64) {
	sums := make([]int32, len(m.Groups))
	n, met := 0, 0
	features(text, func(f uint32) {
		n++
		row, ok := m.table[f]
		if !ok {
			return
		}
		met++
		w := m.rows[int(row)*len(sums):][:len(sums)]
		for i, x := range w {
			sums[i] += int32(x)
		}
	})
	norm := norm(n)
	scores = make([]float64, len(sums))
	for i, s := range sums {
		scores[i] = (float64(s)*norm + float64(m.bias[i])) * m.scale
	}
	return scores, float64(met) / float64(max(n, 1))
}
