package bitcoin

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Hash is a double SHA-256 in the byte order of the ledger.
type Hash [32]byte

// String is the hash as explorers print it: bytes reversed.
func (h Hash) String() string {
	slices.Reverse(h[:])
	return hex.EncodeToString(h[:])
}

// ParseHash reads a hash as explorers print it.
func ParseHash(s string) (h Hash, err error) {
	if len(s) != 64 {
		return h, fmt.Errorf("hash %q: want 64 hexadecimal digits", s)
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return h, fmt.Errorf("hash %q: %w", s, err)
	}
	slices.Reverse(h[:])
	return h, nil
}

func doubleSHA(b []byte) Hash {
	h := sha256.Sum256(b)
	return sha256.Sum256(h[:])
}

// merkleRoot computes the root of a tree of transaction ids, which it
// overwrites. mutated is true where two equal neighbours make the list one of
// several with the same root (CVE-2012-2459).
func merkleRoot(level []Hash) (root Hash, mutated bool) {
	if len(level) == 0 {
		return Hash{}, false
	}
	var pair [64]byte
	for len(level) > 1 {
		for i := 0; i+1 < len(level); i += 2 {
			mutated = mutated || level[i] == level[i+1]
		}
		if len(level)%2 == 1 {
			level = append(level, level[len(level)-1])
		}
		for i := 0; i < len(level); i += 2 {
			copy(pair[:32], level[i][:])
			copy(pair[32:], level[i+1][:])
			level[i/2] = doubleSHA(pair[:])
		}
		level = level[:len(level)/2]
	}
	return level[0], mutated
}
