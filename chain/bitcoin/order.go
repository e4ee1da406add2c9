package bitcoin

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// scanned is what a scan keeps of a block: what the chain's order and the cut into
// layers need.
type scanned struct {
	id, prev Hash
	offset   int64 // of the block in its file
	size     uint32
	stamp    uint32 // Unix seconds
	bits     uint32
	txs      uint32
	inputs   uint32 // all, the coinbase's too
	spends   uint32 // inputs that spend something
	outputs  uint32
	claimed  int32 // height by BIP-34, -1 where there is none
	file     int32 // index into the sources
}

// rows is how many rows of the sorted tables a block has.
func (s *scanned) rows() int64 { return int64(s.txs) + int64(s.spends) + int64(s.outputs) }

// Branches says what became of the blocks of a scan.
type Branches struct {
	Duplicate int `json:"duplicate,omitempty"` // the same block found again
	Stale     int `json:"stale,omitempty"`     // on a lighter branch of a common ancestor that is present
	Islands   int `json:"islands,omitempty"`   // chains that do not start at the genesis block
}

// placed is a block in its place in the chain's order.
type placed struct {
	*scanned
	height  int64 // -1 unknown
	firstTx uint32
}

const none = int32(-1)

// tree are the blocks found, each once, linked to their parents.
type tree struct {
	blocks         []scanned
	parent         []int32
	child, sibling []int32 // first child, next child of the same parent, in the order found
}

// bestChain puts blocks into chain order. The blocks form trees: one grows from
// each block whose parent is absent. Of every tree the branch with most work is
// kept (among equals the one with more blocks, then the one found first); what
// else grows on it is stale. Trees come one after the other in the order of
// their first block's time, the one from the genesis block first.
func bestChain(found []scanned, genesis Hash) (ordered []placed, n Branches) {
	t, roots, duplicate := growTrees(found)
	n.Duplicate = duplicate
	slices.SortStableFunc(roots, func(a, b int32) int {
		x, y := &t.blocks[a], &t.blocks[b]
		return cmp.Or(-cmpBool(x.id == genesis, y.id == genesis), cmp.Compare(x.stamp, y.stamp))
	})
	var w worker
	for _, root := range roots {
		branch := t.heaviest(root, &w)
		fixHeights(branch, t.blocks[root].id == genesis)
		if t.blocks[root].id != genesis {
			n.Islands++
		}
		ordered = append(ordered, branch...)
	}
	n.Stale = len(found) - duplicate - len(ordered)
	return ordered, n
}

func growTrees(found []scanned) (t *tree, roots []int32, duplicate int) {
	t = &tree{
		blocks: found, parent: make([]int32, len(found)),
		child: make([]int32, len(found)), sibling: make([]int32, len(found)),
	}
	byID := make(map[Hash]int32, len(found))
	again := make([]bool, len(found))
	for i := range found {
		t.parent[i], t.child[i], t.sibling[i] = none, none, none
		if _, ok := byID[found[i].id]; ok {
			duplicate++
			again[i] = true
			continue
		}
		byID[found[i].id] = int32(i)
	}
	for i := len(found) - 1; i >= 0; i-- { // backwards, so that children end up in the order found
		if again[i] {
			continue
		}
		p, ok := byID[found[i].prev]
		if !ok {
			roots = append(roots, int32(i))
			continue
		}
		t.parent[i], t.sibling[i], t.child[p] = p, t.child[p], int32(i)
	}
	slices.Reverse(roots)
	return t, roots, duplicate
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
func (t *tree) heaviest(root int32, w *worker) []placed {
	type sum struct {
		at    int32
		count int32
		work  sum128
	}
	first := sum{root, 1, w.of(&t.blocks[root])}
	best := first
	for todo := []sum{first}; len(todo) > 0; { // breadth first, so that ties go to the block found first
		var next []sum
		for _, s := range todo {
			for c := t.child[s.at]; c != none; c = t.sibling[c] {
				cs := sum{c, s.count + 1, s.work.add(w.of(&t.blocks[c]))}
				next = append(next, cs)
				if d := cs.work.cmp(best.work); d > 0 || d == 0 && cs.count > best.count {
					best = cs
				}
			}
		}
		todo = next
	}
	path := make([]placed, 0, best.count)
	for i := best.at; ; i = t.parent[i] {
		path = append(path, placed{scanned: &t.blocks[i]})
		if i == root {
			break
		}
	}
	slices.Reverse(path)
	return path
}

// fixHeights counts from the genesis block, or from the first block of an
// island whose coinbase names its height; else heights stay unknown.
func fixHeights(branch []placed, genesis bool) {
	base := int64(-1)
	if genesis {
		base = 0
	} else {
		for i, b := range branch {
			if int64(b.claimed) >= int64(i) {
				base = int64(b.claimed) - int64(i)
				break
			}
		}
	}
	for i := range branch {
		branch[i].height = -1
		if base >= 0 {
			branch[i].height = base + int64(i)
		}
	}
}

// sum128 is a sum of work. No chain has 2^128 hashes in it; should blocks say so,
// it stays at the greatest value.
type sum128 struct{ hi, lo uint64 }

func (a sum128) add(b sum128) sum128 {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, over := bits.Add64(a.hi, b.hi, carry)
	if over != 0 {
		return sum128{math.MaxUint64, math.MaxUint64}
	}
	return sum128{hi, lo}
}

func (a sum128) cmp(b sum128) int { return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo)) }

// worker works out the work of blocks; a target is good for thousands of them.
type worker struct {
	bits   uint32
	ready  bool
	work   sum128
	target [32]byte // big-endian
}

// of is the work of a block: see work.
func (w *worker) of(b *scanned) sum128 {
	if !w.ready || w.bits != b.bits {
		*w = worker{bits: b.bits, ready: true}
		if t := target(b.bits); t != nil {
			t.FillBytes(w.target[:])
			w.work = low128(workOf(t))
		}
	}
	for i := range w.target {
		if v := b.id[31-i]; v != w.target[i] {
			if v > w.target[i] {
				return sum128{}
			}
			break
		}
	}
	return w.work
}

func low128(n *big.Int) sum128 {
	if n.BitLen() > 128 {
		return sum128{math.MaxUint64, math.MaxUint64}
	}
	return sum128{new(big.Int).Rsh(n, 64).Uint64(), new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)).Uint64()}
}
