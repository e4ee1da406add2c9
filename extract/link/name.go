package link

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest name that is compared, in characters.
const maxName = 40

// lookalikes are characters and what they stand for in a name.
var lookalikes = map[rune]rune{
	'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '@': 'a', '$': 's', '!': 'i', '|': 'i', 'l': 'i',
	'а': 'a', 'в': 'b', 'е': 'e', 'к': 'k', 'м': 'm', 'н': 'h', 'о': 'o', 'р': 'p', 'с': 'c', 'т': 't', 'у': 'y', 'х': 'x', 'і': 'i', 'ѕ': 's', 'ј': 'j',
	'ö': 'o', 'ä': 'a', 'ü': 'u', 'é': 'e', 'è': 'e', 'ñ': 'n', 'ø': 'o', 'ç': 'c', 'ß': 's',
}

// decorations are put before or after a name by those who also have it bare.
var decorations = []string{"official", "original", "vendor", "seller", "real", "the", "shop", "store", "team", "backup", "new", "mr", "dr", "xxx", "xx"}

// common are the words that names of this trade are made of: two vendors choose the
// same one independently.
var common = []string{"pharma", "pharmacy", "drug", "drugs", "weed", "green", "king", "queen", "kush", "bud", "buds", "cannabis", "ganja", "smoke",
	"coke", "cocaine", "pills", "meds", "acid", "trip", "mdma", "molly", "ecstasy", "crystal", "meth", "speed", "hash", "oxy", "xanax", "benzo", "ket",
	"dealer", "supply", "supplier", "express", "market", "store", "shop", "vendor", "best", "quality", "budget", "cheap", "good", "master", "doctor",
	"the", "from", "euro", "dutch", "german", "german", "uk", "usa", "aussie", "canada", "city", "house", "world", "dream", "happy", "high", "white", "black",
	"blue", "red", "gold", "silver", "snow", "cloud", "sky", "man", "boy", "girl", "guy", "bro", "boss", "lord", "god", "devil", "angel", "ninja", "wizard"}

// forms of a name, from as written to what is left of it without decoration.
type forms struct {
	exact    string // in small letters
	plain    string // letters and digits only
	skeleton string // look-alikes as what they stand for, decorations off
}

func formsOf(name string) (f forms) {
	name = strings.ToLower(strings.TrimSpace(name))
	if utf8.RuneCountInString(name) > maxName {
		name = string([]rune(name)[:maxName])
	}
	f.exact = name
	var plain, folded strings.Builder
	for _, r := range name {
		to, ok := lookalikes[r]
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			plain.WriteRune(r)
		} else if !ok {
			continue
		}
		if ok {
			r = to
		}
		folded.WriteRune(r)
	}
	f.plain = plain.String()
	f.skeleton = bare(f.plain, folded.String())
	return f
}

// bare takes decorations off a folded name, and the digits that end its plain form,
// as long as five characters are left.
func bare(plain, folded string) string {
	const least = 5
	runes := []rune(folded)
	if cut := strings.TrimRightFunc(plain, unicode.IsDigit); utf8.RuneCountInString(cut) >= least {
		if n := utf8.RuneCountInString(plain) - utf8.RuneCountInString(cut); n > 0 && len(runes) > n {
			runes = runes[:len(runes)-n]
		}
	}
	s := string(runes)
	for _, d := range decorations {
		d = strings.ReplaceAll(d, "l", "i")
		if cut := strings.TrimPrefix(s, d); utf8.RuneCountInString(cut) >= least {
			s = cut
		}
		if cut := strings.TrimSuffix(s, d); utf8.RuneCountInString(cut) >= least {
			s = cut
		}
	}
	return s
}

// The information of a name, in nats: that of a letter, of a digit, of a letter
// that only repeats the one before, and of a letter in a common word.
const (
	letterNats = 1.9
	digitNats  = 1.2
	repeatNats = 0.4
	commonNats = 0.9
	nameNats   = 15 // no name says more
)

// information is how surprising it is that two people chose this name.
func information(plain string) float64 {
	runes := []rune(plain)
	nats := 0.0
	for i := 0; i < len(runes); {
		rest := string(runes[i:])
		longest := 0
		for _, w := range common {
			if len(w) > longest && strings.HasPrefix(rest, w) {
				longest = len(w)
			}
		}
		switch {
		case longest >= 3:
			nats += commonNats * float64(longest)
			i += longest
			continue
		case i > 0 && runes[i] == runes[i-1]:
			nats += repeatNats
		case unicode.IsDigit(runes[i]):
			nats += digitNats
		default:
			nats += letterNats
		}
		i++
	}
	return math.Min(nats, nameNats)
}

// alike is how much of the information of a name two names share, and in what way.
func alike(a, b *forms) (share float64, how string) {
	switch {
	case a.exact == "" || b.exact == "":
		return 0, ""
	case a.exact == b.exact:
		return 1, "same"
	case a.plain == b.plain && a.plain != "":
		return 0.95, "same letters"
	case a.skeleton == b.skeleton && a.skeleton != "":
		if x, y := digitsAt(a.plain), digitsAt(b.plain); x != "" && y != "" && x != y {
			return 0.4, "same but for the number"
		}
		return 0.6, "same without look-alikes and decoration"
	}
	x, y := []rune(a.skeleton), []rune(b.skeleton)
	if min(len(x), len(y)) >= 7 && oneEdit(x, y) {
		return 0.45, "one letter off"
	}
	if j := jaroWinkler(x, y); min(len(x), len(y)) >= 6 && j >= 0.93 {
		return 0.3, "alike"
	}
	return 0, ""
}

// digitsAt are the digits that end a name.
func digitsAt(s string) string { return s[len(strings.TrimRight(s, "0123456789")):] }

// oneEdit tells whether one insertion, deletion, substitution or swap of
// neighbours makes a into b (Damerau 1964).
func oneEdit(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return string(a[i:]) == string(b[i+1:])
	}
	if i == len(a) {
		return true
	}
	if string(a[i+1:]) == string(b[i+1:]) {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && string(a[i+2:]) == string(b[i+2:])
}

// jaroWinkler is the likeness of two names, 0 to 1 (Winkler 1990).
func jaroWinkler(a, b []rune) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	window := max(0, max(len(a), len(b))/2-1)
	var taken [maxName]bool
	var from []rune
	for i, r := range a {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if !taken[j] && b[j] == r {
				taken[j] = true
				from = append(from, r)
				break
			}
		}
	}
	if len(from) == 0 {
		return 0
	}
	swaps, k := 0, 0
	for j, r := range b {
		if taken[j] {
			if from[k] != r {
				swaps++
			}
			k++
		}
	}
	m := float64(len(from))
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(swaps)/2)/m) / 3
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro)
}
