package extract

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// cueReach is how far from a candidate a word may stand that says what it is, in
// bytes.
const cueReach = 60

// Uses of a candidate besides the chains, as extract/lexicon/coins.tsv has them.
const (
	cueWallet = "wallet" // whatever the chain
	cueTx     = "txid"
	cueKey    = "key"
)

// coinCues finds the words that give a candidate its meaning.
type coinCues struct {
	words  *automaton
	groups []uint32 // of each word: a bit for each group
	open   []bool   // the word may go on
	bit    map[string]uint32
}

var sharedCues = sync.OnceValues(loadCoinCues)

func loadCoinCues() (*coinCues, error) {
	rows, err := table("coins.tsv", 2)
	if err != nil {
		return nil, err
	}
	c := &coinCues{bit: map[string]uint32{}}
	number := map[string]int{}
	var words []string
	for i, row := range rows {
		c.bit[row[0]] = 1 << i
		for _, w := range names(row[1]) {
			w, open := strings.CutSuffix(w, "*")
			n, known := number[w]
			if !known {
				n = len(words)
				number[w] = n
				words = append(words, w)
				c.groups = append(c.groups, 0)
				c.open = append(c.open, open)
			}
			c.groups[n] |= 1 << i
		}
	}
	c.words = newAutomaton(words)
	return c, nil
}

// near is the groups of the words that stand within reach of s[start:end], and
// have no letter or digit beside them.
func (c *coinCues) near(s string, low []byte, start, end int) (found uint32) {
	for _, w := range [2][2]int{{max(0, start-cueReach), start}, {end, min(len(low), end+cueReach)}} {
		for w[0] > 0 && w[0] < w[1] && !utf8.RuneStart(low[w[0]]) {
			w[0]++
		}
		c.words.each(low[w[0]:w[1]], func(word, from, to int) {
			from, to = from+w[0], to+w[0]
			if from > 0 && wordByte(s, from) || !c.open[word] && to < len(s) && wordByteAt(s, to) {
				return
			}
			found |= c.groups[word]
		})
	}
	return found
}

// wordByte says whether a letter or digit ends at i.
func wordByte(s string, i int) bool {
	if c := s[i-1]; c < utf8.RuneSelf {
		return isAlnum(c)
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return unicode.IsLetter(r)
}

// wordByteAt says whether a letter or digit starts at i.
func wordByteAt(s string, i int) bool {
	if c := s[i]; c < utf8.RuneSelf {
		return isAlnum(c)
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLetter(r)
}
