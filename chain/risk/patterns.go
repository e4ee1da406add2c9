package risk

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"

	"tamga"
	"tamga/chain"
)

// structuring: several payments within days, each just below a threshold from
// which services must report or identify (FATF recommendation 16 and national law).
func structuring(v *view, f *Flag) error {
	const least, hours, margin = 3, 72, 20
	thresholds := []int64{1000, 10000}
	f.Parameters = map[string]any{
		"thresholds": thresholds, "currency": v.p.Currency, "margin_percent": margin, "payments": least, "window_hours": hours,
	}
	if v.Value == nil || v.p.Currency == "" {
		f.Withheld = "no rates: thresholds are in a currency"
		return nil
	}
	var in, out []payment
	unrated := 0
	_, coins, err := v.received()
	if err != nil {
		return err
	}
	for _, c := range coins {
		in = append(in, payment{show("paid to the subject", c.tx, c.out.Vout), c.tx.Time})
	}
	for _, tx := range v.spends() {
		for _, o := range tx.Out {
			if own, err := v.own(tx, o.Address); err != nil {
				return err
			} else if !own && o.Value.Sign() > 0 {
				out = append(out, payment{show("paid by the subject", tx, o.N), tx.Time})
			}
		}
	}
	for _, side := range [][]payment{in, out} {
		for i := range side {
			e := &side[i]
			if e.Fiat, err = v.Value(v.ctx, *e.Amount, e.at); err != nil {
				return err
			}
			if e.Fiat == nil {
				unrated++
			}
		}
		for _, t := range thresholds {
			run := longest(below(side, t, margin), hours*time.Hour)
			if len(run) >= least {
				f.Met = true
				for _, p := range run {
					f.Evidence = append(f.Evidence, p.Evidence)
				}
			}
		}
	}
	if unrated > 0 && !f.Met {
		f.Withheld = fmt.Sprintf("no rate for the days of %d of %d payments", unrated, len(in)+len(out))
	}
	return nil
}

// payment is an output as evidence, with its time.
type payment struct {
	Evidence
	at time.Time
}

// below are the payments worth less than a threshold, but no more than margin
// percent less, by their time.
func below(all []payment, threshold, margin int64) (out []payment) {
	high := big.NewRat(threshold, 1)
	low := big.NewRat(threshold*(100-margin), 100)
	for _, p := range all {
		if p.Fiat == nil {
			continue
		}
		if v, ok := new(big.Rat).SetString(p.Fiat.Value); ok && v.Cmp(low) >= 0 && v.Cmp(high) < 0 {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b payment) int { return a.at.Compare(b.at) })
	return out
}

// longest is the longest run of payments within a window.
func longest(all []payment, window time.Duration) (best []payment) {
	for i, j := 0, 0; j < len(all); j++ {
		for all[j].at.Sub(all[i].at) > window {
			i++
		}
		if j-i+1 > len(best) {
			best = all[i : j+1]
		}
	}
	return best
}

// rapidMovement: nearly all that came was gone within the hour.
func rapidMovement(v *view, f *Flag) error {
	const minutes, percent = 60, 90
	f.Parameters = map[string]any{"window_minutes": minutes, "share_percent": percent}
	sum, coins, err := v.received()
	if err != nil {
		return err
	}
	moved := int64(0)
	for _, c := range coins {
		if c.spent == nil {
			continue
		}
		if c.tx.Time.IsZero() || c.spent.Time.IsZero() {
			f.Withheld = "the times of some blocks are not known"
			continue
		}
		if d := c.spent.Time.Sub(c.tx.Time); d <= minutes*time.Minute {
			moved += c.value
			e := show(fmt.Sprintf("spent after %d minutes by %s", int(max(d, 0).Minutes()), c.spent.TxID), c.tx, c.out.Vout)
			f.Evidence = append(f.Evidence, e)
		}
	}
	f.Met = sum > 0 && share(moved, sum, percent)
	return nil
}

// share tells whether part is at least percent of whole.
func share(part, whole, percent int64) bool {
	return new(big.Int).Mul(big.NewInt(part), big.NewInt(100)).Cmp(new(big.Int).Mul(big.NewInt(whole), big.NewInt(percent))) >= 0
}

