// Package chain follows value on public ledgers.
//
// A ledger fact (a transaction, which output it spends) comes from a [Source]; a
// [tamga.Trace] is a claim about those facts under a named method. Invariants: an
// unknown prevout stays unknown and ends a trace, it never counts as zero;
// amounts are whole base units; no limit cuts a trace unless the caller set it,
// and every place where a trace stopped is named with its reason.
package chain

import (
	"context"
	"errors"
	"iter"
	"time"

	"tamga"
)

// ErrNotFound says that a source does not hold the transaction asked for. It
// does not say that there is none.
var ErrNotFound = errors.New("not in this source")

// Capability is what a source can answer.
type Capability uint8

// The questions of the Source interface.
const (
	CanTx      Capability = 1 << iota // any transaction by its id
	CanSpender                        // which transaction spent an output
	CanHistory                        // which outputs paid an address
)

// Tip is the last block that a source knows. Height is -1 where unknown.
type Tip struct {
	Network string
	Height  int64
	Hash    string
	Time    time.Time
}

// Spend is the input that spent an output.
type Spend struct {
	TxID string
	Vin  uint32
}

// Source answers questions about one ledger's best chain.
type Source interface {
	Can() Capability
	Tip(ctx context.Context) (Tip, error)

	// Tx returns a transaction with the prevouts that the source knows, or an
	// error that is ErrNotFound. The caller does not change what it returns.
	Tx(ctx context.Context, txid string) (*tamga.Tx, error)

	// Spender returns the input that spent an output; found is false where the
	// source knows of none. A source that cannot tell answers ErrNotFound.
	Spender(ctx context.Context, out tamga.Outpoint) (spend Spend, found bool, err error)

	// History yields the outputs that paid an address, in chain order, none
	// twice. An address that the source never saw has none.
	History(ctx context.Context, address string) iter.Seq2[tamga.Outpoint, error]
}
