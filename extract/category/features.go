package category

import (
	"math"
	"unicode"
	"unicode/utf8"
)

// FNV-1a, 32 bits.
const (
	offset32 = 2166136261
	prime32  = 16777619
)

func hash(h uint32, b byte) uint32 { return (h ^ uint32(b)) * prime32 }

// Kinds of feature, mixed into the hash.
const (
	kindWord = iota + 1
	kindPair
	kindGram
)

// maxWord is the longest word whose n-grams are read, in bytes.
const maxWord = 40

// features calls add for each feature of a text, in order: the words in lower
// case, the pairs of neighbours, and the n-grams of 2 to 5 bytes of each word
// with its edges. Digits are one class: 5g and 7g differ in no way that matters.
func features(text string, add func(uint32)) {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	var word [maxWord + 2]byte
	last := uint32(0)
	flush := func(n int) {
		h := hash(offset32, kindWord)
		for _, b := range word[1:n] {
			h = hash(h, b)
		}
		add(h)
		pair := hash(offset32, kindPair)
		for s := 0; s < 32; s += 8 {
			pair = hash(hash(pair, byte(last>>s)), byte(h>>s))
		}
		add(pair)
		last = h
		word[0], word[n] = '^', '$'
		for i := range n + 1 {
			h := hash(offset32, kindGram)
			for k := i; k <= n && k < i+5; k++ {
				if h = hash(h, word[k]); k > i {
					add(h)
				}
			}
		}
	}
	n, class := 1, 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		c := classOf(r)
		if c != class && n > 1 {
			flush(n)
			n = 1
		}
		class = c
		if c == 0 || n+utf8.UTFMax > maxWord {
			continue
		}
		if c == 2 {
			if n == 1 || word[n-1] != '0' {
				word[n] = '0'
				n++
			}
			continue
		}
		n += utf8.EncodeRune(word[n:], unicode.ToLower(r))
	}
	if n > 1 {
		flush(n)
	}
}

// classOf is 1 for letters, 2 for digits, 3 for signs that mean something in an
// offer, 0 for what parts words.
func classOf(r rune) int {
	switch {
	case '0' <= r && r <= '9':
		return 2
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r >= utf8.RuneSelf && unicode.IsLetter(r):
		return 1
	case r == '%', r == '$', r == 0x20AC, r == 0xA3:
		return 3
	}
	return 0
}

// norm makes texts of any length weigh alike.
func norm(n int) float64 {
	if n == 0 {
		return 0
	}
	return 1 / math.Sqrt(float64(n))
}
