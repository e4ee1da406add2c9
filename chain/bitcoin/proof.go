package bitcoin

import (
	"errors"
	"fmt"
	"slices"
)

// A proof shows that a transaction stands in a block: its bytes, the header of
// the block, and the hashes that lead from the one to the merkle root of the
// other (Bitcoin's merkle tree, as in BIP-37). It does not show that the block is
// in the best chain: whoever doubts that asks any node for the block's hash.
type proof struct {
	Raw    []byte // the transaction, witness included
	Header []byte // 80 bytes
	Height int64  // as the index has it; -1 unknown
	Index  uint32 // place in the block
	Branch []Hash // from the leaves up
}

var errNoBlocks = errors.New("the index was made from transactions as JSON, which hold no bytes to prove: index the blocks themselves")

// prove makes the proof of a transaction of the index.
func (x *Index) prove(s *stored) (*proof, error) {
	if x.data != nil {
		return nil, errNoBlocks
	}
	f, err := x.blockFile(s.block.file)
	if err != nil {
		return nil, err
	}
	b := make([]byte, s.block.size)
	if _, err := f.ReadAt(b, s.block.offset); err != nil {
		return nil, fmt.Errorf("read block %s: %w", s.block.id, err)
	}
	unmask(b, x.key, s.block.offset)
	leaves, err := ids(b)
	if err != nil {
		return nil, fmt.Errorf("read block %s: %w", s.block.id, err)
	}
	at := slices.Index(leaves, s.id)
	if at < 0 {
		return nil, fmt.Errorf("block %s does not hold transaction %s: build the index again", s.block.id, s.id)
	}
	return &proof{Raw: s.tx.raw, Header: b[:headerSize], Height: s.block.height, Index: uint32(at), Branch: branch(leaves, at)}, nil
}

// ids are the transaction ids of a block.
func ids(block []byte) (out []Hash, err error) {
	var r blockReader
	_, err = r.read(block, func(_ int, _ *rawTx, id Hash, _ int) error {
		out = append(out, id)
		return nil
	})
	return out, err
}

// branch is the hashes beside the way from leaf i to the root.
func branch(level []Hash, i int) (out []Hash) {
	for ; len(level) > 1; i /= 2 {
		if len(level)%2 == 1 {
			level = append(level, level[len(level)-1])
		}
		out = append(out, level[i^1])
		next := make([]Hash, 0, len(level)/2)
		for k := 0; k < len(level); k += 2 {
			next = append(next, doubleSHA(append(level[k][:], level[k+1][:]...)))
		}
		level = next
	}
	return out
}

// climb is the root that a leaf and its branch lead to.
func climb(leaf Hash, i uint32, branch []Hash) Hash {
	for _, h := range branch {
		if i%2 == 0 {
			leaf = doubleSHA(append(leaf[:], h[:]...))
		} else {
			leaf = doubleSHA(append(h[:], leaf[:]...))
		}
		i /= 2
	}
	return leaf
}

// copied tells whether a proof leads through the copy that stands beside the last
// hash of an odd level: the same bytes under a place that the block has not got
// (CVE-2012-2459).
func (p *proof) copied(leaf Hash) bool {
	for i, h := range p.Branch {
		at := p.Index >> i
		if at%2 == 1 && h == leaf {
			return true
		}
		leaf = climb(leaf, at%2, []Hash{h})
	}
	return false
}

// maxBranch bounds a branch: a block has fewer than 2^17 transactions.
const maxBranch = 17

// check says what is wrong with a proof, and parses its transaction.
func (p *proof) check(network string) (*stored, error) {
	s := &stored{}
	n, err := parseTx(p.Raw, &s.tx)
	if err != nil {
		return nil, fmt.Errorf("the bytes are no transaction: %w", err)
	}
	if n != len(p.Raw) || s.tx.nIn == 0 {
		return nil, fmt.Errorf("the bytes are no transaction, or more than one")
	}
	s.id, _ = s.tx.txid(nil)
	s.wtxid = s.tx.wtxid()
	if len(p.Header) != headerSize {
		return s, fmt.Errorf("a header of %d bytes", len(p.Header))
	}
	h := header(p.Header)
	id := h.hash()
	if work(h, id).Sign() == 0 {
		return s, fmt.Errorf("block %s does not meet its own target", id)
	}
	if network == "mainnet" && target(h.bits()).Cmp(mainnetLimit) > 0 {
		return s, fmt.Errorf("block %s asks for less work than the main chain ever did", id)
	}
	if len(p.Branch) > maxBranch || p.Index>>len(p.Branch) != 0 || climb(s.id, p.Index, p.Branch) != h.merkle() || p.copied(s.id) {
		return s, fmt.Errorf("transaction %s is not under the merkle root of block %s", s.id, id)
	}
	s.block = &blockInfo{id: id, height: p.Height, stamp: h.time()}
	return s, nil
}

// mainnetLimit is the greatest target of the main chain, that of its first block.
var mainnetLimit = target(0x1d00ffff)
