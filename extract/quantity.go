package extract

import (
	"cmp"
	"slices"
	"strings"

	"tamga"
)

// crosses are the signs between a count and a piece: 10x2mg.
var crosses = []string{"x", "X", "×", "х", "Х", "*"}

// cross is the end of a multiplication sign at i, blanks around it included.
func cross(t string, i int) int {
	i = skipSpace(t, i)
	for _, c := range crosses {
		if strings.HasPrefix(t[i:], c) {
			return skipSpace(t, i+len(c))
		}
	}
	return 0
}

// unitAt is the unit whose name stands at i, after blanks or a dash.
func (s *scan) unitAt(i int) (u unit, end int, ok bool) {
	i = skipSpace(s.s, i)
	if i < len(s.s) && s.s[i] == '-' {
		i++
	}
	stop := wordAt(s.s, i)
	if stop == i || stop-i > 32 {
		return u, 0, false
	}
	word := string(s.low[i:stop])
	if u, ok = s.lex.units[word]; ok {
		for _, mark := range []string{"'s", "’s", "`s", "´s"} { // 28 g's
			if strings.HasPrefix(s.s[stop:], mark) && !letterAfter(s.s, stop+len(mark)) {
				return u, stop + len(mark), true
			}
		}
		if stop < len(s.s) && stop-i == 1 && (s.s[stop] == '\'' || s.s[stop] == '/' && stop+1 < len(s.s) && isLetter(s.s[stop+1]) && string(s.low[stop+1:wordAt(s.s, stop+1)]) == "s") {
			return u, 0, false
		}
		return u, stop, true
	}
	// 50gCocaine: a unit with a name stuck to it.
	for _, short := range []string{"kg", "mg", "ug", "gr", "g", "кг", "мг", "гр", "г"} {
		rest, has := strings.CutPrefix(word, short)
		if has && len(rest) >= 3 {
			if s.startsName(i+len(short), stop) {
				return s.lex.units[short], i + len(short), true
			}
		}
	}
	return u, 0, false
}

// startsName says whether a substance name starts at i and ends by stop.
func (s *scan) startsName(i, stop int) bool {
	k, ok := slices.BinarySearchFunc(s.hits, i, func(h hit, at int) int { return cmp.Compare(h.start, at) })
	return ok && s.hits[k].end <= stop && s.hits[k].kind == kindSubstance
}

// quantities reads the numbers of the text: as prices, quantities or neither.
func (s *scan) quantities() {
	used := 0 // no number before this is read again
	first := len(s.out)
	date := 0
	for n := 0; n < len(s.nums); n++ {
		x := &s.nums[n]
		for date < len(s.dates) && s.dates[date][1] <= x.start {
			date++
		}
		if x.start < used || date < len(s.dates) && s.dates[date][0] <= x.start {
			continue
		}
		if end := s.price(*x); end > 0 {
			used = end
			continue
		}
		if end := s.quantity(*x); end > 0 {
			used = end
		}
	}
	s.strengths(s.out[first:])
	var spans [][2]int
	for i := range s.out[first:] {
		f := &s.out[first+i]
		spans = append(spans, [2]int{f.Start, f.End})
	}
	for _, h := range s.hits {
		if h.kind == kindQuantity && !measured(spans, h.start, h.end) {
			u := s.lex.unitNamed[h.id]
			amount := h.value
			f := tamga.Finding{Type: tamga.FindQuantity, Rule: "quantity-word@1", Confidence: 0.85, Valid: true, Amount: amount, Unit: u.name}
			f.Total, f.TotalUnit = times(amount, u.total), u.totalUnit
			f.Value = amount + " " + u.name
			s.add(f, h.start, h.end)
		}
	}
}

// measured says whether a price or quantity of a number overlaps a range;
// spans holds them by start.
func measured(spans [][2]int, start, end int) bool {
	k, _ := slices.BinarySearchFunc(spans, end, func(m [2]int, at int) int { return cmp.Compare(m[0], at) })
	return k > 0 && spans[k-1][1] > start
}

// quantity reads a number with a unit; it returns its end, 0 where it is none.
func (s *scan) quantity(x number) int {
	t := s.s
	count := ""
	start := x.start
	if k := cross(t, x.end); k > 0 && k < len(t) && !x.fraction {
		if isDigit(t[k]) { // 10 x 2mg
			y := numberAt(t, k, false)
			if u, end, ok := s.unitAt(y.end); ok && u.totalUnit != "" {
				return s.measure(start, end, y.exact, u, x.exact)
			}
		} else if u, end, ok := s.unitAt(k); ok && u.name != "l" { // 10 x pills
			return s.measure(start, end, x.exact, u, count)
		}
	}
	u, end, ok := s.unitAt(x.end)
	if !ok {
		return s.counted(x)
	}
	if !s.plausible(x, u, end) {
		return 0
	}
	if u.totalUnit == "piece" {
		return s.measure(start, end, x.exact, u, count)
	}
	if k := cross(t, end); k > 0 && k < len(t) && isDigit(t[k]) { // 5g x 10
		y := numberAt(t, k, false)
		_, _, hasUnit := s.unitAt(y.end)
		if !hasUnit && !strings.Contains(y.exact, ".") && len(y.exact) <= 4 {
			return s.measure(start, y.end, x.exact, u, y.exact)
		}
	}
	return s.measure(start, end, x.exact, u, count)
}

// counted reads a number of pieces that are not named: "10x Superman", "x 30".
func (s *scan) counted(x number) int {
	if x.fraction || len(x.exact) > 5 || strings.Contains(x.exact, ".") || x.exact == "0" {
		return 0
	}
	t := s.s
	piece := s.lex.unitNamed["piece"]
	if k := cross(t, x.end); k > 0 && k < len(t) && !isDigit(t[k]) {
		if sign := skipSpace(t, x.end); t[sign] != '*' && wordAt(t, k) > k && (k > sign+1 || wordAt(t, sign) == sign+1) {
			return s.measure(x.start, x.end+len(strings.TrimRight(t[x.end:k], " ")), x.exact, piece, "")
		}
	}
	for k := x.start; k > 0 && x.start-k < 3; k-- {
		if c := t[k-1]; (c == 'x' || c == 'X') && (k < 2 || t[k-2] == ' ') && k > 1 {
			return s.measure(k-1, x.end, x.exact, piece, "")
		} else if c != ' ' {
			break
		}
	}
	return 0
}

// plausible rejects years, dates and other numbers before a letter that is
// only sometimes a unit.
func (s *scan) plausible(x number, u unit, end int) bool {
	if u.name == "g" && len(x.exact) == 4 && (strings.HasPrefix(x.exact, "19") || strings.HasPrefix(x.exact, "20")) && strings.HasPrefix(s.s[end-2:end], "г") {
		return false
	}
	if x.start > 0 {
		if c := s.s[x.start-1]; isLetter(c) && (x.start < 2 || isLetter(s.s[x.start-2])) && u.totalUnit == "piece" {
			return false
		}
	}
	return true
}

// measure reports a quantity of amount u, count times.
func (s *scan) measure(start, end int, amount string, u unit, count string) int {
	amount = plain(amount)
	f := tamga.Finding{
		Type: tamga.FindQuantity, Rule: "quantity@1", Confidence: 0.9, Valid: true,
		Amount: amount, Unit: u.name, Count: count, Total: times(amount, u.total), TotalUnit: u.totalUnit,
		Value: amount + " " + u.name,
	}
	if count != "" {
		f.Total = times(f.Total, count)
		f.Value = count + " x " + f.Value
	}
	s.add(f, start, end)
	return end
}
