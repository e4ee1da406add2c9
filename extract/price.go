package extract

import (
	"strings"
	"unicode/utf8"

	"tamga"
)

// signBefore is the currency symbol that ends at i, after blanks.
func (s *scan) signBefore(i int) (c currency, start int, ok bool) {
	for i > 0 && s.s[i-1] == ' ' {
		i--
	}
	if i == 0 || s.s[i-1] != '$' && s.s[i-1] < utf8.RuneSelf { // every symbol ends like that
		return c, 0, false
	}
	for _, g := range s.lex.signs {
		if strings.HasSuffix(s.s[:i], g.text) {
			return g.currency, i - len(g.text), true
		}
	}
	return c, 0, false
}

// signAfter is the currency symbol or name that starts at i, after blanks.
func (s *scan) signAfter(i int) (c currency, end int, ok bool) {
	i = skipSpace(s.s, i)
	if i >= len(s.s) {
		return c, 0, false
	}
	if b := s.s[i]; b == '$' || b >= utf8.RuneSelf || b >= 'A' && b <= 'Z' || b == 'z' { // every symbol starts like that
		for _, g := range s.lex.signs {
			if strings.HasPrefix(s.s[i:], g.text) {
				return g.currency, i + len(g.text), true
			}
		}
	}
	stop := wordAt(s.s, i)
	if stop == i || stop-i > 32 {
		return c, 0, false
	}
	// soʻm and its apostrophes
	for _, mark := range []string{"'", "’", "ʻ", "‘", "`", "ʼ"} {
		if strings.HasPrefix(s.s[stop:], mark) {
			long := wordAt(s.s, stop+len(mark))
			if c, ok = s.lex.money[string(s.low[i:long])]; ok {
				return c, long, true
			}
		}
	}
	c, ok = s.lex.money[string(s.low[i:stop])]
	if ok && stop < len(s.s) && s.s[stop] == '.' {
		if w := string(s.low[i:stop]); w == "р" || w == "руб" || w == "тг" {
			stop++
		}
	}
	return c, stop, ok
}

// codeBefore is the currency code that ends at i, after blanks and a colon.
func (s *scan) codeBefore(i int) (c currency, start int, ok bool) {
	k := i
	for k > 0 && (s.s[k-1] == ' ' || s.s[k-1] == ':' || s.s[k-1] == '=') && i-k < 3 {
		k--
	}
	end := k
	for k > 0 && isLetter(s.s[k-1]) && end-k < 5 {
		k--
	}
	if end-k < 3 || letterBefore(s.s, k) || s.s[k:end] != strings.ToUpper(s.s[k:end]) {
		return c, 0, false
	}
	c, ok = s.lex.money[string(s.low[k:end])]
	return c, k, ok
}

// price reads a number with a currency; it returns its end, 0 where it is none.
func (s *scan) price(x number) int {
	// Groups parted by blanks belong together only where a currency follows.
	if x.fraction || s.s[x.start] == '.' {
		return s.priced(x)
	}
	if n := separator(s.s, x.end, true); n > 0 && digitsAt(s.s, x.end+n) >= 3 {
		if wide := numberAt(s.s, x.start, true); wide.end > x.end {
			if end := s.priced(wide); end > 0 {
				return end
			}
		}
	}
	return s.priced(x)
}

func (s *scan) priced(x number) int {
	end, factor := x.end, ""
	if k := skipSpace(s.s, end); k < len(s.s) && k-end <= 2 {
		if n := wordAt(s.s, k); n > k {
			switch string(s.low[k:n]) {
			case "k", "к", "тыс":
				factor, end = "1000", n
			}
		}
	}
	start := x.start
	c, from, before := s.signBefore(start)
	after := false
	if before {
		start = from
		if d, stop, ok := s.signAfter(end); ok && d.code != c.code && stop-end <= 4 && d.code != "USD" {
			_ = d // $5 CAD: the symbol speaks of the kind, the code of the country
			if c.code == "USD" && strings.HasSuffix(d.code, "D") {
				c, end = d, stop
			}
		} else if ok && d.code == c.code {
			end = stop
		}
	} else if d, from, ok := s.codeBefore(start); ok && s.signFollowed(end) { // USD 12.40 ฿ 0.0012
		c, start, before = d, from, true
	} else if c, from, after = s.signAfter(end); after {
		end = from
	} else if c, from, before = s.codeBefore(start); before {
		start = from
	} else {
		return 0
	}
	amount := x.money
	if c.crypto {
		amount = x.exact
	}
	if c.code == "BTC" && strings.Contains(s.s[start:end], "฿") && rat(amount).Cmp(rat("50")) > 0 {
		c = s.lex.money["thb"] // the sign is the baht's own
		amount = x.money
	}
	if factor != "" {
		amount = times(amount, factor)
	}
	f := tamga.Finding{
		Type: tamga.FindPrice, Rule: "price@1", Confidence: 0.95, Valid: true,
		Amount: amount, Currency: c.code, Value: amount + " " + c.code,
	}
	f.Per = s.per(end)
	s.add(f, start, end)
	return end
}

// signFollowed says whether a currency symbol that stands after i belongs to a
// number of its own.
func (s *scan) signFollowed(i int) bool {
	_, end, ok := s.signAfter(i)
	if !ok {
		return false
	}
	k := skipSpace(s.s, end)
	return k < len(s.s) && isDigit(s.s[k]) && !isLetter(s.s[end-1])
}

// per is the unit that a price ending at i is asked for: /g, per gram, за 1 г.
func (s *scan) per(i int) string {
	i = skipSpace(s.s, i)
	rest := s.low[i:min(len(s.low), i+24)]
	switch w := s.low[i:wordAt(s.s, i)]; string(w) {
	case "each", "ea", "apiece", "штука", "шт":
		return "piece"
	}
	for _, word := range []string{"/", "per ", "за ", "a ", "each ", "p/"} {
		if !strings.HasPrefix(string(rest), word) {
			continue
		}
		k := skipSpace(s.s, i+len(word))
		if strings.HasPrefix(s.s[k:], "1") {
			k = skipSpace(s.s, k+1)
		}
		if u, _, ok := s.unitAt(k); ok {
			return u.name
		}
	}
	return ""
}
