package extract

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"tamga"
)

// contactState is what the recognisers of contacts and payment accounts keep
// during a scan.
type contactState struct {
	refanged int // text before this has been read without its defanging
	regions  regionHints
}

// waiting is a run of letters and digits that
type waiting struct {
	start, end int
	form       string
}

// A form reads the value behind a cue, at the end of the gap; it returns the end
// of what it reported, 0 for nothing.
type form func(s *scan, w *contactWord, g gap) int

var contactForms map[string]form

func init() { // not in the declaration: forms call what looks them up
	contactForms = map[string]form{
		"name": (*scan).nameForm, "telegram": (*scan).telegramForm, "discord": (*scan).discordForm, "skype": (*scan).skypeForm,
		"user": (*scan).userForm, "hash": (*scan).hashForm, "fragment": (*scan).fragmentForm, "server": (*scan).serverForm, "tgphone": (*scan).phoneForm,
		"digits": (*scan).digitsForm, "icq": (*scan).icqForm, "mail": (*scan).mailForm, "signal": (*scan).signalForm, "threema": (*scan).threemaForm,
		"session": (*scan).sessionForm, "tox": (*scan).toxForm, "matrix": (*scan).matrixForm, "briar": (*scan).briarForm, "ricochet": (*scan).ricochetForm,
		"phone": (*scan).phoneForm, "pay": (*scan).payForm, "card": noForm, "iban": noForm,
		"webmoney": noForm, "payeer": (*scan).payeerForm, "perfect": (*scan).perfectForm, "advcash": (*scan).advcashForm, "exmo": (*scan).exmoForm,
		"mailaccount": (*scan).mailAccountForm, "mailorphone": (*scan).mailOrPhoneForm, "cashtag": (*scan).cashtagForm, "venmo": (*scan).venmoForm,
		"revolut": (*scan).revolutForm, "code": (*scan).codeForm, "yoomoney": (*scan).yoomoneyForm, "spoken": (*scan).spokenForm, "fingerprint": (*scan).fingerprintForm, "hidden": (*scan).hiddenForm,
	}
}

// noForm is of the words that only speak for a shape found without them.
func noForm(*scan, *contactWord, gap) int { return 0 }

