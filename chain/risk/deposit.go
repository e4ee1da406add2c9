package risk

import (
	"context"
	"errors"

	"tamga"
	"tamga/chain"
)

// Deposit is an address that a service seems to have given to one customer: it is
// paid more than once, and whatever it spends goes whole to that service (claim,
// rule deposit@1; the rule of Victor, FC 2020, for a ledger of outputs). The
// service can say whose it is.
type Deposit struct {
	Address  string   `json:"address"`
	Service  string   `json:"service"` // its name, or the address that all of it went to
	Payments int      `json:"payments"`
	Sweeps   []string `json:"sweeps"` // transactions that spent them
	Rule     string   `json:"rule"`
}

const depositRule = "deposit@1"

// Parameters of the deposit rule.
const (
	leastPayments = 2    // to the address
	mostPayments  = 1000 // an address with more is no customer's
	largeAddress  = 100  // payments from which an untagged address counts as a service's
)

// Deposit applies the rule to an address; nil where it does not hold, or where
// what it needs is not known.
func (f *Facts) Deposit(ctx context.Context, addr string) (*Deposit, error) {
	if addr == "" {
		return nil, nil
	}
	d := &Deposit{Address: addr, Rule: depositRule}
	seen := map[string]bool{}
	for out, err := range f.Source.History(ctx, addr) {
		if err != nil {
			return nil, err
		}
		if d.Payments++; d.Payments > mostPayments {
			return nil, nil
		}
		spend, found, err := f.Source.Spender(ctx, out)
		if errors.Is(err, chain.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if !found || seen[spend.TxID] {
			continue
		}
		seen[spend.TxID] = true
		tx, err := f.Source.Tx(ctx, spend.TxID)
		if errors.Is(err, chain.ErrNotFound) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		to, err := f.destination(ctx, tx)
		if err != nil || to == "" || to == addr || d.Service != "" && d.Service != to {
			return nil, err
		}
		d.Service = to
		d.Sweeps = append(d.Sweeps, tx.TxID)
	}
	if d.Payments < leastPayments || d.Service == "" {
		return nil, nil
	}
	return d, nil
}

// destination is the one service that all outputs of a transaction pay: by its
// name or, where it has none, its only address if that is a large one.
func (f *Facts) destination(ctx context.Context, tx *tamga.Tx) (to string, err error) {
	for _, out := range tx.Out {
		if out.Value.Sign() == 0 {
			continue
		}
		name := out.Address
		s, err := f.service(ctx, out.Address)
		if err != nil {
			return "", err
		}
		if s != nil {
			name = s.Name
		} else if large, err := f.large(ctx, out.Address); err != nil || !large {
			return "", err
		}
		if to != "" && to != name {
			return "", nil
		}
		to = name
	}
	return to, nil
}

func (f *Facts) large(ctx context.Context, addr string) (bool, error) {
	n := 0
	if addr == "" {
		return false, nil
	}
	for _, err := range f.Source.History(ctx, addr) {
		if err != nil {
			return false, err
		}
		if n++; n >= largeAddress {
			return true, nil
		}
	}
	return false, nil
}
