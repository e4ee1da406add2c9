package risk

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tamga"
	"tamga/chain"
)

// coin is an output that paid the subject, with what spent it.
type coin struct {
	out   tamga.Outpoint
	value int64
	tx    *tamga.Tx // that made it
	spent *tamga.Tx // that spent it; nil where unspent or unknown
	addr  string
}

// load reads what the subject was paid: an address, a transaction (all its
// outputs) or an output.
func (v *view) load() error {
	id, n, one := strings.Cut(v.subject, ":")
	if len(id) == 64 && strings.Trim(strings.ToLower(id), "0123456789abcdef") == "" {
		tx, err := v.Source.Tx(v.ctx, strings.ToLower(id))
		if err != nil {
			return err
		}
		for _, out := range tx.Out {
			if !one || n == strconv.FormatUint(uint64(out.N), 10) {
				if err := v.add(tamga.Outpoint{TxID: tx.TxID, Vout: out.N}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for out, err := range v.Source.History(v.ctx, v.subject) {
		if err != nil {
			return err
		}
		if err := v.add(out); err != nil {
			return err
		}
	}
	return nil
}

func (v *view) add(out tamga.Outpoint) error {
	if len(v.coins) >= mostCoins {
		return fmt.Errorf("%s was paid more than %d times: a service, not a person", v.subject, mostCoins)
	}
	tx, err := v.Source.Tx(v.ctx, out.TxID)
	if err != nil {
		return err
	}
	if int(out.Vout) >= len(tx.Out) {
		return fmt.Errorf("the source names output %s:%d, which is not there", out.TxID, out.Vout)
	}
	c := coin{out: out, tx: tx, addr: tx.Out[out.Vout].Address}
	c.value, _ = tx.Out[out.Vout].Value.Int64()
	spend, found, err := v.Source.Spender(v.ctx, out)
	if err != nil && !errors.Is(err, chain.ErrNotFound) {
		return err
	}
	if found {
		if c.spent, err = v.Source.Tx(v.ctx, spend.TxID); err != nil && !errors.Is(err, chain.ErrNotFound) {
			return err
		}
	}
	v.coins = append(v.coins, c)
	return nil
}

// received is the sum of what the subject was paid, without its own change.
func (v *view) received() (sum int64, coins []coin, err error) {
	for _, c := range v.coins {
		own, err := v.own(c.tx, c.addr)
		if err != nil {
			return 0, nil, err
		}
		if !own {
			sum += c.value
			coins = append(coins, c)
		}
	}
	return sum, coins, nil
}

// own tells whether an address, or its wallet, is among the inputs of a
// transaction.
func (v *view) own(tx *tamga.Tx, addr string) (bool, error) {
	for _, in := range tx.In {
		if same, err := v.sameWallet(in.Address, addr); err != nil || same {
			return same, err
		}
	}
	return false, nil
}

// spends are the transactions that spent from the subject, each once, in the
// order of the coins.
func (v *view) spends() (out []*tamga.Tx) {
	seen := map[string]bool{}
	for _, c := range v.coins {
		if c.spent != nil && !seen[c.spent.TxID] {
			seen[c.spent.TxID] = true
			out = append(out, c.spent)
		}
	}
	return out
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// show is an output as evidence.
func show(what string, tx *tamga.Tx, n uint32) Evidence {
	out := tx.Out[n]
	return Evidence{What: what, TxID: tx.TxID, Vout: &out.N, Address: out.Address, Amount: &out.Value, Time: stamp(tx.Time)}
}
