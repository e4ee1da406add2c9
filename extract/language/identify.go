package language

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxBytes is how much of a text is read: of a longer one, four parts that are
// spread over it.
const MaxBytes = 4 << 10

const parts = 4

// Tags are the languages that are told apart, as BCP 47 tags.
var Tags = []string{"en", "ru", "kk", "ky", "uz-Latn", "uz-Cyrl", "tg", "tk", "fr"}

// The settings of the decision. The runs of a text overlap and repeat, so their
// evidence counts for less than that of as many independent ones: warmth divides
// the log-odds. A text whose runs gain less than the share strange of what those
// of the language's own text do is of a language that the model does not know.
const (
	warmth     = 2.5
	strange    = 0.4
	doubtful   = 0.5
	minLetters = 4
)

// Identify is the language of a text, one of [Tags], and how sure that is, from 0
// to 1. The tag is "" for another language, for a text in another script and for
// one too short or too mixed to tell; the confidence is then that it is none of
// the nine, 0 where nothing is known. It reads [MaxBytes] at most, in time linear
// in that, and is safe for concurrent use.
func Identify(text string) (tag string, confidence float64) {
	m, err := theModel()
	if err != nil {
		return "", 0
	}
	return m.identify(sample(text))
}

func (m *model) identify(text string) (string, float64) {
	known, foreign := scripts(text)
	if known+foreign < minLetters {
		return "", 0
	}
	if foreign > known {
		return "", 1
	}
	var threes int
	gains := make([]float64, len(m.classes))
	tally := func(order int) func(gram) {
		return func(g gram) {
			for _, e := range m.lookup(g) {
				gains[e.class] += float64(e.gain) * orderWeight[order]
			}
		}
	}
	three, one := tally(0), tally(1)
	words(text, func(w []rune) {
		threes += len(w)
		grams(w, three, one)
	})
	if threes < minLetters {
		return "", 0
	}
	best := 0
	for i := range gains {
		if gains[i] > gains[best] {
			best = i
		}
	}
	var sum float64
	share := map[string]float64{}
	for i, c := range m.classes {
		p := math.Exp((gains[i] - gains[best]) * quantum / warmth)
		share[c.tag] += p
		sum += p
	}
	tag := m.classes[best].tag
	for _, t := range Tags {
		if share[t] > share[tag] {
			tag = t
		}
	}
	confidence := share[tag] / sum
	if tag == "" {
		return "", confidence
	}
	if confidence < doubtful || gains[best] < strange*float64(threes)*float64(m.classes[best].usual) {
		return "", 1 - confidence
	}
	return tag, confidence
}

// scripts counts the letters of the Latin and Cyrillic scripts, and of others.
func scripts(s string) (known, foreign int) {
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				known++
			}
		case unicode.Is(unicode.Latin, r) || unicode.Is(unicode.Cyrillic, r):
			known++
		case unicode.IsLetter(r) && !unicode.Is(unicode.Common, r):
			foreign++
		}
	}
	return known, foreign
}

// sample is the part of a text that is read.
func sample(s string) string {
	if len(s) <= MaxBytes {
		return s
	}
	const size = MaxBytes / parts
	var b strings.Builder
	b.Grow(MaxBytes + parts)
	step := (len(s) - size) / (parts - 1)
	for i := range parts {
		piece := s[i*step : i*step+size]
		for len(piece) > 0 && !utf8.RuneStart(piece[0]) {
			piece = piece[1:]
		}
		b.WriteString(piece)
		b.WriteByte(' ')
	}
	return b.String()
}
