package address

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	_ "embed"
	"strings"
)

// bip39English is the English word list of BIP-39 (bitcoin/bips,
// bip-0039/english.txt), 2048 words of 3 to 8 small letters in order.
//
//go:embed bip39_english.txt
var bip39English string

var bip39Words = func() map[string]uint16 {
	m := make(map[string]uint16, 2048)
	for i, w := range strings.Fields(bip39English) {
		m[w] = uint16(i)
	}
	return m
}()

// Lengths of the words of the list in bytes.
const (
	MinSeedWord = 3
	MaxSeedWord = 8
)

// SeedWord says whether w, in small letters, is a word of a seed phrase.
func SeedWord(w []byte) bool {
	_, ok := bip39Words[string(w)]
	return ok
}

// SeedPhrase says whether words, in small letters, are a seed phrase whose
// checksum is right, by BIP-39 (12, 15, 18, 21 or 24 words) or by Electrum (12,
// whose hash starts with the version of the seed).
func SeedPhrase(words []string) bool {
	n := len(words)
	if n < 12 || n > 24 || n%3 != 0 {
		return false
	}
	var b [33]byte // 24 words of 11 bits
	for i, w := range words {
		v, ok := bip39Words[w]
		if !ok {
			return false
		}
		for k := range 11 {
			if v>>(10-k)&1 == 1 {
				at := 11*i + k
				b[at/8] |= 0x80 >> (at % 8)
			}
		}
	}
	check := n / 3 // bits
	size := (n*11 - check) / 8
	sum := sha256.Sum256(b[:size])
	mask := byte(0xff) << (8 - check)
	return b[size]&mask == sum[0]&mask || n == 12 && electrum(words)
}

// electrum reads the version from a phrase: its HMAC starts with 01 (standard) or
// 100 to 102 (segwit, two-factor), hexadecimal.
func electrum(words []string) bool {
	h := hmac.New(sha512.New, []byte("Seed version"))
	h.Write([]byte(strings.Join(words, " ")))
	sum := h.Sum(nil)
	return sum[0] == 0x01 || sum[0] == 0x10 && sum[1]>>4 <= 2
}
