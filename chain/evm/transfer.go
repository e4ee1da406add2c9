package evm

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"

	"tamga"
)

// Kinds of transfers.
const (
	KindValue      = "value"      // what a transaction itself pays
	KindInternal   = "internal"   // what a call inside one pays
	KindToken      = "token"      // what a log tells
	KindFee        = "fee"        // of a transaction, failed ones too
	KindTip        = "tip"        // what a block's transactions pay its maker
	KindWithdrawal = "withdrawal" // of a validator (EIP-4895)
)

// place is where a transfer stands in the ledger's order: its block, transaction
// and place in that. The fee stands before what the transaction pays, as gas is
// bought first; within a transaction assets do not bear on each other.
type place struct {
	height int64
	tx     int64
	class  int64 // 0 coin, 1 tokens
	seq    int64
	item   int64
}

// afterAll is the tx of what a block itself pays.
const afterAll = 1 << 54

func (a place) compare(b place) int {
	return cmp.Or(
		cmp.Compare(a.height, b.height), cmp.Compare(a.tx, b.tx), cmp.Compare(a.class, b.class),
		cmp.Compare(a.seq, b.seq), cmp.Compare(a.item, b.item),
	)
}

// transfer is an amount that moved.
type transfer struct {
	place
	kind       string
	asset      asset
	from, to   Account
	made, gone bool // no from; no to
	amount     *big.Int
	tx         hash
	log        int64 // index in the block, -1 where no log made it
	trace      string
	block      hash
	time       time.Time
	evidence   string
	sale       *tamga.Sale
}

// print is the transfer in the vocabulary of the program.
func (t *transfer) print(n Network) tamga.Transfer {
	name := n.asset(t.asset)
	v := tamga.Transfer{
		N: t.n(), Item: int(t.item), Trace: t.trace, Kind: t.kind, Asset: name, Amount: tamga.AmountOf(t.amount, name),
		Height: t.height, Block: n.hash(t.block), Time: t.time, Evidence: t.evidence, Sale: t.sale,
	}
	if t.tx != (hash{}) {
		v.TxID = n.hash(t.tx)
	}
	if !t.made {
		v.From = n.Format(t.from)
	}
	if !t.gone {
		v.To = n.Format(t.to)
	}
	return v
}

func (t *transfer) n() *uint64 {
	if t.log < 0 {
		return nil
	}
	n := uint64(t.log)
	return &n
}

func sorted(all []*transfer) []*transfer {
	slices.SortFunc(all, func(a, b *transfer) int { return a.compare(b.place) })
	return slices.CompactFunc(all, func(a, b *transfer) bool { return a.place == b.place })
}

// book is what one account did with one asset in the range, in ledger order.
//
// Laid end to end, what came (the opening balance first) is a line, and what left,
// laid end to end, is the same line: FIFO is that and nothing else.
type book struct {
	account Account
	asset   asset
	opening *big.Int // nil where unknown
	why     string   // why nothing can be said of what left; "" where it can

	credits, debits []*entry
}

// entry is a transfer as one account sees it, and its part of the line. Of a
// transfer to oneself the debit comes first.
type entry struct {
	*transfer
	lo, hi *big.Int
	left   *big.Int // the account's balance: before a debit, after a credit; nil where unknown
}

// lay lays the line. It sets why where the line cannot be: the opening
// balance is unknown, more left than there was, or what is left differs from
// closing (nil: not known).
func (b *book) lay(all []*transfer, closing *big.Int) {
	in, out := new(big.Int), new(big.Int)
	if b.opening != nil {
		in.Set(b.opening)
	} else {
		b.why = "the balance before the range is not known"
	}
	balance := func() *big.Int {
		if b.opening == nil {
			return nil
		}
		return sub(in, out)
	}
	for _, t := range all {
		if !t.made && t.from == b.account && t.asset == b.asset {
			e := &entry{transfer: t, lo: new(big.Int).Set(out), left: balance()}
			out.Add(out, t.amount)
			e.hi = new(big.Int).Set(out)
			if b.why == "" && out.Cmp(in) > 0 {
				b.why = fmt.Sprintf("more left than is seen to have come, at block %d", t.height)
			}
			b.debits = append(b.debits, e)
		}
		if !t.gone && t.to == b.account && t.asset == b.asset {
			e := &entry{transfer: t, lo: new(big.Int).Set(in)}
			in.Add(in, t.amount)
			e.hi, e.left = new(big.Int).Set(in), balance()
			b.credits = append(b.credits, e)
		}
	}
	if left := sub(in, out); b.why == "" && closing != nil && left.Cmp(closing) != 0 {
		b.why = fmt.Sprintf("the transfers seen leave %s, the node tells a balance of %s", left, closing)
	}
}

// creditOf is the entry of a transfer to the account.
func (b *book) creditOf(t *transfer) *entry {
	i, ok := slices.BinarySearchFunc(b.credits, t.place, func(e *entry, p place) int { return e.compare(p) })
	if !ok {
		return nil
	}
	return b.credits[i]
}

func (b *book) debitOf(t *transfer) *entry {
	i, ok := slices.BinarySearchFunc(b.debits, t.place, func(e *entry, p place) int { return e.compare(p) })
	if !ok {
		return nil
	}
	return b.debits[i]
}
