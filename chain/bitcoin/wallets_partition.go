package bitcoin

import (
	"cmp"
	"strconv"

	"tamga/chain"
)

// multiInputName is the multi-input rule as claims name it.
const multiInputName = "multi-input@1"

// Partition is the wallets as a trace or a path between wallets asks for them. It
// is good until Close, and no safer for several goroutines than the index.
func (w *Wallets) Partition() chain.Partition {
	rule := multiInputName
	if w.over != nil && len(w.over.roots) > 0 {
		rule += " and what people decided"
	}
	return chain.Partition{
		Rule: rule, Height: w.height(Now), Names: w.names,
		Of: func(addr string) (string, bool, error) {
			id, ok, err := w.seen(addr)
			if !ok || err != nil {
				return "", false, err
			}
			return strconv.FormatUint(uint64(w.root(id)), 10), true, nil
		},
	}
}

// names finds the earliest member of each of some wallets, all in one pass.
func (w *Wallets) names(wallets []string) (map[string]string, error) {
	earliest := map[uint32]uint32{}
	for _, s := range wallets {
		if root, err := strconv.ParseUint(s, 10, 32); err == nil {
			earliest[uint32(root)] = uint32(root)
		}
	}
	for id := range uint32(w.roots.len()) {
		root := w.root(id)
		if best, asked := earliest[root]; asked && w.before(id, best) {
			earliest[root] = id
		}
	}
	out := map[string]string{}
	for root, id := range earliest {
		addr, err := w.address(id)
		if err != nil {
			return nil, err
		}
		out[strconv.FormatUint(uint64(root), 10)] = addr
	}
	return out, nil
}

// before says whether a script appears on the ledger before another: in a
// transaction before it, or as an input, or at a lower place.
func (w *Wallets) before(a, b uint32) bool {
	x, y := w.first(a), w.first(b)
	return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(a, b)) < 0
}
