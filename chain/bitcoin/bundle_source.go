package bitcoin

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"tamga"
	"tamga/chain"
)

// bundleSource answers from the transactions of a bundle.
type bundleSource struct {
	network string
	txs     map[Hash]*stored
	spends  map[tamga.Outpoint]chain.Spend
	history map[string][]tamga.Outpoint
}

var _ chain.Source = (*bundleSource)(nil)

// index prepares the answers about spenders and addresses.
func (s *bundleSource) index() {
	s.spends, s.history = map[tamga.Outpoint]chain.Spend{}, map[string][]tamga.Outpoint{}
	ordered := make([]*stored, 0, len(s.txs))
	for _, t := range s.txs {
		ordered = append(ordered, t)
	}
	slices.SortFunc(ordered, func(a, b *stored) int {
		if a.block.height != b.block.height {
			return int(a.block.height - b.block.height)
		}
		return slices.Compare(a.id[:], b.id[:])
	})
	for _, t := range ordered {
		t.tx.inputs(func(i int, in input) {
			if !in.coinbase() {
				s.spends[tamga.Outpoint{TxID: Hash(in.prev).String(), Vout: in.vout}] = chain.Spend{TxID: t.id.String(), Vin: uint32(i)}
			}
		})
		t.tx.outputs(func(n int, out output) bool {
			if _, addr := scriptAddress(out.script, s.network); addr != "" {
				s.history[addr] = append(s.history[addr], tamga.Outpoint{TxID: t.id.String(), Vout: uint32(n)})
			}
			return true
		})
	}
}

func (s *bundleSource) Can() chain.Capability {
	return chain.CanTx | chain.CanSpender | chain.CanHistory
}

func (s *bundleSource) Tip(context.Context) (chain.Tip, error) {
	return chain.Tip{Network: s.network, Height: -1}, nil
}

func (s *bundleSource) Tx(_ context.Context, txid string) (*tamga.Tx, error) {
	id, err := ParseHash(txid)
	if err != nil {
		return nil, err
	}
	t := s.txs[id]
	if t == nil {
		return nil, fmt.Errorf("transaction %s: %w", txid, chain.ErrNotFound)
	}
	return vocabulary(t, s.network, func(id Hash) (*stored, error) { return s.txs[id], nil })
}

func (s *bundleSource) Spender(_ context.Context, out tamga.Outpoint) (chain.Spend, bool, error) {
	v, ok := s.spends[out]
	return v, ok, nil
}

func (s *bundleSource) History(_ context.Context, addr string) iter.Seq2[tamga.Outpoint, error] {
	return func(yield func(tamga.Outpoint, error) bool) {
		for _, o := range s.history[addr] {
			if !yield(o, nil) {
				return
			}
		}
	}
}
