package extract

import "tamga"

// categorise is the category that a text would have as an offer: the class of
// the substances it names, strong names and first places counting more; "" for
// a text that reads as no offer.
//
// A short text counts its weak names even where they have no company; those that
// want a dose only where it names a price or a quantity.
func (s *scan) category() string {
	votes := map[string]float64{}
	offer := false
	n := 0
	for _, f := range s.out {
		switch f.Type {
		case tamga.FindQuantity, tamga.FindPrice:
			offer = true
		case tamga.FindSubstance:
			w := f.Confidence * f.Confidence / (1 + float64(n)/2)
			votes[f.Class] += w
			n++
		}
	}
	if n == 0 && len(s.s) <= maxTitle {
		for i, h := range s.hints {
			if h.dose && !offer {
				continue
			}
			votes[h.class] += 0.3 / (1 + float64(i)/2)
		}
	}
	best, top := "", 0.0
	for _, c := range classes {
		if votes[c] > top {
			best, top = c, votes[c]
		}
	}
	if best == "" && offer {
		return "other"
	}
	return best
}