// contacts reads what stands behind the names of services, decides about the
// shapes that want such a name near, and leaves one finding of a kind a place.
func (s *scan) contacts() {
	slices.SortFunc(s.cues, func(a, b hit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	last := 0
	s.cues = slices.DeleteFunc(s.cues, func(h hit) bool {
		if h.start < last {
			return true
		}
		last = h.end
		return false
	})
	for _, h := range s.cues {
		w := h.contact
		g := gap{at: h.end, strength: 2, from: h.end}
		if w.link && h.end < len(s.s) && s.s[h.end] == ' ' && s.s[h.end-1] == ':' { // "xmpp: nobody@…" is no link
			plain := *w
			plain.link = false
			w, g = &plain, s.gap(h.end-1)
		} else if !w.link && w.form != "spoken" {
			g = s.gap(h.end)
			if g.strength < 2 && w.everyday || s.joined(h) {
				continue
			}
		}
		if g.at < len(s.s) && !s.hidden(g.at) || w.form == "hidden" {
			contactForms[w.form](s, w, g)
		}
	}
	for _, c := range s.cands {
		s.decide(c)
	}
	for n, i := len(s.out), 0; i < n; i++ {
		if s.out[i].Type == tamga.FindPhone {
			s.trailing(s.out[i])
		}
	}
	s.settle()
}

// joined says whether a cue is part of a name: insta_grams, @telegram.
func (s *scan) joined(h hit) bool {
	if h.end < len(s.s) && s.s[h.end] == '_' && h.end+1 < len(s.s) && isAlnum(s.s[h.end+1]) {
		return true
	}
	if h.start == 0 {
		return false
	}
	c := s.s[h.start-1]
	return c == '_' || c == '@' || (c == '.' || c == '-') && h.start > 1 && isAlnum(s.s[h.start-2])
}

// cuesAt is the cue that starts at i, if one does.
func (s *scan) cuesAt(i int) []hit {
	k, ok := slices.BinarySearchFunc(s.cues, i, func(h hit, v int) int { return cmp.Compare(h.start, v) })
	if !ok {
		return nil
	}
	return s.cues[k : k+1]
}

// A gap is what stands between a cue and a value.
type gap struct {
	from, at int
	strength int  // 0: blanks only; 1: a word such as "is", a dash; 2: a sign or a word that says that a value follows
	mention  bool // an @ stands before the value
	lines    int
}

// maxGap is the longest gap, in bytes.
const maxGap = 64

// Signs of a gap by what they say.
const (
	strongSigns = ":=>@→➡⇒»"
	weakSigns   = "-–—|~•·*_`\"'([«“”‘’{<№#✅☑👉📩✈📱☎📞️"
)

// gap reads the blanks, signs and small words from i: "ID.......", " me @ ".
func (s *scan) gap(i int) gap {
	g := gap{from: i, at: i}
	t := s.s
	words := 0
	for g.at < len(t) && g.at-i < maxGap {
		switch c := t[g.at]; {
		case c == ' ' || c == '\t' || c == '\r':
			g.at++
		case c == '\n':
			if g.lines++; g.lines > 1 {
				g.strength = -1
				return g
			}
			g.at++
		case c == '.' || c == '_' && g.at+1 < len(t) && t[g.at+1] == '_':
			k := g.at
			for k < len(t) && t[k] == c {
				k++
			}
			if k-g.at == 1 {
				if g.at+1 < len(t) && t[g.at+1] != ' ' && g.at == i { // тел.8…
					g.at++
					continue
				}
				return g
			}
			g.strength = 2
			g.at = k
		case c == '@':
			g.mention, g.strength = true, 2
			g.at++
		case c == '+' || isDigit(c) || c == '$':
			return g
		case isLetter(c) || c >= utf8.RuneSelf && letterAfter(t, g.at):
			if g.mention || words > 4 {
				return g
			}
			end := s.gapWord(g.at)
			if end == 0 {
				return g
			}
			word := string(s.low[g.at:end])
			if s.lex.speech.strong[word] {
				g.strength = 2
			} else if word == "is" || word == "me" || word == "это" {
				g.strength = max(g.strength, 1)
			}
			words++
			g.at = end
		default:
			r, n := utf8.DecodeRuneInString(t[g.at:])
			switch {
			case strings.ContainsRune(strongSigns, r):
				g.strength = 2
			case r == '…':
				g.strength = 2
			case r == '(' && g.at == i:
			case strings.ContainsRune(weakSigns, r) && r != utf8.RuneError:
				g.strength = max(g.strength, 1)
			case invisible(r) || r == 0xA0 || r >= 0x2190 && r <= 0x2BFF || r >= 0x1F300 && r <= 0x1FAFF:
			default:
				return g
			}
			g.at += n
		}
	}
	return g
}

// gapWord is the end of the small word at i, 0 where it is none or the start of
// a name: "id_of_nobody".
func (s *scan) gapWord(i int) int {
	end := wordAt(s.s, i)
	if end-i > 32 || !s.lex.speech.fill[string(s.low[i:end])] {
		return 0
	}
	if end < len(s.s) && (isName(s.s[end]) || s.s[end] == '-' || s.s[end] == '.' && end+1 < len(s.s) && isName(s.s[end+1])) {
		return 0
	}
	return end
}

// cue says whether a word for which ok holds stands near s[start:end]: at most
// before bytes before it or after bytes behind it, on the same line or the one
// above.
func (s *scan) cue(start, end, before, after int, ok func(*contactWord) bool) *contactWord {
	k, _ := slices.BinarySearchFunc(s.cues, start, func(h hit, v int) int { return cmp.Compare(h.start, v) })
	for j := k - 1; j >= 0 && j >= k-8 && s.cues[j].end >= start-before; j-- {
		if w := s.cues[j].contact; !w.link && ok(w) && strings.Count(s.s[min(s.cues[j].end, start):start], "\n") <= 1 {
			return w
		}
	}
	for j := k; j < len(s.cues) && j < k+4 && s.cues[j].start <= end+after; j++ {
		if w := s.cues[j].contact; !w.link && s.cues[j].start >= end && ok(w) && !strings.Contains(s.s[end:s.cues[j].start], "\n") {
			return w
		}
	}
	return nil
}

// settle leaves one contact a place: of handles, of accounts, of phones and of
// addresses of mail that overlap, the surer or longer. A handle that has the
// shape of mail (XMPP) is no mail; a card or IBAN is no phone. Numbers inside
// are neither prices nor quantities.
func (s *scan) settle() {
	var at []int
	for i := range s.out {
		switch s.out[i].Type {
		case tamga.FindHandle, tamga.FindAccount, tamga.FindPhone, tamga.FindEmail, tamga.FindOnion:
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return
	}
	slices.SortStableFunc(at, func(a, b int) int {
		return cmp.Or(cmp.Compare(s.out[a].Start, s.out[b].Start), cmp.Compare(s.out[b].End, s.out[a].End), cmp.Compare(s.out[b].Confidence, s.out[a].Confidence))
	})
	drop := map[int]bool{}
	var kept []int // at most the last few
	for _, i := range at {
		f := &s.out[i]
		for k := len(kept) - 1; k >= max(0, len(kept)-6) && !drop[i]; k-- {
			o := &s.out[kept[k]]
			if drop[kept[k]] || o.End <= f.Start {
				continue
			}
			switch rival(o, f) {
			case 1:
				drop[i] = true
			case 2:
				drop[kept[k]] = true
			}
		}
		if !drop[i] {
			kept = append(kept, i)
		}
	}
	if len(drop) > 0 {
		n := 0
		for i := range s.out {
			if !drop[i] {
				s.out[n] = s.out[i]
				n++
			}
		}
		s.out = s.out[:n]
	}
	s.spend()
}

// rival says which of two overlapping contacts stays: 1 the first, 2 the second,
// 0 both.
func rival(a, b *tamga.Finding) int {
	better := 1
	if b.Confidence > a.Confidence || b.Confidence == a.Confidence && b.End-b.Start > a.End-a.Start {
		better = 2
	}
	if a.Type == b.Type {
		if a.Start == b.Start && a.End == b.End && a.Value == b.Value && a.Service != b.Service && a.Type != tamga.FindPhone {
			return 0 // one number, several services
		}
		if a.Type == tamga.FindOnion && b.End-b.Start != a.End-a.Start {
			return 1
		}
		return better
	}
	digits := func(f *tamga.Finding) bool {
		return f.Type == tamga.FindAccount && (f.Kind == kindIBAN || f.Raw == "" || f.Service == "yoomoney" || f.Service == "webmoney" || f.Kind == "voucher")
	}
	mail := func(f *tamga.Finding) bool {
		return f.Type == tamga.FindHandle && (f.Service == "xmpp" || f.Service == "matrix" || f.Service == "telegram")
	}
	switch {
	case a.Type == tamga.FindPhone && digits(b), a.Type == tamga.FindEmail && mail(b):
		return 2
	case b.Type == tamga.FindPhone && digits(a), b.Type == tamga.FindEmail && mail(a):
		return 1
	case a.Type == tamga.FindPhone && b.Type == tamga.FindHandle && b.Service == "icq":
		return better
	}
	return 0
}

// spend takes the numbers inside contacts away from the readers of prices and
// quantities.
func (s *scan) spend() {
	var spans [][2]int
	for i := range s.out {
		f := &s.out[i]
		switch f.Type {
		case tamga.FindHandle, tamga.FindAccount, tamga.FindPhone, tamga.FindEmail, tamga.FindOnion:
			spans = append(spans, [2]int{f.Start, f.End})
		}
	}
	sortRanges(spans)
	k, reach := 0, 0
	s.nums = slices.DeleteFunc(s.nums, func(x number) bool {
		for k < len(spans) && spans[k][0] <= x.start {
			reach = max(reach, spans[k][1])
			k++
		}
		return x.start < reach
	})
}
