package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"tamga"
)

// A dialled is a run of digits as a phone number is written.
type dialled struct {
	plus       bool
	start, end int
	digits     string
	ends       []int // of the groups, in the text
	counts     []int // digits up to each
}

const (
	minPhone = 8  // digits with the country code, the shortest of the regions read
	maxPhone = 15 // ITU-T E.164
)

// dial reads digits from i: an optional plus, groups parted by up to two blanks,
// dashes, dots or brackets.
func dial(t string, i int) dialled {
	d := dialled{start: i}
	k := i
	if k < len(t) && t[k] == '+' {
		d.plus = true
		k = skipSpace(t, k+1)
	}
	var b [maxPhone + 1]byte
	n := 0
	for k < len(t) {
		if isDigit(t[k]) {
			for k < len(t) && isDigit(t[k]) {
				if n > maxPhone {
					return d
				}
				b[min(n, maxPhone)] = t[k]
				n++
				k++
			}
			if n > maxPhone {
				return d
			}
			d.ends, d.counts = append(d.ends, k), append(d.counts, n)
			d.end, d.digits = k, string(b[:n])
		}
		gap := k
		for gap < len(t) && gap-k < 4 {
			if strings.IndexByte(" -.()/", t[gap]) >= 0 {
				gap++
				continue
			}
			r, size := utf8.DecodeRuneInString(t[gap:])
			if r != 0xA0 && r != '‑' && r != '–' && r != '−' && !invisible(r) {
				break
			}
			gap += size
		}
		if gap == k && n > 0 || gap == len(t) || !isDigit(t[gap]) {
			break
		}
		k = gap
	}
	return d
}

// valid checks a number in international form with the library; it returns it
// as E.164 with its country.
func validPhone(international string) (e164, country string, ok bool) {
	n, err := phonenumbers.Parse(international, "")
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", "", false
	}
	country = phonenumbers.GetRegionCodeForNumber(n)
	if country == "001" {
		country = ""
	}
	return phonenumbers.Format(n, phonenumbers.E164), country, true
}

// phoneAt reads the number that starts at i. Without a plus, regions say what a
// national form may mean. The longest run of groups that is a number wins: a
// price may follow.
func (s *scan) phoneAt(i int, regions []string) (f tamga.Finding, end int) {
	d := dial(s.s, i)
	tries := 0
	for k := len(d.counts) - 1; k >= 0 && d.counts[k] >= minPhone-1 && tries < 4; k-- {
		digits, stop := d.digits[:d.counts[k]], d.ends[k]
		if stop < len(s.s) && (isName(s.s[stop]) || strings.IndexByte("$€£%", s.s[stop]) >= 0) || strings.Count(s.s[i:stop], "(") != strings.Count(s.s[i:stop], ")") {
			continue
		}
		if k == len(d.counts)-1 && stop+1 < len(s.s) && strings.IndexByte(".,:-/", s.s[stop]) >= 0 && isDigit(s.s[stop+1]) {
			continue
		}
		tries++
		if strings.Count(digits, digits[:1]) == len(digits) {
			continue
		}
		forms := []string{"+" + digits}
		if !d.plus {
			if dateLike(s.s[i:stop]) {
				continue
			}
			forms = international(digits, s.s[i:stop], regions)
		}
		for _, form := range forms {
			if e164, country, ok := validPhone(form); ok {
				return tamga.Finding{Type: tamga.FindPhone, Value: e164, Rule: "phone@1", Confidence: 0.95, Valid: true, Country: country}, stop
			}
		}
	}
	return f, 0
}

// dateLike says whether digits stand as those of a date: 2024-04-06, 06.04.2024.
func dateLike(text string) bool {
	var groups []int
	n := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isDigit(text[i]) {
			n++
		} else if n > 0 {
			groups = append(groups, n)
			n = 0
		}
	}
	if len(groups) < 3 {
		return false
	}
	year := func(i int) bool { return text[i:i+2] == "19" || text[i:i+2] == "20" }
	return groups[0] == 4 && groups[1] == 2 && groups[2] == 2 && year(0) || groups[0] == 2 && groups[1] == 2 && groups[2] == 4 && len(text) >= 10 && year(6)
}

