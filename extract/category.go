package extract

import (
	"slices"

	"tamga"
	"tamga/extract/category"
)

// How the names of the lexicon and the learned groups are weighed against each
// other, chosen on vendors that neither was learnt from nor is measured on.
const (
	voteWeight    = 0.8 // of a unanimous lexicon against the learned score, which is about -1 to 1
	overlapMargin = 0.2 // that a group which overlaps the others must win by
	aloneMargin   = 0.1 // that a title without a name, quantity or price must score
	leastKnown    = 0.5 // share of features met before below which the lexicon decides alone
)

// overlapping groups hold what also belongs to another: an opioid may be a
// prescription medicine.
var overlapping = set("prescription other-drug other")

// category is the category that a text would have as an offer, "" for a text
// that reads as none. The names it has vote, strong names and first places
// counting more; in a title the learned groups have their say as well.
//
// A short text counts its weak names even where they have no company; those that
// want a dose only where it names a price or a quantity.
func (s *scan) category() string {
	votes, offer := s.votes()
	best, top := "", 0.0
	for _, c := range classes {
		if votes[c] > top {
			best, top = c, votes[c]
		}
	}
	if len(s.s) <= maxTitle {
		return s.titled(votes, best, offer)
	}
	if best == "" && offer {
		return "other"
	}
	return best
}

// votes weighs the names of substances in the text by class; offer says whether
// the text names a quantity or a price.
func (s *scan) votes() (votes map[string]float64, offer bool) {
	votes = map[string]float64{}
	n := 0
	for i := range s.out {
		switch f := &s.out[i]; f.Type {
		case tamga.FindQuantity, tamga.FindPrice:
			offer = true
		case tamga.FindSubstance:
			if f.ID == "" {
				continue // a candidate, or a name known to the tagger alone
			}
			votes[f.Class] += f.Confidence * f.Confidence / (1 + float64(n)/2)
			n++
		}
	}
	if n == 0 && len(s.s) <= maxTitle {
		for i, h := range s.hints {
			if !h.dose || offer {
				votes[h.class] += 0.3 / (1 + float64(i)/2)
			}
		}
	}
	return votes, offer
}

// titled is the category of a title: named is what its names alone would make it.
func (s *scan) titled(votes map[string]float64, named string, offer bool) string {
	m, err := category.Embedded()
	if err != nil {
		return named
	}
	scores, known := m.Scores(s.s)
	if known < leastKnown {
		if named == "" && offer {
			return "other"
		}
		return named
	}
	sum := 0.0
	for _, v := range votes {
		sum += v
	}
	best, top := named, -10.0
	for _, c := range classes {
		i := slices.Index(m.Groups, c)
		if i < 0 && votes[c] == 0 {
			continue
		}
		score := -1.0
		if i >= 0 {
			score = scores[i]
		}
		if sum > 0 {
			score += voteWeight * min(1, sum*2) * votes[c] / sum
		}
		if overlapping[c] {
			score -= overlapMargin
		}
		if score > top {
			best, top = c, score
		}
	}
	if named == "" && !offer && (overlapping[best] || top < aloneMargin) {
		return ""
	}
	return best
}
