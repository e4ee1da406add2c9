package demo

import (
	"crypto/sha3"
	"encoding/base32"
	"strings"
)

// onion makes a v3 onion address of the right form (rend-spec-v3 §6) that leads
// nowhere: it begins with "demo" and the label, and the 32 bytes that should be a
// public key are whatever these letters decode to. Letters outside the base32
// alphabet must not be in the label.
func onion(label string) string {
	enc := base32.StdEncoding.WithPadding(base32.NoPadding)
	text := strings.ToUpper("demo" + label + strings.Repeat("nowhere", 8))[:52]
	key, err := enc.DecodeString(text)
	if err != nil {
		panic("onion label " + label + ": " + err.Error()) // a constant of this package
	}
	sum := sha3.Sum256(append(append([]byte(".onion checksum"), key...), 3))
	return strings.ToLower(enc.EncodeToString(append(append(key, sum[0], sum[1]), 3))) + ".onion"
}
