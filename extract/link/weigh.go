package link

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"tamga"
)

// Method names the way of weighing, as recorded claims cite it.
const Method = "link@1"

// Same is the score from which two personas are printed as the same by default.
const Same = 0.9

// The weights, in nats of log-odds, set on the training part of the labelled sets
// (four fifths of the vendors) so that a link at Same is right in 99 of 100 cases.
const (
	priorNats = -6.0 // against: two personas are hardly ever one

	maxHolders = 64 // of a value; more is a crowd, and pairs grow with its square

	leastWeight = 0.05

	bioWords = 40 // of the shortest bio that has a sketch
	bioNats  = 10

	textWords     = 60 // of the shortest text that has a set
	leastLikeness = 0.3
	likenessNats  = 14 // at a likeness of 1

	sentenceHolders = 5    // a sentence that more have is anybody's
	sentenceNats    = 0.22 // of a word
	sentenceMost    = 4.0  // of one sentence
	sentenceDecay   = 4.0
	textMost        = 11.5
	textShare       = 0.27 // of the longer text, from which shared sentences count in full

	second      = 0.3 // of the second and third evidence from text, which says much the same
	accountNats = 20
	oneMarket   = 0.3 // of a name: on one market the like name is as often an imitator's
	otherKey    = -2.5
)

// weights of a shared value: full for one that two people have at most, less
// perHolder for each further one, nothing beyond holders.
var weights = map[string]struct {
	full, perHolder float64
	holders         int
}{
	"pgp":     {14, 1.5, 6},
	"mail":    {9, 2, 4},
	"contact": {10, 2, 4},
	"wallet":  {10, 2, 4},
}

// judge adds up the evidence for a pair.
func (c *collection) judge(p pair, reasons []tamga.Reason) tamga.Link {
	a, b := &c.all[p.a], &c.all[p.b]
	return total(a.party(), b.party(), priorNats, c.independent(a, b, reasons))
}

// total is the link that the evidence adds up to.
func total(a, b tamga.Party, prior float64, reasons []tamga.Reason) tamga.Link {
	slices.SortFunc(reasons, func(x, y tamga.Reason) int {
		return cmp.Or(cmp.Compare(y.Weight, x.Weight), strings.Compare(x.Kind, y.Kind), strings.Compare(x.Value, y.Value))
	})
	sum := prior
	for i := range reasons {
		reasons[i].Weight = math.Round(reasons[i].Weight*100) / 100
		sum += reasons[i].Weight
	}
	return tamga.Link{A: a, B: b, Score: math.Round(1e4/(1+math.Exp(-sum))) / 1e4, Reasons: reasons}
}

// independent lessens what says the same twice, and adds what speaks against.
func (c *collection) independent(a, b *subject, reasons []tamga.Reason) []tamga.Reason {
	family := map[string]string{"bio": "text", "text": "text", "likeness": "text", "pgp": "key", "mail": "key"}
	best := map[string]int{}
	for i, r := range reasons {
		f := family[r.Kind]
		if f == "" {
			continue
		}
		if j, ok := best[f]; !ok || r.Weight > reasons[j].Weight {
			best[f] = i
		}
	}
	sharedKey := false
	for i := range reasons {
		f := family[reasons[i].Kind]
		if f != "" && best[f] != i {
			reasons[i].Weight *= second
		}
		sharedKey = sharedKey || f == "key"
	}
	reasons = slices.DeleteFunc(reasons, func(r tamga.Reason) bool { return r.Weight < leastWeight })
	if len(reasons) > 0 && len(a.Keys) > 0 && len(b.Keys) > 0 && !sharedKey {
		reasons = append(reasons, tamga.Reason{Kind: "pgp", Value: "other keys", Weight: otherKey})
	}
	return reasons
}
