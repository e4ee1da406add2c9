package extract

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A number as it stands in a text, in both readings of a dot or comma before
// three digits.
type number struct {
	start, end int
	exact      string // a separator before three digits is a decimal point where it is a dot
	money      string // … and never one: 1.250 is 1250
	fraction   bool   // 1/2, ½
}

var fractions = map[string]string{"½": "0.5", "¼": "0.25", "¾": "0.75", "⅛": "0.125", "⅓": "0.333"}

// separator is the length of a group separator at i; spaces says whether blanks
// count.
func separator(s string, i int, spaces bool) int {
	switch {
	case i >= len(s):
	case s[i] == ',' || s[i] == '.' || s[i] == '\'':
		return 1
	case spaces && s[i] == ' ':
		return 1
	case spaces && strings.HasPrefix(s[i:], "\u00a0"):
		return 2
	case spaces && strings.HasPrefix(s[i:], "\u202f"):
		return 3
	}
	return 0
}

func digitsAt(s string, i int) int {
	n := 0
	for i+n < len(s) && isDigit(s[i+n]) {
		n++
	}
	return n
}

// numberAt reads the number that starts at the digit s[i]; with spaces, groups
// may be parted by blanks (100 000).
func numberAt(s string, i int, spaces bool) number {
	n := digitsAt(s, i)
	x := number{start: i, end: i + n}
	whole := s[i : i+n]
	if n > 18 {
		x.exact, x.money = whole, whole
		return x
	}
	groups, last := 0, byte(0)
	head := n
	for head <= 3 && whole[0] != '0' {
		sep := separator(s, x.end, spaces)
		if sep == 0 || digitsAt(s, x.end+sep) != 3 || groups > 0 && s[x.end] != last && !(s[x.end] != ' ' && last != ' ') || groups > 4 {
			break
		}
		if groups > 0 && s[x.end] != last {
			break
		}
		last = s[x.end]
		whole += s[x.end+sep : x.end+sep+3]
		x.end += sep + 3
		groups++
	}
	frac := ""
	if x.end+1 < len(s) && (s[x.end] == '.' || s[x.end] == ',') && s[x.end] != last {
		if k := digitsAt(s, x.end+1); k > 0 && k <= 18 {
			frac = s[x.end+1 : x.end+1+k]
			x.end += 1 + k
		}
	}
	x.money = join(whole, frac)
	x.exact = x.money
	if groups == 1 && frac == "" && last == '.' {
		x.exact = join(whole[:len(whole)-3], whole[len(whole)-3:])
	}
	if frac == "" && groups == 0 && n <= 3 {
		x.fractionAt(s)
	}
	return x
}

// fractionAt extends a small whole number by the fraction it is part of: 1/2,
// 1½, 1 1/2.
func (x *number) fractionAt(s string) {
	if x.end < len(s) && s[x.end] >= utf8.RuneSelf {
		for sign, value := range fractions {
			if strings.HasPrefix(s[x.end:], sign) {
				x.set(plus(x.exact, value), x.end+len(sign))
				return
			}
		}
	}
	top, at := x.exact, x.end
	base := "0"
	if at+3 < len(s) && s[at] == ' ' && isDigit(s[at+1]) && s[at+2] == '/' {
		base, top, at = x.exact, s[at+1:at+2], at+2
	}
	if at+1 < len(s) && s[at] == '/' && isDigit(s[at+1]) {
		k := digitsAt(s, at+1)
		under := s[at+1 : at+1+k]
		if (under == "2" || under == "3" || under == "4" || under == "8" || under == "16") && len(top) == 1 && top < under || under == "16" && top == "1" {
			q, ok := new(big.Rat).SetString(top + "/" + under)
			if ok && q.Cmp(big.NewRat(1, 1)) < 0 {
				x.set(plus(base, ratString(q)), at+1+k)
			}
		}
	}
}

func (x *number) set(value string, end int) {
	x.exact, x.money, x.end, x.fraction = value, value, end, true
}

func join(whole, frac string) string {
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

// decimal is the number that s holds, as a decimal string; a dot or comma
// before exactly three digits at the end of a number parts groups, unless the
// number starts with 0.
func decimal(s string) string {
	if s == "" {
		return ""
	}
	return numberAt(s, 0, true).money
}

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return new(big.Rat)
	}
	return r
}

func plus(a, b string) string { return ratString(new(big.Rat).Add(rat(a), rat(b))) }
func times(a, b string) string {
	switch {
	case b == "1":
		return a
	case a == "1":
		return plain(b)
	}
	x, i, okA := mantissa(a)
	y, j, okB := mantissa(b)
	if okA && okB && i+j <= 9 && len(a)+len(b) <= 18 {
		return scaled(x*y, i+j)
	}
	return ratString(new(big.Rat).Mul(rat(a), rat(b)))
}

// mantissa reads a short decimal string as m / 10^scale.
func mantissa(s string) (m int64, scale int, ok bool) {
	if s == "" || len(s) > 18 {
		return 0, 0, false
	}
	point := false
	for i := range len(s) {
		switch {
		case isDigit(s[i]):
			m = m*10 + int64(s[i]-'0')
			if point {
				scale++
			}
		case s[i] == '.' && !point:
			point = true
		default:
			return 0, 0, false
		}
	}
	return m, scale, true
}

// scaled writes m / 10^scale without zeros at the end.
func scaled(m int64, scale int) string {
	for scale > 0 && m%10 == 0 {
		m, scale = m/10, scale-1
	}
	s := strconv.FormatInt(m, 10)
	if scale == 0 {
		return s
	}
	if len(s) <= scale {
		s = "0000000000"[:scale-len(s)+1] + s
	}
	return s[:len(s)-scale] + "." + s[len(s)-scale:]
}

// percents says whether s is a number from 1 to 100.
func percents(s string) bool {
	m, scale, ok := mantissa(s)
	if !ok || scale > 15 {
		return false
	}
	one := int64(1)
	for range scale {
		one *= 10
	}
	return one <= m && m <= 100*one
}

// ratString is r with at most nine decimals and no zeros at the end.
func ratString(r *big.Rat) string {
	s := r.FloatString(9)
	s = strings.TrimRight(s, "0")
	return strings.TrimSuffix(s, ".")
}

// plain drops the zeros at the end of a decimal string.
func plain(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}
