package extract

import (
	"cmp"
	"slices"
	"strings"

	"tamga"
)

// loadAspects enters what is read beside the names of substances and may be the
// same word: forms, places and words for a day.
func (x *lexicon) loadAspects(with func(string, func(*entry))) error {
	forms, err := table("forms.tsv", 2)
	if err != nil {
		return err
	}
	for _, r := range forms {
		for _, n := range names(r[1]) {
			with(n, func(e *entry) { e.form = r[0] })
		}
	}
	places, err := table("places.tsv", 4)
	if err != nil {
		return err
	}
	for _, r := range places {
		list := strings.Split(r[3], ";")
		x.spots = append(x.spots, spot{list[0], r[0], r[1], r[2] == "weak"})
		for _, n := range names(r[3]) {
			for _, n := range append(inflected(n), n) {
				with(n, func(e *entry) {
					if e.spot == 0 {
						e.spot = int32(len(x.spots))
					}
				})
			}
		}
	}
	return x.loadDates(with)
}

// forms reports the form that a substance is sold in, and the seller's own grade
// of it, where a substance or a quantity stands near.
func (s *scan) forms() {
	var company [][2]int
	for i := range s.out {
		if f := &s.out[i]; f.Type == tamga.FindSubstance || f.Type == tamga.FindQuantity {
			company = append(company, [2]int{f.Start, f.End})
		}
	}
	sortRanges(company)
	for _, h := range s.aspects {
		if h.form == "" || !s.companied(h, company) {
			continue
		}
		f := tamga.Finding{Type: tamga.FindForm, Value: h.form, Rule: "form@1", Confidence: 0.8, Valid: true}
		if grade, ok := strings.CutPrefix(h.form, "grade:"); ok {
			f.Value, f.Kind = grade, "grade"
		}
		s.add(f, h.start, h.end)
	}
}

// companied says whether one of the ranges, by start, is of one offer with h or
// holds it.
func (s *scan) companied(h hit, company [][2]int) bool {
	k, _ := slices.BinarySearchFunc(company, h.start-2*near, func(c [2]int, at int) int { return cmp.Compare(c[0], at) })
	for n := 0; k < len(company) && company[k][0] <= h.end+near && n < 32; k, n = k+1, n+1 {
		c := company[k]
		if c[0] <= h.start && h.end <= c[1] || s.together(h, c[0], c[1]) {
			return true
		}
	}
	return false
}
