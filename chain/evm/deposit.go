package evm

import (
	"context"
	"encoding/hex"
	"math/big"
	"slices"

	"tamga"
)

const depositRule = "deposit-reuse@1"

// DepositParams are those of the rule deposit-reuse@1 (Victor, Financial
// Cryptography 2020): who pays an address that hands everything on to one service
// is that service's customer, and all who pay it are one.
type DepositParams struct {
	Blocks     int64    // between a payment and its being handed on; default 3,200
	Difference *big.Int // of the coin that may stay behind for the fee, in wei; default 0.01; tokens go on whole
}

// Deposit is an address that the rule takes for a customer's at a service (claim).
type Deposit struct {
	Rule       string       `json:"rule"`
	Blocks     int64        `json:"blocks"`
	Difference tamga.Amount `json:"difference"`
	Address    string       `json:"address"`
	Service    string       `json:"service"` // the account that everything goes on to
	Tag        *tamga.Tag   `json:"tag,omitempty"`
	Withheld   string       `json:"withheld,omitempty"` // why nothing follows from it
	Senders    []string     `json:"senders"`
	Handed     []Handed     `json:"handed"`
}

// Handed is a payment, and the transfer that handed it on.
type Handed struct {
	In  tamga.Transfer `json:"in"`
	Out tamga.Transfer `json:"out"`
}

// Owner is the accounts that the rule gives one owner (claim).
type Owner struct {
	ID        string    `json:"wallet"` // the first of them to pay a deposit address
	Size      int       `json:"size"`
	Addresses []string  `json:"addresses"`
	Height    int64     `json:"height"`
	Deposits  []Deposit `json:"deposits"`
}

// Customer applies the rule to what an account paid in the range. service says
// whether an account is a service, nil where nothing does: a deposit address whose
// service is not known is told, and joins nobody.
func (l *Ledger) Customer(ctx context.Context, address string, assets []string, p DepositParams, service func(address string) (*tamga.Tag, error)) (Owner, error) {
	if p.Blocks == 0 {
		p.Blocks = 3200
	}
	if p.Difference == nil {
		p.Difference = big.NewInt(1e16)
	}
	a, err := l.ParseAccount(address)
	if err != nil {
		return Owner{}, err
	}
	var wanted []asset
	for _, s := range assets {
		of, err := l.parseAsset(s)
		if err != nil {
			return Owner{}, err
		}
		wanted = append(wanted, of)
	}
	if len(wanted) == 0 {
		if wanted, err = l.assetsOf(ctx, a); err != nil {
			return Owner{}, err
		}
	}
	o := Owner{Height: l.span.To, Deposits: []Deposit{}}
	first := map[Account]place{}
	for _, of := range wanted {
		if of.standard == unique || of.standard == multi {
			continue
		}
		mine, err := l.book(ctx, a, of)
		if err != nil {
			return Owner{}, err
		}
		asked := map[Account]bool{a: true}
		for _, paid := range mine.debits {
			if paid.gone || asked[paid.to] {
				continue
			}
			asked[paid.to] = true
			d, senders, err := l.deposit(ctx, paid.to, of, a, p, service)
			if err != nil {
				return Owner{}, err
			}
			if d == nil {
				continue
			}
			o.Deposits = append(o.Deposits, *d)
			if d.Withheld != "" {
				continue
			}
			for s, at := range senders {
				if old, ok := first[s]; !ok || at.compare(old) < 0 {
					first[s] = at
				}
			}
		}
	}
	if _, ok := first[a]; !ok {
		first[a] = place{height: 1 << 60}
	}
	var all []Account
	for s := range first {
		all = append(all, s)
	}
	slices.SortFunc(all, func(x, y Account) int { return first[x].compare(first[y]) })
	for _, s := range all {
		o.Addresses = append(o.Addresses, l.Format(s))
	}
	o.ID, o.Size = o.Addresses[0], len(all)
	return o, nil
}

// deposit applies the rule to one address that payer paid; nil where it does not
// hold. Senders come with the place of their first payment that was handed on.
func (l *Ledger) deposit(ctx context.Context, at Account, of asset, payer Account, p DepositParams, service func(string) (*tamga.Tag, error)) (*Deposit, map[Account]place, error) {
	b, err := l.book(ctx, at, of)
	if err != nil {
		return nil, nil, err
	}
	var to *Account
	for _, d := range b.debits {
		switch {
		case d.gone: // a fee
		case to == nil && d.to != at:
			to = &d.to
		case to == nil || d.to != *to:
			return nil, nil, nil // it pays several, or itself
		}
	}
	if to == nil || *to == payer {
		return nil, nil, nil
	}
	room := new(big.Int)
	if of.standard == coin {
		room = p.Difference
	}
	d := &Deposit{
		Rule: depositRule, Blocks: p.Blocks, Difference: tamga.AmountOf(room, l.asset(of)),
		Address: l.Format(at), Service: l.Format(*to), Senders: []string{}, Handed: []Handed{},
	}
	senders := map[Account]place{}
	taken := map[place]bool{}
	for _, out := range b.debits {
		if out.gone {
			continue
		}
		for _, in := range slices.Backward(b.credits) { // the latest payment that fits
			left := sub(in.amount, out.amount)
			if in.compare(out.place) > 0 || taken[in.place] || in.made || left.Sign() < 0 || left.Cmp(room) > 0 {
				continue
			}
			if out.height-in.height > p.Blocks {
				break // the ones before are older still
			}
			taken[in.place] = true
			d.Handed = append(d.Handed, Handed{in.print(l.Network), out.print(l.Network)})
			if old, ok := senders[in.from]; !ok || in.compare(old) < 0 {
				senders[in.from] = in.place
			}
			break
		}
	}
	if _, ok := senders[payer]; !ok {
		return nil, nil, nil
	}
	code, err := l.isContract(ctx, at)
	switch {
	case err != nil:
		return nil, nil, err
	case code:
		return nil, nil, nil
	}
	if d.Tag, err = service(d.Service); err != nil {
		return nil, nil, err
	}
	if d.Tag == nil {
		d.Withheld = "no tag says that the account it hands on to is a service"
	}
	for s := range senders { // who is a service itself, or a contract, is no customer's key
		tagged, err := service(l.Format(s))
		if err != nil {
			return nil, nil, err
		}
		if code, err = l.isContract(ctx, s); err != nil {
			return nil, nil, err
		}
		if s != payer && (tagged != nil || code) {
			delete(senders, s)
			continue
		}
		d.Senders = append(d.Senders, l.Format(s))
	}
	slices.Sort(d.Senders)
	return d, senders, nil
}

// isContract says whether an account has code at the end of the range, or where
// the node only knows the last block, there.
func (l *Ledger) isContract(ctx context.Context, a Account) (bool, error) {
	at := tag(l.span.To)
	if l.tron {
		at = "latest"
	}
	var code blob
	_, err := l.call(ctx, &code, "eth_getCode", "0x"+hex.EncodeToString(a[:]), at)
	return len(code) > 0, err
}
