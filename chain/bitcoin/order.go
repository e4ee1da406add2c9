package bitcoin

import (
	"cmp"
	"math/big"
	"slices"
)

// blockInfo is what a scan keeps of a block.
type blockInfo struct {
	id, prev Hash
	work     *big.Int
	stamp    uint32 // unix seconds
	bits     uint32
	txs      int
	file     int
	offset   int64
	size     int
	claimed  int64 // height by BIP-34, -1 where there is none

	height  int64 // -1 unknown
	firstTx uint32
}

// Branches says what became of the blocks of a scan.
type Branches struct {
	Duplicate int `json:"duplicate,omitempty"` // the same block found again
	Stale     int `json:"stale,omitempty"`     // on a lighter branch of a common ancestor that is present
	Islands   int `json:"islands,omitempty"`   // chains that do not start at the genesis block
}

// bestChain puts blocks into chain order. The blocks form trees: one grows from
// each block whose parent is absent. Of every tree the branch with most work is
// kept (among equals the one with more blocks, then the one found first); what
// else grows on it is stale. Trees come one after the other in the order of
// their first block's time, the one from the genesis block first.
func bestChain(found []*blockInfo, genesis Hash) (ordered []*blockInfo, n Branches) {
	byID := make(map[Hash]*blockInfo, len(found))
	unique := found[:0:0]
	for _, b := range found {
		if byID[b.id] != nil {
			n.Duplicate++
			continue
		}
		byID[b.id] = b
		unique = append(unique, b)
	}
	children := make(map[Hash][]*blockInfo, len(unique))
	var roots []*blockInfo
	for _, b := range unique {
		if byID[b.prev] == nil {
			roots = append(roots, b)
		} else {
			children[b.prev] = append(children[b.prev], b)
		}
	}
	slices.SortStableFunc(roots, func(a, b *blockInfo) int {
		return cmp.Or(-cmpBool(a.id == genesis, b.id == genesis), cmp.Compare(a.stamp, b.stamp))
	})
	for _, root := range roots {
		branch := heaviest(root, children, byID)
		fixHeights(branch, root.id == genesis)
		if root.id != genesis {
			n.Islands++
		}
		ordered = append(ordered, branch...)
	}
	n.Stale = len(unique) - len(ordered)
	return ordered, n
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// heaviest returns the path from a root to the leaf with most work.
func heaviest(root *blockInfo, children map[Hash][]*blockInfo, byID map[Hash]*blockInfo) []*blockInfo {
	type sum struct {
		work  *big.Int
		count int
	}
	best, bestSum := root, sum{root.work, 1}
	todo := []*blockInfo{root}
	sums := map[*blockInfo]sum{root: bestSum}
	for len(todo) > 0 { // breadth first, so that ties go to the block found first
		b := todo[0]
		todo = todo[1:]
		s := sums[b]
		if len(children[b.id]) > 0 {
			delete(sums, b)
		}
		for _, c := range children[b.id] {
			cs := sum{new(big.Int).Add(s.work, c.work), s.count + 1}
			sums[c] = cs
			todo = append(todo, c)
			if d := cs.work.Cmp(bestSum.work); d > 0 || d == 0 && cs.count > bestSum.count {
				best, bestSum = c, cs
			}
		}
	}
	path := make([]*blockInfo, 0, bestSum.count)
	for b := best; ; b = byID[b.prev] {
		path = append(path, b)
		if b == root {
			break
		}
	}
	slices.Reverse(path)
	return path
}

// fixHeights counts from the genesis block, or from the first block of an
// island whose coinbase names its height; else heights stay unknown.
func fixHeights(branch []*blockInfo, genesis bool) {
	base := int64(-1)
	if genesis {
		base = 0
	} else {
		for i, b := range branch {
			if b.claimed >= int64(i) {
				base = b.claimed - int64(i)
				break
			}
		}
	}
	for i, b := range branch {
		b.height = -1
		if base >= 0 {
			b.height = base + int64(i)
		}
	}
}
