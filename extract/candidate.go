package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tamga"
)

// candidates reports words that may name a substance which the table lacks: they
// stand in the short line of a quantity or a price where no known substance
// stands, and are built as chemical names are. A candidate has no id, is never
// valid and never enters a listing: it is for a person to look at.
//
// Each line is read once, so the time is linear in the text.
func (s *scan) candidates() {
	read := 0 // end of the last line read
	for i := range s.out {
		f := &s.out[i]
		if f.Type != tamga.FindQuantity && f.Type != tamga.FindPrice || f.Start < read || !s.shortLine(f.Start) {
			continue
		}
		lo := strings.LastIndexByte(s.s[:f.Start], '\n') + 1
		hi := len(s.s)
		if k := strings.IndexByte(s.s[f.Start:], '\n'); k >= 0 {
			hi = f.Start + k
		}
		read = hi
		s.candidatesIn(lo, hi)
	}
}

// candidatesIn reads the line from lo to hi.
func (s *scan) candidatesIn(lo, hi int) {
	first, last := s.hitsBetween(lo, hi)
	for _, h := range s.hits[first:last] {
		if h.kind == kindSubstance {
			return
		}
	}
	for i := lo; i < hi; {
		end := i
		for end < hi && !isBlank(s.s[end]) {
			end++
		}
		start, stop := trimWord(s.s, i, end)
		if stop-start >= 4 && stop-start <= maxCandidate && !s.hidden(start) && chemical(string(s.low[start:stop])) {
			s.add(tamga.Finding{Type: tamga.FindSubstance, Value: string(s.low[start:stop]), Kind: "candidate", Rule: "substance-candidate@1", Confidence: 0.35}, start, stop)
		}
		i = end + 1
	}
}

// maxCandidate is the longest word that is read as a name, in bytes.
const maxCandidate = 64

func isBlank(c byte) bool {
	return c == ' ' || c == '.' || c == '\t' || c == '/' || c == '|' || c == '+' || c == ';' || c == '(' || c == ')' || c == '[' || c == ']'
}

// trimWord takes what is no letter or digit off both ends of s[i:end].
func trimWord(s string, i, end int) (int, int) {
	for i < end {
		r, n := utf8.DecodeRuneInString(s[i:end])
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			break
		}
		i += n
	}
	for end > i {
		r, n := utf8.DecodeLastRuneInString(s[i:end])
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			break
		}
		end -= n
	}
	return i, end
}

// stems are the ends of International Nonproprietary Names and of the names of
// new psychoactive substances that no ordinary word has.
var stems = strings.Fields("azolam azepam fentanil fentanyl nitazene nitazepyne nitazepipne edrone cathinone pentylone butylone ethylone " +
	"caine pinaca binaca butinaca fubinaca chminaca chmica nbome nboh amphetamine amfetamine phetamine tryptamine phenidate diphenidine " +
	"ketamine escaline barbital racetam bolone drolone sterone orphanol " +
	"азолам азепам фентанил нитазен едрон катинон бутилон пентилон этилон инака амфетамин триптамин фенидат кетамин барбитал")

// stemsBy are the stems by their last two bytes.
var stemsBy = func() map[[2]byte][]string {
	m := map[[2]byte][]string{}
	for _, s := range stems {
		end := [2]byte{s[len(s)-2], s[len(s)-1]}
		m[end] = append(m[end], s)
	}
	return m
}()

// pieces are the parts of codes, such as 3-FMA or 4-HO-McPT, after a locant.
var pieces = set("fa fma fea fmc fpm mma mmc cmc mec cec bmc emc mpm mpd mph eph php pihp pvp pbp ppp pcp pce pcpy pcpr dck fdck apb apdb mapb eapb " +
	"dmt met det dpt mipt dipt dalt malt mcpt eipt nipt pyrt ept mpt lsd lad al eth nbome nboh adb amb mdmb emb pinaca binaca butinaca inaca fubinaca chminaca pica chmica " +
	"ho aco meo po pro br cl me oxo bk md fluoro chloro bromo methyl ethyl methoxy hydroxy")

// openPieces are substituents, at which no code ends.
var openPieces = set("ho aco meo po pro br cl me oxo bk md al eth fluoro chloro bromo methyl ethyl methoxy hydroxy")

// chemical says whether a word in lower case is built as a chemical name is: it
// has a stem, or it is a code of locants and pieces, or it has a locant and the
// end of an amine or a ketone.
func chemical(w string) bool {
	if len(w) < 4 {
		return false
	}
	for _, stem := range stemsBy[[2]byte{w[len(w)-2], w[len(w)-1]}] {
		if before, ok := strings.CutSuffix(w, stem); ok && (len(before) >= 2 || strings.HasSuffix(before, "-")) {
			return true
		}
	}
	if rest, ok := strings.CutPrefix(w, "md"); ok && len(rest) <= 4 && pieces[rest] && !openPieces[rest] {
		return true
	}
	parts := strings.Split(w, "-")
	if len(parts) < 2 || len(parts) > 6 {
		return false
	}
	if number, ok := series[parts[0]]; ok && len(parts) == 2 && len(parts[1]) == number && allDigits(parts[1]) {
		return true
	}
	located, known := false, 0
	for _, p := range parts {
		switch {
		case locant(p):
			located = true
		case pieces[p]:
			known++
		default:
			known = -len(parts)
		}
	}
	last := parts[len(parts)-1]
	if located && known > 0 && pieces[last] && !openPieces[last] {
		return true
	}
	for _, end := range []string{"ylamine", "ylone", "idine", "ophenone", "иламин", "илон", "идин"} {
		if (locant(parts[0]) || parts[0] == "n") && len(last) >= len(end)+2 && strings.HasSuffix(last, end) {
			return true
		}
	}
	return false
}

// series are the prefixes of laboratory codes, with the digits that follow.
var series = map[string]int{"jwh": 3, "thj": 4, "sdb": 3, "hu": 3, "nm": 4, "u": 5, "mam": 4}

// locant says whether p is a place in a molecule: 4, 25i, 5f, α, alpha, n.
func locant(p string) bool {
	switch p {
	case "α", "β", "alpha", "beta", "альфа", "бета", "para", "meta", "ortho", "n", "2c", "3,4", "n,n":
		return true
	}
	digits := 0
	for digits < len(p) && (isDigit(p[digits]) || p[digits] == ',') {
		digits++
	}
	switch p[digits:] {
	case "", "f", "c", "cl", "br", "p", "b", "v", "cp", "t", "i", "e", "h", "d":
		return digits > 0 && digits <= 3
	}
	return false
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}
