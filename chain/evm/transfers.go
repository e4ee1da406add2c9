package evm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tamga"
	"tamga/chain"
	"tamga/chain/rpc"
)

// Transfers are what an account was paid and paid in the range, fees included, in
// ledger order: of the assets named, or of all.
func (l *Ledger) Transfers(ctx context.Context, address string, assets []string) ([]tamga.Transfer, error) {
	a, err := l.ParseAccount(address)
	if err != nil {
		return nil, err
	}
	var wanted []asset
	tokens, coins := len(assets) == 0, len(assets) == 0 && !l.tron
	for _, s := range assets {
		of, err := l.parseAsset(s)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, of)
		coins, tokens = coins || of.standard == coin, tokens || of.standard != coin
	}
	var all []*transfer
	if coins {
		if all, err = l.coinsOf(ctx, a); err != nil {
			return nil, err
		}
	}
	if tokens {
		more, err := l.tokensOf(ctx, a, Account{})
		if err != nil {
			return nil, err
		}
		all = sorted(append(slices.Clone(all), more...))
	}
	out := []tamga.Transfer{}
	for _, t := range all {
		if len(wanted) > 0 && !slices.Contains(wanted, t.asset) {
			continue
		}
		v := t.print(l.Network)
		if v.Sale, err = l.sale(ctx, t); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, l.steady(ctx)
}

// assetsOf are those that an account was paid or paid in the range.
func (l *Ledger) assetsOf(ctx context.Context, a Account) (all []asset, err error) {
	if !l.tron {
		all = append(all, asset{})
	}
	tokens, err := l.tokensOf(ctx, a, Account{})
	if err != nil {
		return nil, err
	}
	seen := map[asset]bool{}
	for _, t := range tokens {
		if !seen[t.asset] {
			seen[t.asset] = true
			all = append(all, t.asset)
		}
	}
	return all, nil
}

// transfersOf are those of a transaction, in ledger order.
func (l *Ledger) transfersOf(ctx context.Context, id hash, tokensOnly bool) ([]*transfer, error) {
	all, h, err := l.logsOf(ctx, id)
	if err != nil || tokensOnly {
		return all, err
	}
	if _, err := l.coinsOf(ctx, Account{}); err != nil {
		return nil, err
	}
	for _, of := range l.coins {
		for _, t := range of {
			if t.tx == id && t.height == h.height() {
				all = append(all, t)
			}
		}
	}
	return sorted(all), nil
}

// logsOf are the token transfers of a transaction, by its receipt.
func (l *Ledger) logsOf(ctx context.Context, id hash) (all []*transfer, h *header, err error) {
	asked := "transaction " + l.hash(id)
	r, err := l.receipt(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	said := l.evidence()
	height := r.BlockNumber.height()
	if height < l.span.From || height > l.span.To {
		return nil, nil, &rpc.Error{
			Server: l.Origin(), Asked: asked, Err: fmt.Errorf("it is in block %d, outside of the range %d to %d", height, l.span.From, l.span.To),
			Hint: "say --from-block and --to-block",
		}
	}
	if h, err = l.head(ctx, height); err != nil {
		return nil, nil, err
	}
	if r.BlockHash != *h.Hash {
		return nil, nil, l.wrong(asked, errReorg)
	}
	if r.Status.known() && r.Status.Sign() == 0 && len(r.Logs) > 0 {
		return nil, nil, l.wrong(asked, rpc.Lie("it failed, and has logs"))
	}
	for i := range r.Logs {
		x := &r.Logs[i]
		if x.TxHash != id || x.BlockHash != *h.Hash || x.BlockNumber.height() != height || x.Index.height() < 0 || x.TxIndex.height() != r.Index.height() {
			return nil, nil, l.wrong(asked, rpc.Lie("a log of another transaction"))
		}
		all = append(all, l.ofLog(x, h, said)...)
	}
	return all, h, nil
}

// coinsIn are the transfers of the coin in one block at least, by account: of a
// range that was not read for it the block alone is.
func (l *Ledger) coinsIn(ctx context.Context, height int64) (map[Account][]*transfer, error) {
	if l.scanned || l.tron {
		return l.coins, nil
	}
	if c, ok := l.single[height]; ok {
		return c, nil
	}
	whole := l.coins
	defer func() { l.coins = whole }()
	l.coins = map[Account][]*transfer{}
	if err := l.readiness(ctx); err != nil {
		return nil, err
	}
	if err := l.scanBlock(ctx, height); err != nil {
		return nil, err
	}
	l.single[height] = l.coins
	return l.coins, nil
}

const saleRule = "nft-sale@1"

// sale is what the transaction of a token of its kind paid the account that gave
// it away, nil where it paid nothing that is seen.
func (l *Ledger) sale(ctx context.Context, t *transfer) (*tamga.Sale, error) {
	if t.made || t.gone || t.asset.standard != unique && t.asset.standard != multi {
		return nil, nil
	}
	all, _, err := l.logsOf(ctx, t.tx)
	if errors.Is(err, chain.ErrNotFound) || fault(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	coins, err := l.coinsIn(ctx, t.height)
	if err != nil {
		return nil, err
	}
	all = append(all, coins[t.from]...)
	s := &tamga.Sale{Rule: saleRule}
	for _, x := range all {
		switch {
		case x.tx != t.tx:
		case x.from == t.from && !x.made && (x.asset.standard == unique || x.asset.standard == multi):
			s.Tokens++
		case x.to == t.from && !x.gone && x.from != t.from && (x.asset.standard == coin || x.asset.standard == fungible):
			name := l.asset(x.asset)
			i := slices.IndexFunc(s.Price, func(p tamga.Price) bool { return p.Asset == name })
			if i < 0 {
				s.Price = append(s.Price, tamga.Price{Asset: name})
				i = len(s.Price) - 1
			}
			if s.Price[i].Amount, err = s.Price[i].Amount.Add(tamga.AmountOf(x.amount, name)); err != nil {
				return nil, err
			}
		}
	}
	if len(s.Price) == 0 {
		return nil, nil
	}
	return s, nil
}

// Unseen says what this source does not show of the range.
func (l *Ledger) Unseen() (all []string) {
	if l.noTrace != "" {
		all = append(all, l.noTrace)
	}
	if l.tron {
		all = append(all, "transfers of TRX itself")
	}
	return all
}
