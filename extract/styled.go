package extract

import (
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// smallCaps are letters of the phonetic alphabet that are used as an alphabet of
// small capitals; Unicode gives them no plain form.
var smallCaps = pairs("ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpǫqʀrꜱsᴛtᴜuᴠvᴡwᴢz")

// Blocks of letters and digits of another shape: letter-like signs, full-width,
// circled, squared, mathematical, raised and lowered ones.
var styledBlocks = [...][2]rune{
	{0x1D2C, 0x1D6A}, {0x2070, 0x209C}, {0x2102, 0x2138}, {0x2460, 0x24E9}, {0xFF10, 0xFF5A},
	{0x1D400, 0x1D7FF}, {0x1F110, 0x1F12B}, {0x1F130, 0x1F149},
}

// styledForms is the plain letter or digit of every styled one, by the
// compatibility decomposition of Unicode (UAX 15). A sign that stands for several
// characters (№, ½, ⑩) or for none of them keeps its form.
var styledForms = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	for k, v := range smallCaps {
		m[k] = v
	}
	for _, b := range styledBlocks {
		for r := b[0]; r <= b[1]; r++ {
			d := []rune(norm.NFKC.String(string(r)))
			if len(d) == 3 && d[0] == '(' && d[2] == ')' {
				d = d[1:2]
			}
			if len(d) == 1 && d[0] != r && (unicode.IsLetter(d[0]) || '0' <= d[0] && d[0] <= '9') {
				m[r] = d[0]
			}
		}
	}
	for _, first := range []rune{0x1F150, 0x1F170} { // white on black, circled and squared
		for r := range rune(26) {
			m[first+r] = 'A' + r
		}
	}
	return m
})

// styled is the plain letter or digit of a styled one; 0 for others.
func styled(r rune) rune {
	switch {
	case r < 0x1D6 || 0x2139 <= r && r < 0x2460 || 0x1F18A <= r || 0x3000 <= r && r < 0xA000:
		return 0
	}
	return styledForms()[r]
}

// raised says whether a digit is written above or below the line: 10⁶ is no 106.
func raised(r rune) bool { return 0x2070 <= r && r <= 0x2089 }
