package index

import (
	"fmt"
	"strings"
	"unicode"
)

// toCyrillic maps Latin letters to the Cyrillic ones they are written for, each
// case by its own shape: a capital H is an Н, a small h is no letter of Russian.
var toCyrillic = map[rune]rune{
	'A': 'А', 'B': 'В', 'C': 'С', 'E': 'Е', 'H': 'Н', 'K': 'К', 'M': 'М', 'O': 'О', 'P': 'Р', 'T': 'Т', 'X': 'Х', 'Y': 'У', 'I': 'І',
	'a': 'а', 'c': 'с', 'e': 'е', 'k': 'к', 'm': 'м', 'o': 'о', 'p': 'р', 't': 'т', 'x': 'х', 'y': 'у', 'i': 'і', 'u': 'и', 'n': 'п', 'r': 'г', 'b': 'ь',
}

// toLatin maps Cyrillic letters to the Latin ones they look like.
var toLatin = map[rune]rune{
	'А': 'A', 'В': 'B', 'С': 'C', 'Е': 'E', 'Н': 'H', 'К': 'K', 'М': 'M', 'О': 'O', 'Р': 'P', 'Т': 'T', 'Х': 'X', 'У': 'Y', 'І': 'I', 'Ѕ': 'S', 'Ј': 'J',
	'а': 'a', 'с': 'c', 'е': 'e', 'к': 'k', 'м': 'm', 'о': 'o', 'р': 'p', 'т': 't', 'х': 'x', 'у': 'y', 'і': 'i', 'ѕ': 's', 'ј': 'j', 'в': 'b', 'н': 'h',
}

// oneScript writes a word that mixes Latin and Cyrillic letters in one of the
// two, if its letters allow it: the script with more letters, Cyrillic on a tie.
// Otherwise the word stays.
func oneScript(w string) string {
	latin, cyrillic := 0, 0
	for _, r := range w {
		switch {
		case r < 0x80 && unicode.IsLetter(r):
			latin++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		}
	}
	if latin == 0 || cyrillic == 0 {
		return w
	}
	tables := []map[rune]rune{toCyrillic, toLatin}
	if latin > cyrillic {
		tables[0], tables[1] = tables[1], tables[0]
	}
	for _, table := range tables {
		if s, ok := rewrite(w, table); ok {
			return s
		}
	}
	return w
}

// rewrite maps every letter of the other script; ok is false if one has no
// counterpart.
func rewrite(w string, table map[rune]rune) (string, bool) {
	foreign := func(r rune) bool { return r < 0x80 && unicode.IsLetter(r) }
	if _, ok := table['А']; ok { // Cyrillic А: the table maps to Latin
		foreign = func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }
	}
	ok := true
	s := strings.Map(func(r rune) rune {
		if !foreign(r) {
			return r
		}
		m, found := table[r]
		ok = ok && found
		return m
	}, w)
	return s, ok
}

// emojiNames are the emoji that advertisements speak with.
var emojiNames = map[rune]string{
	'❄': "snowflake", '☃': "snowman", '⛄': "snowman", '💊': "pill", '🍄': "mushroom", '🌿': "herb", '🍁': "maple_leaf",
	'🍃': "leaves", '🌲': "evergreen", '🌳': "tree", '🥦': "broccoli", '🍀': "clover", '🌱': "seedling", '🍬': "candy",
	'🍭': "lollipop", '🍫': "chocolate", '🍪': "cookie", '💉': "syringe", '🔌': "plug", '🎱': "eight_ball", '💎': "gem",
	'⛽': "fuel_pump", '🐴': "horse", '🐎': "horse", '🐉': "dragon", '🐲': "dragon", '⚡': "lightning", '👑': "crown",
	'🚀': "rocket", '🔥': "fire", '💨': "dash", '🧊': "ice", '🍇': "grapes", '🥥': "coconut", '💜': "purple_heart",
	'🍼': "baby_bottle", '🧪': "test_tube", '🌈': "rainbow", '🌵': "cactus", '🐸': "frog", '🦋': "butterfly", '🔑': "key",
	'💰': "money_bag", '💵': "dollar", '📦': "package", '✈': "airplane", '📍': "pin", '🗺': "map", '☘': "shamrock", '🚬': "cigarette",
}

// isEmoji tells the pictographs from the other symbols; skin tones, joiners and
// variation selectors are none.
func isEmoji(r rune) bool {
	switch {
	case 0x1f3fb <= r && r <= 0x1f3ff:
		return false
	case 0x1f300 <= r && r <= 0x1faff, 0x2600 <= r && r <= 0x27bf, 0x1f1e6 <= r && r <= 0x1f1ff:
		return true
	}
	return r == 0x2b50 || r == 0x231a || r == 0x231b || r == 0x23f0 || r == 0x23f3
}

// emojiWord is the word of an emoji: emoji_snowflake, or its code point.
func emojiWord(r rune) string {
	if name, ok := emojiNames[r]; ok {
		return "emoji_" + name
	}
	return fmt.Sprintf("emoji_%x", r)
}
