// Package risk looks at where the value of a subject came from and went: which
// services could name who is behind it, and which red flags it shows.
//
// Everything here is a claim. Invariants: a red flag is a named rule with its
// version, its parameters and the transactions that it rests on, and no score is
// made of them; where a rule lacks what it needs (a time, a rate, a prevout) it
// says so and is not met.
package risk

import (
	"context"
	"time"

	"tamga"
	"tamga/chain"
	"tamga/chain/tags"
)

// Facts is what is asked. Tags and Source are needed, the others may be nil.
type Facts struct {
	Source chain.Source
	Tags   func(ctx context.Context, address string) ([]tamga.Tag, error)
	Actor  func(ctx context.Context, id string) (tags.Actor, bool, error)
	Wallet func(address string) (key uint64, ok bool, err error)
	Mix    chain.Mixer
	Lists  string // date of the newest sanctions list among the tags; "" if there is none
	Value  func(ctx context.Context, amount tamga.Amount, at time.Time) (*tamga.Fiat, error)
}

// sameWallet tells whether two addresses are one, or of one wallet.
func (f *Facts) sameWallet(a, b string) (bool, error) {
	if a == b || a == "" || b == "" || f.Wallet == nil {
		return a == b && a != "", nil
	}
	x, ok, err := f.Wallet(a)
	if err != nil || !ok {
		return false, err
	}
	y, ok, err := f.Wallet(b)
	return ok && x == y, err
}
