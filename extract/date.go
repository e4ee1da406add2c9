package extract

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tamga"
)

func (x *lexicon) loadDates(with func(string, func(*entry))) error {
	x.months, x.ages, x.ago = map[string]int{}, map[string]string{}, map[string]bool{}
	rows, err := table("dates.tsv", 2)
	for _, r := range rows {
		for _, n := range names(r[1]) {
			month, notMonth := strconv.Atoi(r[0])
			switch {
			case notMonth == nil:
				if _, ok := x.months[n]; !ok {
					x.months[n] = month
				}
			case r[0] == "ago":
				x.ago[n] = true
			case len(r[0]) <= 2:
				x.ages[n] = r[0]
			default:
				with(n, func(e *entry) {
					if e.kind == kindAspect {
						e.kind, e.value = kindDate, r[0]
					}
				})
			}
		}
	}
	return err
}

// days reports dates, as RFC 3339 writes them, and ages ("5 days ago") as ISO
// 8601 durations. Their numbers are no quantities.
func (s *scan) days() {
	last := 0
	for _, x := range s.nums {
		if x.start < last {
			continue
		}
		value, start, end := s.dateAt(x.start)
		rule := "date@1"
		if value == "" {
			value, end = s.ageAt(x)
			start, rule = x.start, "age@1"
		}
		if value == "" || start < last {
			continue
		}
		s.add(tamga.Finding{Type: tamga.FindDate, Value: value, Rule: rule, Confidence: 0.9, Valid: true}, start, end)
		s.dates = append(s.dates, [2]int{start, end})
		last = end
	}
	for _, h := range s.aspects {
		if h.kind == kindDate {
			s.add(tamga.Finding{Type: tamga.FindDate, Value: h.value, Rule: "day-word@1", Confidence: 0.8, Valid: true}, h.start, h.end)
		}
	}
	sortRanges(s.dates)
}

// dateAt reads a date whose first digit is at i, or, where the month stands
// first, whose day is.
func (s *scan) dateAt(i int) (value string, start, end int) {
	t := s.s
	if i > 0 && (isAlnum(t[i-1]) || (t[i-1] == '.' || t[i-1] == '/' || t[i-1] == '-') && i > 1 && isAlnum(t[i-2])) {
		return "", 0, 0
	}
	n := digitsAt(t, i)
	if n > 4 {
		return "", 0, 0
	}
	a, _ := strconv.Atoi(t[i : i+n])
	k := i + n
	if k < len(t) && (n == 4 || n <= 2) && strings.IndexByte("-./", t[k]) >= 0 { // three numbers
		sign := t[k]
		m := digitsAt(t, k+1)
		stop := k + 1 + m
		if m < 1 || m > 2 || stop >= len(t) || t[stop] != sign {
			return "", 0, 0
		}
		b, _ := strconv.Atoi(t[k+1 : stop])
		y := digitsAt(t, stop+1)
		end = stop + 1 + y
		c, _ := strconv.Atoi(t[stop+1 : stop+1+min(y, 4)])
		if end < len(t) && (t[end] == sign && end+1 < len(t) && isDigit(t[end+1]) || isLetter(t[end]) && t[end] != 'T') {
			return "", 0, 0
		}
		year, month, day := a, b, c
		switch {
		case n == 4 && (y == 1 || y == 2):
		case n <= 2 && (y == 4 || y == 2 && m == 2 && n == 2 && sign == '.'):
			year, month, day = c, b, a
			if y == 2 {
				year += 2000
			}
			if month > 12 && day <= 12 || sign == '/' && day <= 12 && month > 12 { // 12/31/2019
				month, day = day, month
			}
		default:
			return "", 0, 0
		}
		value, end = s.clock(year, month, day, end)
		return value, i, end
	}
	if n > 2 {
		return "", 0, 0
	}
	// 5 Mar 2019, 5-го марта, 5 марта 2019 г., March 5, 2019
	day := a
	if w := wordAt(t, k); w > k { // 5th
		switch string(s.low[k:w]) {
		case "st", "nd", "rd", "th":
			k = w
		default:
			return "", 0, 0
		}
	}
	if m := skipMarks(t, k); m > k || m < len(t) && t[m] == '-' {
		if w := wordAt(t, m); w > m && w-m <= 24 {
			if month := s.lex.months[string(s.low[m:w])]; month > 0 && utf8.RuneCountInString(t[m:w]) >= 3 {
				y := skipMarks(t, w)
				if digitsAt(t, y) == 4 {
					year, _ := strconv.Atoi(t[y : y+4])
					value, end = s.clock(year, month, day, y+4)
					return value, i, end
				}
				return "", 0, 0
			}
		}
	}
	b := i
	for b > 0 && (t[b-1] == ' ' || t[b-1] == '.') && i-b < 2 {
		b--
	}
	w := b
	for w > 0 && b-w < 24 {
		r, size := utf8.DecodeLastRuneInString(t[:w])
		if !unicode.IsLetter(r) {
			break
		}
		w -= size
	}
	if b < i && w < b {
		if month := s.lex.months[string(s.low[w:b])]; month > 0 && utf8.RuneCountInString(t[w:b]) >= 3 {
			y := k
			for y < len(t) && y-k < 2 && (t[y] == ',' || t[y] == ' ') {
				y++
			}
			if y > k && digitsAt(t, y) == 4 {
				year, _ := strconv.Atoi(t[y : y+4])
				value, end = s.clock(year, month, day, y+4)
				return value, w, end
			}
		}
	}
	return "", 0, 0
}