// dormant: after months without a movement most of the balance leaves at once.
func dormant(v *view, f *Flag) error {
	const days, hours, percent = 180, 24, 50
	f.Parameters = map[string]any{"dormant_days": days, "window_hours": hours, "share_percent": percent}
	type event struct {
		at    time.Time
		coin  *coin
		spend bool
	}
	var events []event
	for i := range v.coins {
		c := &v.coins[i]
		if c.tx.Time.IsZero() || c.spent != nil && c.spent.Time.IsZero() {
			f.Withheld = "the times of some blocks are not known"
			return nil
		}
		events = append(events, event{c.tx.Time, c, false})
		if c.spent != nil {
			events = append(events, event{c.spent.Time, c, true})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(b2i(a.spend), b2i(b.spend))) })
	balance := int64(0)
	for i, e := range events {
		if e.spend && i > 0 && e.at.Sub(events[i-1].at) >= days*24*time.Hour {
			gone := int64(0)
			var found []Evidence
			for _, x := range events[i:] {
				if x.at.Sub(e.at) > hours*time.Hour {
					break
				}
				if x.spend {
					gone += x.coin.value
					ev := show(fmt.Sprintf("spent by %s, %d days after the last movement", x.coin.spent.TxID, int(e.at.Sub(events[i-1].at).Hours()/24)), x.coin.tx, x.coin.out.Vout)
					ev.Time = stamp(x.at)
					found = append(found, ev)
				}
			}
			if share(gone, balance, percent) {
				f.Met, f.Evidence = true, append(f.Evidence, found...)
			}
		}
		if e.spend {
			balance -= e.coin.value
		} else {
			balance += e.coin.value
		}
	}
	return nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// accumulation: many small payments of unrelated wallets, then most of it at
// services.
func accumulation(v *view, f *Flag) error {
	const payers, small, percent = 10, 10, 50
	f.Parameters = map[string]any{"payers": payers, "largest_percent": small, "cashed_out_percent": percent, "hops": v.p.Hops}
	sum, coins, err := v.received()
	if err != nil || sum == 0 {
		return err
	}
	seen := map[string]bool{}
	var paid []Evidence
	for _, c := range coins {
		if !share(c.value, sum, small) || c.value*100 == sum*small {
			who, err := v.payer(c.tx)
			if err != nil {
				return err
			}
			if who == "" {
				f.Withheld = "the payers of some payments are not known"
			} else if !seen[who] {
				seen[who] = true
				paid = append(paid, show("a small payment", c.tx, c.out.Vout))
			}
		}
	}
	if len(seen) >= payers {
		f.Withheld = "" // those that are known are enough
	}
	arrivals, err := v.arrivals()
	if err != nil {
		return err
	}
	out := int64(0)
	for _, a := range arrivals {
		n, _ := a.amount.Int64()
		out += n
		paid = append(paid, a.evidence())
	}
	if f.Met = len(seen) >= payers && share(out, sum, percent); f.Met {
		f.Evidence = paid
	}
	return nil
}

// payer names who paid a transaction: its wallet, or its first address.
func (v *view) payer(tx *tamga.Tx) (string, error) {
	for _, in := range tx.In {
		if in.Address == "" {
			continue
		}
		if v.Wallet != nil {
			key, ok, err := v.Wallet(in.Address)
			if err != nil {
				return "", err
			}
			if ok {
				return fmt.Sprint("wallet ", key), nil
			}
		}
		return in.Address, nil
	}
	return "", nil
}

// peelChain: a long chain of payments, each made with the change of the last.
func peelChain(v *view, f *Flag) error {
	const least, most, tried = 5, 100, 20
	f.Parameters = map[string]any{"steps": least}
	seen := map[string]bool{}
	for i, tx := range v.spends() {
		if i == tried {
			f.Parameters["spends"] = tried
			break
		}
		if seen[tx.TxID] {
			continue
		}
		p, err := chain.Peel(v.ctx, v.Source, tx.TxID, chain.PeelOptions{Hops: most, Mix: v.Mix})
		if err != nil {
			return err
		}
		f.Parameters["rule"] = p.Rule
		var steps []Evidence
		for _, s := range p.Steps {
			seen[s.TxID] = true
			if s.Change != nil {
				n, value := s.Change.N, s.Change.Value
				steps = append(steps, Evidence{What: "change", TxID: s.TxID, Vout: &n, Address: s.Change.Address, Amount: &value})
			}
		}
		if len(steps) >= least {
			f.Met, f.Evidence = true, append(f.Evidence, steps...)
		}
	}
	return nil
}
