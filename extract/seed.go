package extract

import (
	"strings"

	"tamga"
	"tamga/internal/address"
)

// secret reports a private key; only its hash leaves.
func (s *scan) secret(x address.Secret, text string, start, end int) {
	f := tamga.Finding{
		Type: tamga.FindSecret, Value: s.reader.keyed(text), Rule: x.Kind + "@1", Confidence: sureCoin, Valid: true,
		Chain: x.Chain, Kind: x.Kind,
	}
	if x.Network != "" && x.Network != address.Mainnet {
		f.Network = x.Network
	}
	if x.Kind == "key" {
		f.Confidence = namedCoin
	}
	s.withhold(f, start, end)
}

// Seed phrases. A phrase has at least seedStep words, so the scan asks about
// every seedStep-th word only whether it is in the list, and reads on from there
// in both directions.
const (
	seedStep  = 12
	seedMost  = 24
	seedGap   = 8  // bytes between two words of a phrase: ", 12. "
	seedTries = 16 // hashes a place; only a text made for it needs more
)

// seedWord is a word of a run of list words.
type seedWord struct {
	start, end int
	broken     bool // more than a space stands before it
}

// seed reads the seed phrase that the word t[start:end] belongs to, if any; it
// returns the end of it, 0 for none.
func (s *scan) seed(start, end int) int {
	if !s.seedWord(start, end) {
		return 0
	}
	var words []seedWord
	cutLeft, cutRight := false, false
	for at := start; ; {
		a, b := s.wordLeft(at)
		if b == 0 || !s.seedWord(a, b) {
			break
		}
		if cutLeft = len(words) == seedMost; cutLeft {
			break
		}
		words = append(words, seedWord{start: a, end: b})
		at = a
	}
	for i, j := 0, len(words)-1; i < j; i, j = i+1, j-1 {
		words[i], words[j] = words[j], words[i]
	}
	words = append(words, seedWord{start: start, end: end})
	for at, n := end, 0; ; n++ {
		a, b := s.wordRight(at)
		if b == 0 || !s.seedWord(a, b) {
			break
		}
		if cutRight = n == seedMost; cutRight {
			break
		}
		words = append(words, seedWord{start: a, end: b})
		at = b
	}
	if len(words) < seedStep {
		return 0
	}
	for i := 1; i < len(words); i++ {
		words[i].broken = s.s[words[i-1].end:words[i].start] != " "
	}
	return s.phrase(words, cutLeft, cutRight)
}

// phrase tries the stretches of words that stand apart from the words around
// them: by the end of the run, by a sign where the phrase has spaces or a space
// where it has signs, or by a word that announces a phrase.
func (s *scan) phrase(words []seedWord, cutLeft, cutRight bool) int {
	tries := 0
	for n := min(seedMost, len(words)/3*3); n >= seedStep; n -= 3 {
		for a := 0; a+n <= len(words); a++ {
			b := a + n
			left := a == 0 && !cutLeft || a > 0 && (words[a].broken != words[a+1].broken || announces[string(s.low[words[a-1].start:words[a-1].end])])
			right := b == len(words) && !cutRight || b < len(words) && words[b].broken != words[b-1].broken
			if !left || !right {
				continue
			}
			if tries++; tries > seedTries {
				return 0
			}
			list := make([]string, n)
			for i := range list {
				list[i] = string(s.low[words[a+i].start:words[a+i].end])
			}
			if !address.SeedPhrase(list) {
				continue
			}
			start, end := words[a].start, words[b-1].end
			s.secret(address.Secret{Kind: "seed"}, strings.Join(list, " "), start, end)
			s.runs = append(s.runs, [2]int{start, end}) // its words are no substances
			return end
		}
	}
	return 0
}

// announces are words of the list that are likelier the name of a phrase than
// part of it where they stand directly before one.
var announces = set("seed phrase key secret word wallet backup private")

func (s *scan) seedWord(start, end int) bool {
	n := end - start
	return n >= address.MinSeedWord && n <= address.MaxSeedWord && address.SeedWord(s.low[start:end])
}

// between says whether a byte may stand between two words of a phrase.
func between(c byte) bool {
	return isDigit(c) || strings.IndexByte(" \t\r\n,.;:)(|-_/\"'", c) >= 0
}

// wordLeft is the word before i, of letters alone; its end is 0 for none.
func (s *scan) wordLeft(i int) (start, end int) {
	end = i
	for end > 0 && i-end < seedGap && between(s.s[end-1]) {
		end--
	}
	if end == i {
		return 0, 0
	}
	start = end
	for start > 0 && end-start <= address.MaxSeedWord && isLetter(s.s[start-1]) {
		start--
	}
	if start > 0 && wordByte(s.s, start) {
		return 0, 0
	}
	return start, end
}

// wordRight is the word after i.
func (s *scan) wordRight(i int) (start, end int) {
	start = i
	for start < len(s.s) && start-i < seedGap && between(s.s[start]) {
		start++
	}
	if start == i {
		return 0, 0
	}
	end = start
	for end < len(s.s) && end-start <= address.MaxSeedWord && isLetter(s.s[end]) {
		end++
	}
	if end < len(s.s) && wordByteAt(s.s, end) {
		return 0, 0
	}
	return start, end
}
