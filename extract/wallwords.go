package extract

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// wallWord is what a word of lexicon/walls.tsv says of a page, a bit each.
type wallWord uint16

const (
	saysLogin wallWord = 1 << iota
	saysSecond
	saysChange
	saysCaptcha
	saysQueue
	saysLine
	saysDDoS
	saysWaiting
	saysError
	saysFatal
	saysOther
)

var wallKinds = map[string]wallWord{
	"login": saysLogin, "second": saysSecond, "change": saysChange, "captcha": saysCaptcha, "queue": saysQueue, "line": saysLine,
	"ddos": saysDDoS, "waiting": saysWaiting, "error": saysError, "fatal": saysFatal, "other": saysOther,
}

// wallWords are the words of walls by the place that they count in.
type wallWords struct{ title, text, field stemSet }

// stemSet finds what the words of a text say.
type stemSet struct {
	words *automaton
	says  []wallWord
	whole []bool // words that are no stems
}

var wallLexicon = sync.OnceValues(func() (*wallWords, error) {
	rows, err := table("walls.tsv", 4)
	if err != nil {
		return nil, err
	}
	type list struct {
		words []string
		at    map[string]int
		says  []wallWord
		whole []bool
	}
	lists := map[string]*list{}
	for _, where := range []string{"title", "text", "field"} {
		lists[where] = &list{at: map[string]int{}}
	}
	for _, r := range rows {
		kind, ok := wallKinds[r[0]]
		if !ok {
			return nil, fmt.Errorf("lexicon walls.tsv: no kind %q", r[0])
		}
		places := []string{r[1]}
		if r[1] == "text" {
			places = append(places, "title")
		}
		for _, where := range places {
			l := lists[where]
			if l == nil {
				return nil, fmt.Errorf("lexicon walls.tsv: no place %q", where)
			}
			for _, w := range names(r[3]) {
				w, whole := strings.CutSuffix(w, "$")
				if _, known := l.at[w]; !known {
					l.at[w] = len(l.words)
					l.words, l.says = append(l.words, w), append(l.says, 0)
					l.whole = append(l.whole, whole)
				}
				l.says[l.at[w]] |= kind
			}
		}
	}
	made := func(where string) stemSet {
		return stemSet{newAutomaton(lists[where].words), lists[where].says, lists[where].whole}
	}
	return &wallWords{made("title"), made("text"), made("field")}, nil
})

// in is what the words of a text say. A stem stands at the start of a word, save
// in a script that writes none apart.
func (s stemSet) in(text string) (said wallWord) {
	low := bytes.ReplaceAll(lower(text), []byte("’"), []byte("'"))
	s.words.each(low, func(word, start, end int) {
		if said&s.says[word] == s.says[word] {
			return
		}
		if start > 0 {
			before, _ := utf8.DecodeLastRune(low[:start])
			first, _ := utf8.DecodeRune(low[start:])
			if (unicode.IsLetter(before) || unicode.IsDigit(before)) && !unicode.Is(unicode.Han, first) {
				return
			}
		}
		if s.whole[word] {
			if after, _ := utf8.DecodeRune(low[end:]); unicode.IsLetter(after) {
				return
			}
		}
		said |= s.says[word]
	})
	return said
}

// inNames is what the names of elements say, in which words run together.
func (s stemSet) inNames(names string) (said wallWord) {
	s.words.each([]byte(strings.ToLower(names)), func(word, _, _ int) { said |= s.says[word] })
	return said
}
