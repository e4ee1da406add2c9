package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"tamga"
)

// key is the start of a payload digest, which is what the archive keeps in
// memory of each payload; the log entry has the whole.
type key [24]byte

// keyOf reads the hexadecimal digits of a digest.
func keyOf(digits []byte) (key, bool) {
	var sum [sha256.Size]byte
	if len(digits) != 2*len(sum) {
		return key{}, false
	}
	if _, err := hex.Decode(sum[:], digits); err != nil {
		return key{}, false
	}
	return key(sum[:len(key{})]), true
}

func keyOfDigest(d tamga.Digest) (key, bool) {
	const prefix = "sha256:"
	if len(d) != len(prefix)+2*sha256.Size || d[:len(prefix)] != prefix {
		return key{}, false
	}
	return keyOf([]byte(d[len(prefix):]))
}

// digestOf is the digest of the parts joined.
func digestOf(parts ...[]byte) tamga.Digest {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return sumOf(h)
}

func sumOf(h hash.Hash) tamga.Digest {
	return tamga.Digest("sha256:" + hex.EncodeToString(h.Sum(nil)))
}
