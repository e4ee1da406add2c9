package bitcoin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga/chain"
	"tamga/chain/chaintest"
)

// TestChangeBlockSciTable compares the outputs that each rule leaves with those
// BlockSci printed for its own.
func TestChangeBlockSciTable(t *testing.T) {
	x, labels := blockSci(t)
	b, err := os.ReadFile(filepath.Join(dataDir(t, "chain/blocksci"), "_regtest_outputs", "test_change.test_change_regression[btc].out"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	// Their rules, in the order of the file, as ours. Of "legacy" they print what it
	// names, as we do where a composed rule leaves one of several. "none" is last.
	rules := []string{"address-type", "locktime", "fresh", "peeling", "optimal", "address-reuse", "optimal & fresh"}
	txs := []string{
		"change-negative-testcase-tx", "change-reuse-tx-1", "change-locktime-tx-1", "change-optimal-0-tx", "peeling-chain-5-tx",
		"change-ten-2-tx", "fan-8-tx", "peeling-chain-4-tx", "tx-chain-10-tx-1", "funding-tx-2-in-2-out",
	}
	if len(lines) != 2*len(txs)*(len(rules)+1) {
		t.Fatalf("%d lines of expected outputs", len(lines))
	}
	for i, name := range rules {
		for j, label := range txs {
			a := askRule(t, x, labels[label].(string), name)
			got := []string{}
			for _, o := range a.Candidates {
				if i < 6 || a.Confidence > 0 {
					got = append(got, fmt.Sprint(o.N))
				}
			}
			if ours, want := "["+strings.Join(got, ", ")+"]", lines[2*(i*len(txs)+j)]; ours != want {
				t.Errorf("%s of %s: %s, want %s", name, label, ours, want)
			}
		}
	}
}

func askRule(t *testing.T, x *Index, txid, name string) chain.ChangeAnswer {
	t.Helper()
	rule, err := chain.ParseChangeRule(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := chain.ChangeOf(context.Background(), x, txid, []chain.ChangeRule{rule}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Rules[0]
}

// TestChangeBlockSciLabels: each rule names the change of the transactions that
// were made for it.
func TestChangeBlockSciLabels(t *testing.T) {
	x, labels := blockSci(t)
	for _, c := range []struct {
		rule, tx, position string
		from, to           int
	}{
		{"optimal", "change-optimal-%d-tx", "change-optimal-%d-position", 0, 1},
		{"address-type", "change-address-type-tx-%d", "change-address-type-position-%d", 0, 2},
		{"locktime", "change-locktime-tx-%d", "change-locktime-position-%d", 0, 2},
		{"address-reuse", "change-reuse-tx-%d", "change-reuse-position-%d", 0, 2},
		{"fresh", "change-client-behavior-tx-%d", "change-client-behavior-position-%d", 0, 2},
		{"power-of-ten:%d", "change-ten-%d-tx", "change-ten-%d-position", 0, 5},
		{"fingerprint", "peeling-chain-%d-tx", "peeling-chain-%d-position", 0, 8},
	} {
		for i := c.from; i <= c.to; i++ {
			name := strings.Replace(c.rule, "%d", fmt.Sprint(8-i), 1)
			a := askRule(t, x, labels[fmt.Sprintf(c.tx, i)].(string), name)
			want := labels[fmt.Sprintf(c.position, i)].(float64)
			if len(a.Candidates) != 1 || float64(a.Candidates[0].N) != want {
				t.Errorf("%s of %s: %+v, want output %v", name, fmt.Sprintf(c.tx, i), a, want)
			}
		}
	}
	// Several owners made this one: nothing is said of its change.
	id := labels["simple-coinjoin-tx"].(string)
	c, err := chain.ChangeOf(context.Background(), x, id, nil, Mixes("regtest"))
	if err != nil || c.Mix == nil || len(c.Rules) != 0 || c.Change != nil {
		t.Errorf("of a coinjoin: %+v, %v", c, err)
	}
}

// TestChangeComposed: over the whole chain, composed rules leave what the sets do.
func TestChangeComposed(t *testing.T) {
	b := withMix(t, 40)
	_, x := mustBuild(t, t.TempDir(), write(t, b, chaintest.Shape{}), Options{})
	names := []string{"address-reuse", "address-type", "optimal", "power-of-ten:5", "fresh"}
	left := func(id, rule string) map[uint32]bool {
		set := map[uint32]bool{}
		for _, o := range askRule(t, x, id, rule).Candidates {
			set[o.N] = true
		}
		return set
	}
	told := 0
	for _, tx := range b.Txs() {
		if tx.In[0].Coinbase {
			continue
		}
		for _, a := range names {
			for _, b := range names {
				one, two := left(tx.TxID, a), left(tx.TxID, b)
				and, or, less := left(tx.TxID, a+" & "+b), left(tx.TxID, a+"|"+b), left(tx.TxID, a+" &!"+b)
				for _, o := range tx.Out {
					told++
					if and[o.N] != (one[o.N] && two[o.N]) || or[o.N] != (one[o.N] || two[o.N]) || less[o.N] != (one[o.N] && !two[o.N]) {
						t.Fatalf("%s with %s of %s: %v %v, and %v or %v less %v", a, b, tx.TxID, one, two, and, or, less)
					}
				}
			}
		}
	}
	if told < 1000 {
		t.Fatalf("only %d outputs", told)
	}
	for _, bad := range []string{"", "nothing", "optimal &", "power-of-ten:19", "power-of-ten:x", "optimal ^ fresh"} {
		if r, err := chain.ParseChangeRule(bad); err == nil {
			t.Errorf("%q: %+v", bad, r.Name)
		}
	}
}
