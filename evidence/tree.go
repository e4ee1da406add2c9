package evidence

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// tree is the right edge of a Merkle tree of n leaves: for each bit of n that is
// set, the hash of the complete subtree of that height. It is all that appending
// and computing the root need.
type tree struct {
	n    int64
	peak [63]tlog.Hash
}

// append adds a leaf and returns the hashes it completes, in the order in which
// tlog stores them.
func (t *tree) append(leaf tlog.Hash) []tlog.Hash {
	out := make([]tlog.Hash, 1, 1+bits.TrailingZeros64(uint64(t.n+1)))
	out[0] = leaf
	h := leaf
	for level := 0; t.n>>level&1 == 1; level++ {
		h = tlog.NodeHash(t.peak[level], h)
		out = append(out, h)
	}
	t.peak[len(out)-1] = h
	t.n++
	return out
}

// root is the hash of the whole tree (RFC 6962, section 2.1).
func (t *tree) root() tlog.Hash {
	h, err := tlog.TreeHash(t.n, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			level, n := tlog.SplitStoredHashIndex(x)
			if t.n>>level&1 == 0 || n != t.n>>level-1 {
				return nil, fmt.Errorf("hash %d of level %d is not on the edge of a tree of %d", n, level, t.n)
			}
			out[i] = t.peak[level]
		}
		return out, nil
	}))
	if err != nil {
		// TreeHash asks for the complete subtrees of n, which are the peaks.
		panic(err)
	}
	return h
}
