package extract

import (
	"fmt"
	"strings"
	"sync"

	"tamga"
)

const kindIBAN = "iban"

// ibanShapes is the account part of an IBAN by country (ISO 13616, the SWIFT
// registry): its signs, n for a digit, a for a capital, c for either.
var ibanShapes = sync.OnceValues(func() (map[string]string, error) {
	rows, err := table("iban.tsv", 2)
	if err != nil {
		return nil, err
	}
	m := map[string]string{}
	for _, r := range rows {
		var b strings.Builder
		n := 0
		for _, c := range r[1] {
			if c >= '0' && c <= '9' {
				n = n*10 + int(c-'0')
				continue
			}
			b.WriteString(strings.Repeat(string(c), n))
			n = 0
		}
		if len(r[0]) != 2 || b.Len() < 11 || b.Len() > 30 {
			return nil, fmt.Errorf("lexicon iban.tsv: %s %s", r[0], r[1])
		}
		m[r[0]] = b.String()
	}
	return m, nil
})

// iban reads an IBAN that starts at i: country, two check digits, and the
// account, in one run or in groups parted by a blank or a dash. It returns the
// end, 0 where there is none.
func (s *scan) iban(i int) int {
	shapes, err := ibanShapes()
	if err != nil {
		return 0
	}
	shape := shapes[strings.ToUpper(s.s[i:i+2])]
	if shape == "" {
		return 0
	}
	var b [34]byte
	n, gaps, small := 0, 0, 0
	want := len(shape) + 4
	k := i
	for k < len(s.s) && n < want {
		c := s.s[k]
		switch {
		case isDigit(c) || isLetter(c):
			if c >= 'a' {
				small++
				c -= 'a' - 'A'
			}
			if n >= 4 && !fits(shape[n-4], c) {
				return 0
			}
			b[n] = c
			n++
			k++
		case c == ' ' || c == '-':
			gaps++
			k++
		case strings.HasPrefix(s.s[k:], "\u00A0"):
			gaps++
			k += 2
		default:
			return 0
		}
		if gaps > want/2 || gaps > 0 && k > i && !isAlnum(s.s[k-1]) && k < len(s.s) && !isAlnum(s.s[k]) {
			return 0
		}
	}
	if n < want || small > 0 && gaps > 0 || k < len(s.s) && (isName(s.s[k]) || s.s[k] == '-' && k+1 < len(s.s) && isDigit(s.s[k+1])) || !mod97(b[:n]) {
		return 0
	}
	s.add(tamga.Finding{Type: tamga.FindAccount, Value: string(b[:n]), Rule: "iban@1", Confidence: 0.97, Valid: true, Service: "iban", Kind: kindIBAN, Country: string(b[:2])}, i, k)
	return k
}

func fits(shape, c byte) bool {
	switch shape {
	case 'n':
		return isDigit(c)
	case 'a':
		return !isDigit(c)
	}
	return true
}

// mod97 is the check of ISO 7064: the country and check digits moved behind the
// account, letters as 10 to 35, leave 1.
func mod97(b []byte) bool {
	r := 0
	for i := range b {
		c := b[(i+4)%len(b)]
		if isDigit(c) {
			r = (r*10 + int(c-'0')) % 97
		} else {
			r = (r*100 + int(c-'A') + 10) % 97
		}
	}
	return r == 1
}
