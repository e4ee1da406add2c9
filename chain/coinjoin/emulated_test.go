package coinjoin_test

import (
	"strings"
	"testing"

	"tamga"
	"tamga/chain/chaintest"
	"tamga/chain/coinjoin"
)

// bare is a transaction as a source shows it that knows neither prevouts nor
// heights, nor what an address is.
func bare(tx *tamga.Tx) *tamga.Tx {
	b := &tamga.Tx{TxID: tx.TxID, Height: -1}
	for _, in := range tx.In {
		b.In = append(b.In, tamga.TxIn{Prev: in.Prev})
	}
	for _, o := range tx.Out {
		o.Type = ""
		b.Out = append(b.Out, o)
	}
	return b
}

// TestEmulatedRounds prints, for each form of each protocol, how much of it is
// abstained from (with all that a source may know, and with the outputs alone) and
// named, and the same for what one owner does alone.
func TestEmulatedRounds(t *testing.T) {
	type row struct{ n, abstain, bare, named, other int }
	for _, network := range []string{"mainnet", "regtest"} {
		rows, order, mix := map[string]*row{}, []string{}, map[string]bool{}
		said, right, made := map[string]int{}, map[string]int{}, map[string]int{}
		for _, r := range chaintest.Rounds(network, 1, 40) {
			name := r.Kind + ", " + r.Form
			if rows[name] == nil {
				rows[name], order, mix[name] = &row{}, append(order, name), r.Mix
			}
			c, x := coinjoin.Classify(r.Tx, network), rows[name]
			x.n++
			if c.Abstain {
				x.abstain++
			}
			if coinjoin.Classify(bare(r.Tx), network).Abstain {
				x.bare++
			}
			said[c.Kind]++
			made[r.Kind]++
			switch {
			case c.Kind == r.Kind:
				x.named++
				right[c.Kind]++
			case c.Kind != coinjoin.None:
				x.other++
			}
		}
		var all row
		for _, name := range order {
			x := rows[name]
			part := func(n int) float64 { return 100 * float64(n) / float64(x.n) }
			t.Logf("%s: %-36s abstained %5.1f %% (%5.1f %% by the outputs alone), named %5.1f %%, otherwise %5.1f %%", network, name,
				part(x.abstain), part(x.bare), part(x.named), part(x.other))
			if mix[name] {
				all.n += x.n
				all.abstain += x.abstain
			}
			switch {
			case mix[name] && 100*x.abstain < 95*x.n: // a small round of WabiSabi may have nothing in common
				t.Errorf("%s: %s: %d of %d abstained from", network, name, x.abstain, x.n)
			case mix[name] && !strings.Contains(name, " 1 makers") && 100*x.bare < 95*x.n:
				t.Errorf("%s: %s: %d of %d abstained from by the outputs alone", network, name, x.bare, x.n)
			case !mix[name] && !strings.HasSuffix(name, "of more coins") && 100*x.abstain > 2*x.n:
				t.Errorf("%s: %s: %d of %d of one owner abstained from", network, name, x.abstain, x.n)
			}
		}
		t.Logf("%s: %d of %d rounds abstained from", network, all.abstain, all.n)
		if 100*all.abstain < 99*all.n {
			t.Error("too few")
		}
		for _, kind := range []string{coinjoin.Whirlpool, coinjoin.Tx0, coinjoin.Wasabi1, coinjoin.Wasabi2, coinjoin.JoinMarket} {
			t.Logf("%s: %-10s named %d, %d rightly, of %d", network, kind, said[kind], right[kind], made[kind])
			if 100*right[kind] < 95*said[kind] || 2*right[kind] < made[kind] {
				t.Errorf("%s: %s: %d said, %d rightly, of %d", network, kind, said[kind], right[kind], made[kind])
			}
		}
	}
}
