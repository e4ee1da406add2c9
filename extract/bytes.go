package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Classes of bytes for the anchor pass.
const (
	plainByte  = 0
	anchorByte = 1 // @ : + ( [ {
	letterByte = 2 // and digitByte: parts of a run
	digitByte  = 4
)

var byteClass = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case isDigit(byte(c)):
			t[c] = digitByte
		case isLetter(byte(c)):
			t[c] = letterByte
		}
	}
	for _, c := range "@:+([{" {
		t[c] = anchorByte
	}
	return t
}()

// Lengths of the runs of letters and digits that may be an identifier.
const (
	minRun    = 25 // the shortest address of the XRP Ledger
	maxRun    = 128
	minSegwit = 14 // the shortest witness program, of two bytes
)

// segwit says whether a run has the prefix of a segwit address.
func segwit(run string) bool {
	switch run[:3] {
	case "bc1", "tb1", "BC1", "TB1":
		return true
	case "ltc", "LTC":
		return run[3] == '1'
	}
	return false
}

// bytes is the anchor pass: it finds the numbers and the long runs of letters
// and digits, and the anchors of contacts; validators run only there.
func (s *scan) bytes() {
	t := s.s
	next := 0 // numbers start at or after this
	m := 0
	words := 0 // of letters alone
	for i := 0; i < len(t); {
		for m < len(s.masked) && s.masked[m][1] <= i {
			m++
		}
		if m < len(s.masked) && i >= s.masked[m][0] {
			i = s.masked[m][1]
			continue
		}
		switch byteClass[t[i]] {
		case letterByte, digitByte:
			end, kinds := i, uint8(0)
			for end < len(t) {
				c := byteClass[t[end]]
				if c < letterByte {
					break
				}
				kinds |= c
				end++
			}
			if i+1 < len(t) && (t[i+1] == 'Q' || t[i+1] == 'f') && strings.IndexByte("EUk0", t[i]) >= 0 {
				if stop := s.ton(i); stop > 0 {
					i, next = stop, stop
					continue
				}
			}
			if kinds == letterByte && end-i < minRun { // a word
				if words++; words%seedStep == 0 {
					end = max(end, s.seed(i, end))
				}
				i = end
				continue
			}
			if stop := s.token(i, end, kinds == digitByte); stop > 0 {
				i, next = stop, stop
				continue
			}
			if end-i >= minRun || end-i >= minSegwit && segwit(t[i:end]) {
				if s.run(i, end) {
					i, next = end, end
					continue
				}
			}
			for k := i; k < end; k++ {
				if !isDigit(t[k]) || k < next {
					continue
				}
				if k > 1 && t[k-1] == '.' && s.abbreviated(k-1) { // v.5
					continue
				}
				if k > 0 && (isDigit(t[k-1]) || k > 1 && (t[k-1] == '.' || t[k-1] == ',') && isDigit(t[k-2])) {
					continue
				}
				x := numberAt(t, k, false)
				if k > 0 && t[k-1] == '.' && !letterBefore(t, k-1) && !strings.Contains(x.exact, ".") { // .5 g
					x = number{k - 1, k + digitsAt(t, k), join("0", t[k:k+digitsAt(t, k)]), join("0", t[k:k+digitsAt(t, k)]), false}
				}
				s.nums = append(s.nums, x)
				next = x.end
			}
			i = end
		case anchorByte:
			if t[i] != ':' {
				s.sign(i)
			} else if i+2 < len(t) && t[i+1] == '/' && t[i+2] == '/' {
				s.link(i)
			}
			i++
		default:
			if t[i] == 0xC2 && i+1 < len(t) && (t[i+1] == 0xBD || t[i+1] == 0xBC || t[i+1] == 0xBE) && i >= next {
				sign := t[i : i+2]
				s.nums = append(s.nums, number{i, i + 2, fractions[sign], fractions[sign], true})
				next = i + 2
			}
			i++
		}
	}
	s.masked = append(s.masked, s.runs...)
	sortRanges(s.masked)
}

// abbreviated says whether one or two letters end at i, such as stand before a
// dot and a number: v.5, No.4.
func (s *scan) abbreviated(i int) bool {
	n := 0
	for i > 0 && n < 3 {
		r, size := utf8.DecodeLastRuneInString(s.s[:i])
		if !unicode.IsLetter(r) {
			break
		}
		i -= size
		n++
	}
	return n == 1 || n == 2
}

// run offers a long run to the validators; true where it is an identifier or
// nothing to read further.
func (s *scan) run(start, end int) bool {
	if end-start > maxRun {
		if longCoin(s.s[start:end]) && s.wallet(start, end) {
			return true
		}
		s.runs = append(s.runs, [2]int{start, end})
		return true
	}
	if letterAfter(s.s, end) && s.s[end] >= utf8.RuneSelf || letterBefore(s.s, start) {
		return false
	}
	word := s.s[start:end]
	if s.hidden32(start, end) || s.hexID(start, end) {
		return true
	}
	if s.fingerprint(start, end) || s.wallet(start, end) {
		return true
	}
	return len(word) >= 40
}
