package extract

import (
	"strings"

	"tamga"
)

// token reads a run of letters and digits that may be an account: digits alone
// as a card, mixed as an IBAN or a purse. It returns the end of what nobody else
// may read, 0 to go on.
func (s *scan) token(start, end int, digits bool) int {
	n := end - start
	t := s.s
	if digits {
		if n >= 13 && n <= 19 || n == 4 {
			return s.card(start, end)
		}
		if n == 1 && t[start] == '8' {
			s.bracketed(start, end)
		}
		return 0
	}
	if n >= 4 && isLetter(t[start]) && isLetter(t[start+1]) && isDigit(t[start+2]) && isDigit(t[start+3]) && (n >= 15 || n == 4) && (start == 0 || !isName(t[start-1])) && !letterBefore(t, start) {
		if stop := s.iban(start); stop > 0 {
			return stop
		}
	}
	if n == 13 && isLetter(t[start]) && digitsAt(t, start+1) == 12 {
		s.cands = append(s.cands, waiting{start, end, "webmoney"})
	}
	return 0
}

// card keeps digits that may be the number of a payment card: in one run, or in
// the groups that are printed on one. Digits that go on, or come before, are
// another number.
func (s *scan) card(start, end int) int {
	t := s.s
	if start > 0 {
		if c := t[start-1]; isName(c) || c == '.' || c == ',' || c == '$' || c == '+' || c == '/' || c == '=' && len(s.s) > 4096 {
			return 0
		}
		if c := t[start-1]; (c == ' ' || c == '-') && start > 1 && isDigit(t[start-2]) && end-start == 4 {
			return 0
		}
	}
	stop := end
	if end-start == 4 {
		groups := 1
		for stop+5 <= len(t) && groups < 6 {
			gap := 0
			switch {
			case t[stop] == ' ' || t[stop] == '-' || t[stop] == '.':
				gap = 1
			case strings.HasPrefix(t[stop:], "\u00A0"):
				gap = 2
			}
			if gap == 0 {
				break
			}
			n := digitsAt(t, stop+gap)
			if n == 0 || n > 6 {
				break
			}
			stop += gap + n
			groups++
			if n != 4 {
				break
			}
		}
		if groups < 3 {
			return 0
		}
		for !cardGroups(t[start:stop]) { // 4111 1111 1111 1111 500: a price behind
			k := strings.LastIndexAny(t[start:stop], " -.\xA0")
			if k < 0 {
				return 0
			}
			cut := start + k
			if t[cut] == 0xA0 {
				cut--
			}
			if n := stop - start - k - 1; n == 4 {
				return 0
			}
			stop = cut
			if stop-start < 15 {
				return 0
			}
		}
		if stop+1 < len(t) && (t[stop] == ' ' || t[stop] == '-') && digitsAt(t, stop+1) == 4 {
			return 0
		}
	}
	if stop < len(t) && (isName(t[stop]) || letterAfter(t, stop) || (t[stop] == '.' || t[stop] == ',') && stop+1 < len(t) && isDigit(t[stop+1])) {
		return 0
	}
	digits := justDigits(t[start:stop])
	if cardScheme(digits) == "" || !luhn(digits) {
		return 0
	}
	s.cands = append(s.cands, waiting{start, stop, "card"})
	return 0
}

// cardGroups says whether digits stand in groups as on a card: 4-4-4-4, 4-4-4-4-3
// or 4-6-5.
func cardGroups(text string) bool {
	var b []byte
	n := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && isDigit(text[i]) {
			n++
			continue
		}
		if n > 0 {
			b = append(b, byte('0'+n))
		}
		n = 0
	}
	switch string(b) {
	case "4444", "44443", "465":
		return true
	}
	return false
}

func justDigits(s string) string {
	var b []byte
	for i := range len(s) {
		if isDigit(s[i]) {
			b = append(b, s[i])
		}
	}
	return string(b)
}