// skipMarks skips a blank, a dot or a dash between the parts of a date.
func skipMarks(t string, i int) int {
	for n := 0; i < len(t) && n < 2 && strings.IndexByte(" .-,", t[i]) >= 0; n++ {
		i++
	}
	return i
}

// clock adds the time of day that may follow a date ending at end.
func (s *scan) clock(year, month, day, end int) (value string, stop int) {
	if year < 1990 || year > 2099 || month < 1 || month > 12 || day < 1 || day > 31 {
		return "", 0
	}
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if d.Day() != day {
		return "", 0
	}
	t := s.s
	k := end
	for k < len(t) && k-end < 3 && (t[k] == ' ' || t[k] == ',' || t[k] == 'T') {
		k++
	}
	var part [3]int
	at, n := k, 0
	for ; n < 3 && digitsAt(t, at) == 2; n++ {
		part[n], _ = strconv.Atoi(t[at : at+2])
		at += 2
		if n < 2 {
			if at >= len(t) || t[at] != ':' {
				n++
				break
			}
			at++
		}
	}
	if k == end || n < 2 || part[0] > 23 || part[1] > 59 || part[2] > 59 {
		return d.Format(time.DateOnly), end
	}
	if t[at-1] == ':' {
		at--
	}
	if at < len(t) && t[at] == 'Z' {
		at++
	}
	return time.Date(year, time.Month(month), day, part[0], part[1], part[2], 0, time.UTC).Format(time.RFC3339), at
}

// ageAt reads a number with a unit of time and a word that says "ago".
func (s *scan) ageAt(x number) (value string, end int) {
	t := s.s
	if len(x.exact) > 4 || strings.Contains(x.exact, ".") || x.fraction {
		return "", 0
	}
	k := skipSpace(t, x.end)
	w := wordAt(t, k)
	if w == k || w-k > 32 {
		return "", 0
	}
	unit, ok := s.lex.ages[string(s.low[k:w])]
	if !ok {
		return "", 0
	}
	a := skipSpace(t, w)
	if a < len(t) && t[a] == '.' {
		a = skipSpace(t, a+1)
	}
	stop := wordAt(t, a)
	if stop == a || stop-a > 16 || !s.lex.ago[string(s.low[a:stop])] {
		return "", 0
	}
	if unit[0] == 'T' {
		return "-PT" + x.exact + unit[1:], stop
	}
	return "-P" + x.exact + unit, stop
}
