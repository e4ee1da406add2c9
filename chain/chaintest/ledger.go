package chaintest

import (
	"context"
	"fmt"
	"iter"

	"tamga"
	"tamga/chain"
)

// Ledger is a chain.Source in memory.
type Ledger struct {
	Network string
	txs     map[string]*tamga.Tx
	spends  map[tamga.Outpoint]chain.Spend
	history map[string][]tamga.Outpoint
	tip     chain.Tip
}

// NewLedger returns an empty source of a network.
func NewLedger(network string) *Ledger {
	return &Ledger{
		Network: network,
		txs:     map[string]*tamga.Tx{},
		spends:  map[tamga.Outpoint]chain.Spend{},
		history: map[string][]tamga.Outpoint{},
		tip:     chain.Tip{Network: network, Height: -1},
	}
}

// Add takes a transaction in; chain order is the order of the calls.
func (l *Ledger) Add(tx *tamga.Tx) {
	l.txs[tx.TxID] = tx
	for i, in := range tx.In {
		if !in.Coinbase {
			l.spends[in.Prev] = chain.Spend{TxID: tx.TxID, Vin: uint32(i)}
		}
	}
	for _, out := range tx.Out {
		if out.Address != "" {
			l.history[out.Address] = append(l.history[out.Address], tamga.Outpoint{TxID: tx.TxID, Vout: out.N})
		}
	}
	if tx.Height >= l.tip.Height {
		l.tip.Height, l.tip.Hash, l.tip.Time = tx.Height, tx.Block, tx.Time
	}
}

// Source is the best chain as it stands now, served from memory.
func (b *Builder) Source() *Ledger {
	l := NewLedger("regtest")
	for _, tx := range b.Txs() {
		l.Add(tx)
	}
	return l
}

// Can answers every question.
func (l *Ledger) Can() chain.Capability {
	return chain.CanTx | chain.CanSpender | chain.CanHistory
}

// Tip is the block of the transaction with the greatest height.
func (l *Ledger) Tip(context.Context) (chain.Tip, error) { return l.tip, nil }

// Tx returns a transaction that was added.
func (l *Ledger) Tx(_ context.Context, txid string) (*tamga.Tx, error) {
	if tx := l.txs[txid]; tx != nil {
		return tx, nil
	}
	return nil, fmt.Errorf("transaction %s: %w", txid, chain.ErrNotFound)
}

// Spender returns the input that spent an output.
func (l *Ledger) Spender(_ context.Context, out tamga.Outpoint) (chain.Spend, bool, error) {
	s, ok := l.spends[out]
	return s, ok, nil
}

// History yields the outputs that paid an address.
func (l *Ledger) History(_ context.Context, addr string) iter.Seq2[tamga.Outpoint, error] {
	return func(yield func(tamga.Outpoint, error) bool) {
		for _, o := range l.history[addr] {
			if !yield(o, nil) {
				return
			}
		}
	}
}
