package extract

// latinOf is the Latin letter that a Cyrillic or Greek one is mistaken for
// (Unicode Technical Standard 39, confusables), in small letters.
var latinOf = pairs("аaвbеeёeкkмmнhоoрpсcтtуyхxіiїiјjѕsԁdһhӏlԛqԝw" + "αaβbεeηnιiκkνvοoρpσoτtυuχxωw")

// cyrillicOf is the Cyrillic letter that a Latin one is mistaken for.
var cyrillicOf = pairs("aаbвcсeеhнkкmмoоpрtтxхyуiіuиnпwшrг")

func pairs(s string) map[rune]rune {
	m := map[rune]rune{}
	r := []rune(s)
	for i := 0; i+1 < len(r); i += 2 {
		m[r[i]] = r[i+1]
	}
	return m
}

// invisible says whether a character takes no room: soft hyphen, zero-width
// spaces and joiners, marks of direction.
func invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x34F, r == 0x180E, r == 0xFEFF:
		return true
	case 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x2069:
		return true
	}
	return false
}
