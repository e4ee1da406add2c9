package extract

import (
	"strings"

	"tamga"
)

// decideWebMoney reports a purse, a letter of its currency and twelve digits, in
// the company of the system's name.
func (s *scan) decideWebMoney(c waiting) {
	word := strings.ToUpper(s.s[c.start:c.end])
	if strings.IndexByte("ZREKXBGHLUTWCD", word[0]) < 0 || strings.Count(word[1:], word[1:2]) == 12 {
		return
	}
	if s.cue(c.start, c.end, 80, 24, func(w *contactWord) bool { return w.service == "webmoney" }) == nil {
		return
	}
	s.account("webmoney", "purse", word, "webmoney-purse@1", 0.95, c.start, c.end)
}

// lettered reads a letter of set and lo to hi digits behind a cue.
func (s *scan) lettered(w *contactWord, g gap, letters string, lo, hi int) int {
	t := s.s
	i := g.at
	if g.strength < 0 || i >= len(t) || strings.IndexByte(letters, t[i]&^0x20) < 0 {
		return 0
	}
	k := i + 1
	if k < len(t) && (t[k] == ' ' || t[k] == '-') {
		k++
	}
	n := digitsAt(t, k)
	end := k + n
	if n < lo || n > hi || end < len(t) && isName(t[end]) || i > 0 && isName(t[i-1]) {
		return 0
	}
	return s.account(w.service, w.kind, strings.ToUpper(t[i:i+1])+t[k:end], w.service+"-account@1", 0.93, i, end)
}

func (s *scan) payeerForm(w *contactWord, g gap) int { return s.lettered(w, g, "P", 7, 10) }

func (s *scan) perfectForm(w *contactWord, g gap) int { return s.lettered(w, g, "UEGB", 6, 9) }

func (s *scan) advcashForm(w *contactWord, g gap) int { return s.lettered(w, g, "URETGHK", 12, 12) }

// exmoForm reads a code of an exchange: EX-CODE_…
func (s *scan) exmoForm(w *contactWord, g gap) int {
	end := g.at
	for end < len(s.s) && end-g.at < 80 && (isName(s.s[end]) || s.s[end] == '-') {
		end++
	}
	if end-g.at < 20 || !strings.HasPrefix(strings.ToUpper(s.s[g.at:end]), "EX-CODE_") {
		return 0
	}
	return s.report(w, s.s[g.at:end], 0.9, g.at, end)
}

// yoomoneyForm reads the purse of a link.
func (s *scan) yoomoneyForm(w *contactWord, g gap) int {
	n := digitsAt(s.s, g.at)
	if n < 11 || n > 20 || !strings.HasPrefix(s.s[g.at:], "4100") {
		return 0
	}
	return s.report(w, s.s[g.at:g.at+n], 0.97, g.at, g.at+n)
}

// mailAccountForm reads an address of mail as the account of a service: the
// address stays one of mail too.
func (s *scan) mailAccountForm(w *contactWord, g gap) int {
	if g.strength < 0 {
		return 0
	}
	k := g.at
	for k < len(s.s) && k-g.at <= 64 && (isName(s.s[k]) || strings.IndexByte(".-+", s.s[k]) >= 0) {
		k++
	}
	if k == len(s.s) || s.s[k] != '@' {
		return 0
	}
	start, end := mailAt(s.s, k)
	if end == 0 || start < g.at {
		return 0
	}
	return s.report(w, string(s.low[start:end]), 0.9, start, end)
}

func (s *scan) mailOrPhoneForm(w *contactWord, g gap) int {
	if end := s.mailAccountForm(w, g); end > 0 {
		return end
	}
	return s.phoneForm(w, g)
}

// cashtagForm reads the name of a Cash App account: a dollar sign, a letter, up
// to twenty signs (Cash App, $cashtag).
func (s *scan) cashtagForm(w *contactWord, g gap) int {
	t := s.s
	i := g.at
	if g.strength < 0 {
		return 0
	}
	if i < len(t) && t[i] == '$' {
		i++
	} else if i > 0 && t[i-1] == '$' {
	} else {
		name, end, confidence := s.called(g, 3, 20)
		if end == 0 || w.link || g.strength < 2 {
			return 0
		}
		return s.report(w, "$"+name, confidence, g.at, end)
	}
	end := i
	letters := 0
	for end < len(t) && (isName(t[end]) || t[end] == '-') {
		if isLetter(t[end]) {
			letters++
		}
		end++
	}
	if end-i < 2 || end-i > 20 || letters == 0 || isDigit(t[i]) {
		return 0
	}
	return s.report(w, "$"+t[i:end], 0.95, i-1, end)
}

// venmoForm reads a name of Venmo.
func (s *scan) venmoForm(w *contactWord, g gap) int {
	if end := s.nameForm(w, g); end > 0 {
		return end
	}
	return s.phoneForm(w, g)
}

// revolutForm reads a Revtag or the number of the account.
func (s *scan) revolutForm(w *contactWord, g gap) int {
	if g.mention {
		return s.nameForm(w, g)
	}
	return s.phoneForm(w, g)
}

// codeForm reads the code of a gift card or voucher behind its cue and a sign:
// capitals and digits, in one run of 10 to 20 or in groups parted by dashes.
func (s *scan) codeForm(w *contactWord, g gap) int {
	t := s.s
	end, digits, letters, groups, n := g.at, 0, 0, 1, 0
	for end < len(t) && end-g.at < 40 {
		c := t[end]
		switch {
		case isDigit(c):
			digits++
			n++
		case c >= 'A' && c <= 'Z':
			letters++
			n++
		case c == '-' && end+1 < len(t) && isAlnum(t[end+1]) && n > 0:
			groups++
			n = 0
		default:
			goto read
		}
		end++
	}
read:
	if end < len(t) && (isName(t[end]) || t[end] == '.' && end+1 < len(t) && isAlnum(t[end+1])) || g.strength < 1 || g.lines > 0 && g.strength < 2 {
		return 0
	}
	all := digits + letters
	if all < 10 || all > 25 || digits < 2 || groups == 1 && (letters < 2 || all > 20) || groups > 5 || groups > 1 && letters == 0 && all != 16 && all != 15 && all != 12 {
		return 0
	}
	if w.service == "neosurf" && all != 10 {
		return 0
	}
	s.add(tamga.Finding{Type: tamga.FindAccount, Value: t[g.at:end], Rule: "voucher@1", Confidence: 0.8, Valid: true, Service: w.service, Kind: w.kind}, g.at, end)
	return end
}
