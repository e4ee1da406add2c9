package extract

import (
	"unicode"
	"unicode/utf8"
)

// lower returns s in lower case with every byte in its place: a letter whose
// lower case has another length stays as it is. Byte offsets are those of s.
func lower(s string) []byte { return lowerInto(nil, s) }

// lowerInto is lower with the room of b, whose content is lost.
func lowerInto(b []byte, s string) []byte {
	b = append(b[:0], s...)
	for i := 0; i < len(b); {
		c := b[i]
		if c < utf8.RuneSelf {
			b[i] = lowerASCII[c]
			i++
			continue
		}
		if i+1 < len(b) && (c == 0xD0 || c == 0xD1) { // Russian, the common case
			switch d := b[i+1]; {
			case c == 0xD0 && 0x90 <= d && d <= 0x9F:
				b[i+1] = d + 0x20
			case c == 0xD0 && 0xA0 <= d && d <= 0xAF:
				b[i], b[i+1] = 0xD1, d-0x20
			case c == 0xD0 && 0x80 <= d && d <= 0x8F:
				b[i], b[i+1] = 0xD1, d+0x10
			}
			if d := s[i+1]; d >= 0x80 && d < 0xC0 && (c == 0xD0 || d < 0xA0) {
				i += 2
				continue
			}
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError {
			if l := unicode.ToLower(r); l != r && utf8.RuneLen(l) == n {
				utf8.EncodeRune(b[i:], l)
			}
		}
		i += n
	}
	return b
}

var lowerASCII = func() (t [utf8.RuneSelf]byte) {
	for c := range t {
		t[c] = byte(c)
		if 'A' <= c && c <= 'Z' {
			t[c] += 'a' - 'A'
		}
	}
	return t
}()

// letterBefore and letterAfter are the boundary rules of words in any script;
// \b of RE2 knows ASCII only.
func letterBefore(s string, i int) bool {
	r, n := utf8.DecodeLastRuneInString(s[:i])
	return n > 0 && unicode.IsLetter(r)
}

func letterAfter(s string, i int) bool {
	r, n := utf8.DecodeRuneInString(s[i:])
	return n > 0 && (unicode.IsLetter(r) || unicode.IsMark(r))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// wordAt is the run of letters of s that starts at i.
func wordAt(s string, i int) (end int) {
	for end = i; end < len(s); {
		if c := s[end]; c < utf8.RuneSelf {
			if !isLetter(c) {
				break
			}
			end++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[end:])
		if !unicode.IsLetter(r) {
			break
		}
		end += n
	}
	return end
}

// skipSpace is the end of the blanks of s from i, line breaks not included.
func skipSpace(s string, i int) int {
	for i < len(s) {
		switch {
		case s[i] == ' ':
			i++
		case s[i] == 0xC2 && i+1 < len(s) && s[i+1] == 0xA0: // no-break space
			i += 2
		default:
			return i
		}
	}
	return i
}
