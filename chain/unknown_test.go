package chain_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

// untold is a source that answers everything but what spent an output.
type untold struct{ *chaintest.Ledger }

func (untold) Spender(context.Context, tamga.Outpoint) (chain.Spend, bool, error) {
	return chain.Spend{}, false, fmt.Errorf("asked: %w", chain.ErrNotFound)
}

// TestSpendersUntold: where a source cannot tell what spent an output, what follows
// value ends with that reason. It is no error, and nothing counts as unspent.
func TestSpendersUntold(t *testing.T) {
	ctx := context.Background()
	b := chaintest.New("untold")
	b.Mine("a")
	id, err := b.Pay("a", 500, chaintest.Out{To: "b", Value: chaintest.BTC})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Pay("b", 500, chaintest.Out{To: "c", Value: chaintest.BTC / 2}); err != nil {
		t.Fatal(err)
	}
	b.Mine("m")
	src := untold{b.Source()}
	tr, err := chain.Trace(ctx, src, id, chain.Options{})
	if err != nil || len(tr.Ends) != 2 || tr.Ends[0].Reason != chain.EndUnknown {
		t.Errorf("trace: %+v %v", tr, err)
	}
	for _, subject := range []string{id, id + ":1"} {
		p, err := chain.Peel(ctx, src, subject, chain.PeelOptions{})
		if err != nil || p.End != chain.EndUnknown || len(p.Steps) != 1 {
			t.Errorf("peel: %+v %v", p, err)
		}
		for _, r := range p.Steps[0].Rejected {
			if !r.Unknown || r.Spender != "" {
				t.Errorf("peel: %+v", r)
			}
		}
	}
	c, err := chain.ChangeOf(ctx, src, id, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	withheld := 0
	for _, r := range c.Rules {
		if strings.Contains(r.Withheld, "spender") {
			withheld++
			if len(r.Candidates) > 0 {
				t.Errorf("change: %+v", r)
			}
		}
	}
	if withheld < 3 { // fingerprint, locktime, fixed-fee
		t.Errorf("change: %+v", c)
	}
	// From a to c: the way on is unknown, the way back leads there all the same.
	paths, err := chain.FindPaths(ctx, src, b.Address("a"), b.Address("c"), chain.PathOptions{})
	if err != nil || len(paths.Paths) != 1 {
		t.Errorf("path: %+v %v", paths, err)
	}
	paths, err = chain.FindPaths(ctx, src, b.Address("c"), b.Address("a"), chain.PathOptions{})
	if err != nil || len(paths.Paths) != 0 || paths.Unknown == 0 {
		t.Errorf("path: %+v %v", paths, err)
	}
}

// TestNoSubject: what can be no subject is told apart from what the ledger lacks.
func TestNoSubject(t *testing.T) {
	ctx := context.Background()
	b := chaintest.New("subjects")
	b.Mine("a")
	src := b.Source()
	for text, says := range map[string]string{
		"888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H": "is an address of monero",
		"0x52908400098527886E0F7030069857D2E4169EE7":                                                      "is an address of ethereum",
		"nonsense": `"nonsense" is no address`,
		"":         `"" is no address`,
	} {
		if err := chain.NoAddress(text); !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %s", err, says)
		}
	}
	id := b.Txs()[0].TxID
	for _, subject := range []string{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", id + ":9", id + ":-1", id + ":", id + ":4294967296"} {
		if _, err := chain.Trace(ctx, src, subject, chain.Options{}); !errors.Is(err, chain.ErrSubject) {
			t.Errorf("trace %s: %v", subject, err)
		}
	}
	if _, err := chain.Peel(ctx, src, id+":9", chain.PeelOptions{}); !errors.Is(err, chain.ErrSubject) {
		t.Errorf("peel: %v", err)
	}
	for _, subject := range []string{"", "nonsense", b.Address("a"), id[:63]} {
		if _, err := chain.Peel(ctx, src, subject, chain.PeelOptions{}); !errors.Is(err, chain.ErrSubject) {
			t.Errorf("peel %s: %v", subject, err)
		}
		if _, err := chain.ChangeOf(ctx, src, subject, nil, nil); !errors.Is(err, chain.ErrSubject) {
			t.Errorf("change %s: %v", subject, err)
		}
	}
}
