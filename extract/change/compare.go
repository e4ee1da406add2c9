package change

import (
	"html"
	"math/big"
	"slices"
	"strings"
	"unicode"
)

// Difference is one field that differs.
type Difference struct {
	Field      string
	From, To   []Value
	Confidence float64
}

// How sure a difference is: of a profile's field, of the generic reader's, of an
// identifier that stands behind the same words, and of one that does not.
const (
	sureExact   = 0.95
	sureGeneric = 0.85
	sureContext = 0.95
	sureWord    = 0.75 // the last word is the same
	sureLoose   = 0.5
)

// scalars are the fields of one value.
var scalars = []string{"price", "stock", "title", "quantity", "vendor", "from", "to", "text"}

// Compare returns what differs between two captures of one record. Two records of
// unlike kinds (a page that the reader takes for something else today) are compared
// by their identifiers alone.
func Compare(was, now *Record) (out []Difference) {
	sure := sureGeneric
	if was.Exact && now.Exact {
		sure = sureExact
	}
	if was.Kind == now.Kind && was.Exact == now.Exact {
		for _, name := range scalars {
			a, b := was.Fields[name], now.Fields[name]
			if len(a) > 0 && len(b) > 0 && differs(name, a[0].Text, b[0].Text, now) {
				out = append(out, Difference{name, a[:1], b[:1], sure})
			}
		}
	}
	if !was.Whole || !now.Whole {
		return out
	}
	for _, name := range Identifiers {
		if d, ok := compareSets(name, was, now); ok {
			out = append(out, d)
		}
	}
	return out
}

func differs(name, a, b string, r *Record) bool {
	if a == b {
		return false
	}
	switch name {
	case "price":
		return priceDiffers(a, b, r)
	case "vendor":
		if !r.Own && !r.Exact { // of a card the generic reader has it from the page around it
			return false
		}
	case "stock":
		return true
	case "quantity":
		return !equalNumbers(a, b)
	}
	if r.Exact && name != "vendor" && r.Kind != Page {
		return strings.Join(strings.Fields(a), " ") != strings.Join(strings.Fields(b), " ")
	}
	if name == "from" || name == "to" {
		return true
	}
	x, y := letters(a), letters(b)
	// A title that is cut shorter is the same title.
	if name == "title" && (strings.HasPrefix(x, y) || strings.HasPrefix(y, x)) && (strings.HasSuffix(a, "…") || strings.HasSuffix(b, "…") || strings.HasSuffix(a, "...") || strings.HasSuffix(b, "...")) {
		return false
	}
	return x != y
}

// letters is a text in small letters, without anything else. Sites escape twice on
// one page and not on another.
func letters(s string) string {
	if strings.Contains(s, "&") {
		s = html.UnescapeString(s)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// floating are currencies whose own rate moves, so that a price in them does.
var floating = []string{"BTC", "XMR", "LTC", "ETH", "BCH", "DASH", "ZEC", "DOGE", "TON", "SOL", "TRX", "XRP"}

var (
	assetDrift = big.NewRat(5, 100) // a price in an asset may move by that with its rate
	cents      = big.NewRat(1, 100) // one with odd cents may be converted from an asset
	rateDrift  = big.NewRat(1, 10)  // what names no substance may be a line of rates
)

func priceDiffers(a, b string, r *Record) bool {
	own := r.Own
	x, unitA, okA := number(a)
	y, unitB, okB := number(b)
	if !okA || !okB {
		return own && a != b
	}
	if unitA != unitB {
		return own && unitA != "" && unitB != ""
	}
	move := moved(x, y)
	if move == nil {
		return x.Cmp(y) != 0
	}
	switch {
	case move.Sign() == 0:
		return false
	case !r.Exact && !r.Drug:
		return move.Cmp(rateDrift) >= 0
	case slices.Contains(floating, unitA):
		return move.Cmp(assetDrift) >= 0
	case odd(x) || odd(y):
		return move.Cmp(cents) >= 0
	}
	return true
}

// moved is by what share of x a price moved, nil where x is 0.
func moved(x, y *big.Rat) *big.Rat {
	if x.Sign() == 0 {
		return nil
	}
	d := new(big.Rat).Sub(y, x)
	return d.Quo(d, x).Abs(d)
}

// odd tells whether a price looks computed: its cents are none that shops put there.
func odd(x *big.Rat) bool {
	s := x.FloatString(2)
	return !strings.HasSuffix(s, "0") && !slices.Contains([]string{"25", "75", "95", "98", "99", "49"}, s[len(s)-2:])
}

func compareSets(name string, was, now *Record) (Difference, bool) {
	gone, fresh := minus(was.Fields[name], now.Fields[name]), minus(now.Fields[name], was.Fields[name])
	if len(gone)+len(fresh) == 0 || len(was.Fields[name]) >= maxValues || len(now.Fields[name]) >= maxValues {
		return Difference{}, false
	}
	paired, named := false, false
	for _, g := range gone {
		for _, f := range fresh {
			paired = paired || f.Context == g.Context
			named = named || lastWord(f.Context) == lastWord(g.Context)
		}
	}
	d := Difference{name, gone, fresh, sureLoose}
	switch {
	case (now.Kind == Page || now.Kind == Listing && !now.Own) && (len(gone) == 0 || len(fresh) == 0):
		return d, false // what a page tells of comes and goes, and a card is cut
	case paired || now.Kind == Vendor || now.Kind == Post:
		d.Confidence = sureContext
	case now.Kind == Listing:
		d.Confidence = sureGeneric
	case named:
		d.Confidence = sureWord
	}
	return d, true
}

// lastWord is the word before a value; a clock or a token may stand before that.
func lastWord(context string) string { return context[strings.LastIndexByte(context, ' ')+1:] }

func minus(a, b []Value) (out []Value) {
	for _, v := range a {
		if !slices.ContainsFunc(b, func(h Value) bool { return h.Text == v.Text }) {
			out = append(out, v)
		}
	}
	return out
}

// Move is the share by which a price moved, from -1 up; ok is false where the two
// cannot be compared.
func Move(from, to string) (share float64, ok bool) {
	x, unitA, okA := number(from)
	y, unitB, okB := number(to)
	if !okA || !okB || unitA != unitB || x.Sign() <= 0 {
		return 0, false
	}
	share, _ = new(big.Rat).Quo(new(big.Rat).Sub(y, x), x).Float64()
	return share, true
}

// Drift tells whether the prices of a page all moved by one ratio, as they do with a
// rate of exchange: at least four of them, within half a per cent of each other, in
// an asset or by less than a tenth.
func Drift(prices []Difference, total int) bool {
	if len(prices) < 4 || len(prices) < total*9/10 {
		return false
	}
	low, high := 0.0, 0.0
	for i, d := range prices {
		m, ok := Move(d.From[0].Text, d.To[0].Text)
		if !ok {
			return false
		}
		_, unit, _ := strings.Cut(d.From[0].Text, " ")
		if !slices.Contains(floating, unit) && (m > 0.1 || m < -0.1) {
			return false
		}
		if i == 0 {
			low, high = m, m
		}
		low, high = min(low, m), max(high, m)
	}
	return high-low < 0.005
}
