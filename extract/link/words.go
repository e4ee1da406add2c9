package link

import (
	"strings"
	"unicode"
)

// maxText is how much of the text of one persona is compared, in bytes.
const maxText = 256 << 10

// words are the runs of letters and digits of a text in small letters; runs of
// more than thirty letters are keys and addresses, and left out.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// hash is FNV-1a of 64 bits with the finaliser of MurmurHash3, which spreads the
// low bits that FNV leaves alike.
func hash(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return h
}

const hashSeed = 0xcbf29ce484222325

func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// shingles are the hashes of the runs of n words of a text; of a text of fewer
// words, the hash of them all.
func shingles(w []string, n int) []uint64 {
	if len(w) == 0 {
		return nil
	}
	out := make([]uint64, 0, max(1, len(w)-n+1))
	for i := 0; i == 0 || i+n <= len(w); i++ {
		h := uint64(hashSeed)
		for _, x := range w[i:min(len(w), i+n)] {
			h = hash(hash(h, x), " ")
		}
		out = append(out, mix(h))
	}
	return out
}

// sentence is a line or sentence of a text: its hash, and how many words it has.
type sentence struct {
	hash  uint64
	words int
	text  string
}

// leastWords is the shortest sentence that is evidence: "please leave feedback
// when your order arrives" is written by many, independently.
const leastWords = 7

// sentences cuts a text at line ends and at full stops, and keeps what is long
// enough. Armoured blocks are left out.
func sentences(s string) (out []sentence) {
	armour := false
	for line := range strings.Lines(s) {
		if strings.Contains(line, "-----BEGIN PGP") {
			armour = true
		}
		if !armour {
			for _, part := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(".!?;\n", r) }) {
				if w := words(part); len(w) >= leastWords {
					h := uint64(hashSeed)
					for _, x := range w {
						h = hash(hash(h, x), " ")
					}
					out = append(out, sentence{mix(h), len(w), strings.Join(w, " ")})
				}
			}
		}
		if strings.Contains(line, "-----END PGP") {
			armour = false
		}
	}
	return out
}
