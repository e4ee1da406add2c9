package tagger

// Token is a word, a number or a mark of a text: s[Start:End].
type Token struct {
	Start, End int32
	// Mark is what the caller knows of the token, 0 for nothing. Its meaning is
	// the caller's own; a model wants the marks it was trained with.
	Mark uint8
}

// MaxWord is the longest token, in bytes; a longer run is cut.
const MaxWord = 64

// Classes of bytes for the tokens.
const (
	space uint8 = iota
	upperCase
	lowerCase
	digit
	other // bytes of other scripts and of signs beyond ASCII
	sign
)

var class = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c <= ' ' || c == 0x7F:
			t[c] = space
		case 'A' <= c && c <= 'Z':
			t[c] = upperCase
		case 'a' <= c && c <= 'z':
			t[c] = lowerCase
		case '0' <= c && c <= '9':
			t[c] = digit
		case c >= 0x80:
			t[c] = other
		default:
			t[c] = sign
		}
	}
	return t
}()

// Tokens appends the tokens of s[start:end] to dst: runs of letters with the
// digits after them (w18), runs of digits with the separators inside
// (1,200.5), and every other character by itself. A short s after digits stays
// with them (80s), and so does a clitic with its apostrophe ('s, n't is not
// parted). The parts are finer than those of common tokenisers, so that spans
// made on theirs begin and end where a token does.
func Tokens(dst []Token, s string, start, end int) []Token {
	for i := start; i < end; {
		k := i + 1
		switch class[s[i]] {
		case space:
			i = k
			continue
		case upperCase, lowerCase, other:
			if n := quoteAt(s, i, end); n > 0 {
				k = i + n
				break
			}
			for k < end && k-i < MaxWord {
				if c := class[s[k]]; c != upperCase && c != lowerCase && c != digit && (c != other || quoteAt(s, k, end) > 0) {
					break
				}
				k++
			}
		case digit:
			for k < end && k-i < MaxWord {
				c := s[k]
				if class[c] != digit && !((c == ',' || c == '.') && k+1 < end && class[s[k+1]] == digit) {
					break
				}
				k++
			}
			if k < end && s[k] == 's' && (k+1 == end || class[s[k+1]] == space || class[s[k+1]] == sign) {
				k++
			}
		case sign:
			if s[i] == '\'' && i > start && k < end && class[s[k]] == lowerCase && class[s[i-1]] != space {
				for k < end && class[s[k]] == lowerCase && k-i < 4 {
					k++
				}
			}
		}
		dst = append(dst, Token{Start: int32(i), End: int32(k)})
		i = k
	}
	return dst
}

// quoteAt is the length of a typographic quotation mark, dash, ellipsis or
// no-break space at i, 0 where there is none (U+2000 to U+206F, U+00A0, « and »).
func quoteAt(s string, i, end int) int {
	switch {
	case s[i] == 0xE2 && i+2 < end && (s[i+1] == 0x80 || s[i+1] == 0x81):
		return 3
	case s[i] == 0xC2 && i+1 < end && (s[i+1] == 0xA0 || s[i+1] == 0xAB || s[i+1] == 0xBB):
		return 2
	}
	return 0
}

// maxSentence is the longest sentence, in bytes.
const maxSentence = 1200

// Sentence is the range of the sentence that holds byte i of s: it ends at a
// line break, or after a full stop, question or exclamation mark with a blank
// and a capital, digit or quotation mark behind it.
func Sentence(s string, i int) (start, end int) {
	for start = i; start > 0 && i-start < maxSentence/2 && !breaks(s, start); {
		start--
	}
	for end = i + 1; end < len(s) && end-start < maxSentence && !breaks(s, end); {
		end++
	}
	return start, end
}

// breaks says whether a sentence starts at i.
func breaks(s string, i int) bool {
	switch s[i-1] {
	case '\n', '\r':
		return true
	case ' ':
	default:
		return false
	}
	if i < 3 || s[i] == ' ' {
		return false
	}
	k := i - 2
	for k > 0 && (s[k] == '"' || s[k] == '\'' || s[k] == ')' || s[k] == '*') {
		k--
	}
	switch s[k] {
	case '!', '?':
		return true
	case '.':
		if k > 1 && (class[s[k-2]] == space || s[k-2] == '.') { // an initial
			return false
		}
		if k > 1 && class[s[k-2]] == upperCase && (k == 2 || class[s[k-3]] == space) { // Mr. Dr. St.
			return false
		}
		c := class[s[i]]
		return c == upperCase || c == digit || c == sign || c == other
	}
	return false
}