// plus reads a number behind a plus sign.
func (s *scan) plus(i int) {
	if i > 0 && (isName(s.s[i-1]) || s.s[i-1] == '+' || s.s[i-1] == ')' || s.s[i-1] == '=' && i > 1 && s.s[i-2] == '=') {
		return
	}
	if f, end := s.phoneAt(i, nil); end > 0 {
		s.add(f, i, end)
	}
}

// phoneForm reads a number behind a cue: as a phone, and where the cue is a
// messenger or a payment service, as a handle or an account too.
func (s *scan) phoneForm(w *contactWord, g gap) int {
	i := g.at
	t := s.s
	if g.strength < 0 || i > g.from && w.form != "phone" && g.lines > 0 && g.strength < 2 {
		return 0
	}
	if i > g.from && i < len(t) && isDigit(t[i]) && t[i-1] == '(' { // (701) 234-56-78
		i--
	} else if strings.HasPrefix(t[i:], "%2B") || strings.HasPrefix(t[i:], "%2b") {
		i += 3
	}
	k := i
	if k < len(t) && t[k] == '(' {
		k++
	}
	if k == len(t) || t[k] != '+' && !isDigit(t[k]) || k > 0 && isDigit(t[k-1]) {
		return 0
	}
	var regions []string
	if t[k] != '+' {
		regions = s.regionsAt(k)
		if w.link && w.form == "phone" && w.typ != tamga.FindPhone || w.form == "tgphone" {
			regions = []string{worldwide}
		}
	}
	f, end := s.phoneAt(k, regions)
	if end == 0 && k > i {
		f, end = s.phoneAt(i, regions)
		k = i
	}
	if end == 0 {
		return 0
	}
	if t[k] != '+' {
		f.Confidence = 0.85
		s.add(f, k, end)
	}
	if w.typ != tamga.FindPhone {
		s.reached(w, f, k, end)
	}
	return end
}

// reached reports that a number is how a service is reached.
func (s *scan) reached(w *contactWord, f tamga.Finding, start, end int) {
	kind := w.kind
	if kind == "" || w.form == "tgphone" {
		kind = "phone"
	}
	f.Type, f.Service, f.Kind, f.Rule = w.typ, w.service, kind, w.service+"-phone@1"
	f.Confidence = 0.9
	s.add(f, start, end)
}

func (s *scan) payForm(w *contactWord, g gap) int { return s.phoneForm(w, g) }

// decidePhone reports a number that is written as only a Russian or Kazakh one
// is, 8 (701) 234-56-78, without a cue.
func (s *scan) decidePhone(c waiting) {
	if f, end := s.phoneAt(c.start, s.regionsAt(c.start)); end > 0 {
		f.Confidence = 0.8
		s.add(f, c.start, end)
	}
}

// bracketed keeps an eight before a code in brackets.
func (s *scan) bracketed(start, end int) {
	t := s.s
	k := skipSpace(t, end)
	if k < len(t) && t[k] == '-' {
		k++
	}
	if k+5 < len(t) && t[k] == '(' && digitsAt(t, k+1) == 3 && t[k+4] == ')' && (start == 0 || !isName(t[start-1]) && t[start-1] != '+' && t[start-1] != '.' && t[start-1] != ',') && (start < 2 || t[start-1] != ' ' || !isDigit(t[start-2])) {
		s.cands = append(s.cands, waiting{start, end, "phone"})
	}
}

// trailing reads the services that stand behind a number: +7 701 234 56 78
// (WhatsApp, Telegram).
func (s *scan) trailing(f tamga.Finding) {
	at := f.End
	for range 4 {
		for at < len(s.s) && at-f.End < 60 && strings.IndexByte(" (/,&+-|", s.s[at]) >= 0 {
			at++
		}
		if strings.HasPrefix(s.s[at:], "и ") {
			at += len("и ")
		}
		hits := s.cuesAt(at)
		if len(hits) == 0 {
			return
		}
		h := hits[0]
		w := h.contact
		g := s.gap(h.end)
		if w.link || g.at < len(s.s) && (g.mention || s.s[g.at] == '+' || isDigit(s.s[g.at]) && g.lines == 0) || g.strength == 2 && g.lines == 0 && !s.ends(g.at) {
			return
		}
		switch w.form {
		case "phone", "pay", "signal", "telegram":
			if w.typ != tamga.FindPhone {
				s.reached(w, f, f.Start, f.End)
			}
		}
		at = h.end
	}
}