// luhn is the check of ISO/IEC 7812-1.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// cardSchemes are the first digits of card numbers by scheme, with the lengths
// they come in (ISO/IEC 7812; the schemes' published ranges).
var cardSchemes = []struct {
	scheme   string
	from, to string // inclusive, of equal length
	lengths  string // one letter a length: a for 13 … g for 19
}{
	{"mir", "2200", "2204", "defg"},
	{"uzcard", "8600", "8600", "d"}, {"uzcard", "5614", "5614", "d"},
	{"humo", "9860", "9860", "d"},
	{"elcart", "9417", "9417", "d"},
	{"belkart", "9112", "9112", "d"},
	{"korti-milli", "505827", "505827", "d"},
	{"visa", "4", "4", "adg"},
	{"mastercard", "51", "55", "d"}, {"mastercard", "2221", "2720", "d"},
	{"amex", "34", "34", "c"}, {"amex", "37", "37", "c"},
	{"discover", "6011", "6011", "dg"}, {"discover", "644", "649", "dg"}, {"discover", "65", "65", "dg"},
	{"jcb", "3528", "3589", "d"},
	{"diners", "300", "305", "b"}, {"diners", "36", "36", "b"}, {"diners", "38", "39", "bd"},
	{"unionpay", "62", "62", "defg"}, {"unionpay", "81", "81", "d"},
	{"maestro", "5018", "5018", "dfg"}, {"maestro", "5020", "5020", "dfg"}, {"maestro", "5038", "5038", "dfg"}, {"maestro", "5893", "5893", "dfg"},
	{"maestro", "6304", "6304", "dfg"}, {"maestro", "6759", "6759", "dfg"}, {"maestro", "6761", "6763", "dfg"},
	{"troy", "9792", "9792", "d"},
}

// cardScheme is the scheme that issues numbers like this one, "" for none.
func cardScheme(digits string) string {
	if len(digits) < 13 || len(digits) > 19 {
		return ""
	}
	for _, c := range cardSchemes {
		p := digits[:len(c.from)]
		if p >= c.from && p <= c.to && strings.IndexByte(c.lengths, byte('a'+len(digits)-13)) >= 0 {
			return c.scheme
		}
	}
	return ""
}

// payees are the services whose card is named after them; a card of another bank
// is a card.
var payees = set("kaspi halyk mbank optima click payme uzum alif eskhata dcity korti-milli")

// notCards are words that say that a long number is another one.
var notCards = strings.Fields("track order imei invoice isbn ean upc serial parcel shipment article sku трек заказ отправлен накладн посылк артикул штрих inn инн огрн снилс")

// decideCard reports a card in the company of a word that says so, in the groups
// of a card, before an expiry date, or alone: one number in ten passes the check
// by chance. The number itself is withheld.
func (s *scan) decideCard(c waiting) {
	text := s.s[c.start:c.end]
	digits := justDigits(text)
	if len(digits) == 16 && strings.HasPrefix(digits, "4100") && s.cue(c.start, c.end, 60, 12, func(w *contactWord) bool { return w.service == "yoomoney" }) != nil {
		return
	}
	near := func(w *contactWord) bool {
		return w.form == "card" || w.form == "pay"
	}
	w := s.cue(c.start, c.end, 70, 24, near)
	grouped := len(text) > len(digits)
	confidence := 0.9
	switch {
	case s.cue(c.start, c.end, 40, 0, func(w *contactWord) bool { return w.kind == "voucher" }) != nil:
		return
	case w != nil:
		confidence = 0.95
	case s.alone(c.start, c.end), expiry(s.s, c.end):
	case grouped && !strings.Contains(text, "."):
		confidence = 0.85
	default:
		return
	}
	before := string(s.low[max(0, c.start-28):c.start])
	for _, word := range notCards {
		if strings.Contains(before, word) {
			return
		}
	}
	service := "card"
	if w != nil && payees[w.service] {
		service = w.service
	}
	s.withhold(tamga.Finding{
		Type: tamga.FindAccount, Value: digits[:6] + strings.Repeat("*", len(digits)-10) + digits[len(digits)-4:] + " " + s.reader.keyed(digits),
		Rule: "card@1", Confidence: confidence, Valid: true, Service: service, Kind: cardScheme(digits),
	}, c.start, c.end)
}

// expiry says whether a month and a year follow, as in lists of cards:
// |12|27|123, 12/27.
func expiry(t string, i int) bool {
	if i == len(t) || strings.IndexByte("|:;/ ", t[i]) < 0 || digitsAt(t, i+1) != 2 || i+4 > len(t) {
		return false
	}
	month := t[i+1 : i+3]
	if month < "01" || month > "12" || i+3 >= len(t) || strings.IndexByte("|/;:", t[i+3]) < 0 {
		return false
	}
	n := digitsAt(t, i+4)
	return n == 2 || n == 4
}
