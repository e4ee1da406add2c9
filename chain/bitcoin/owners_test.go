package bitcoin

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tamga"
	"tamga/chain/chaintest"
	"tamga/chain/coinjoin"
)

// emulatedJoinMarket is the emulation of the real data with its true owners.
func emulatedJoinMarket(t *testing.T) *chaintest.Owned {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(dataDir(t, "chain/coinjoin"), "emul__joinmarket_1taker_2tumbler_40maker_pruned.zip"))
	if err != nil {
		t.Skip(err)
	}
	defer z.Close()
	o := chaintest.NewOwned("regtest", 11)
	var txs []*tamga.Tx
	for _, f := range z.File {
		name, wallet := path.Base(f.Name), path.Base(path.Dir(f.Name))
		if name != "keys.json" && !strings.HasPrefix(name, "block_") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if name == "keys.json" {
			var keys []struct {
				Address string `json:"address"`
			}
			if err := json.Unmarshal(text, &keys); err != nil {
				t.Fatal(err)
			}
			for _, k := range keys {
				o.Owner[k.Address] = wallet
			}
			continue
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			t.Fatal(err)
		}
		err = ReadTransactions(context.Background(), &line, "regtest", func(tx *tamga.Tx, _ string) error {
			txs = append(txs, tx)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.SortStableFunc(txs, func(a, b *tamga.Tx) int { return int(a.Height - b.Height) })
	for _, tx := range txs {
		o.Add(tx)
	}
	return o
}

// pairs is how a partition of addresses agrees with their owners: pairs that it
// joins, those of them that have one owner, and pairs that the multi-input rule can
// reach: those that co-spending in what is no coinjoin joins.
type pairs struct{ joined, right, reach, found int64 }

func (p pairs) precision() float64 { return float64(p.right) / float64(max(1, p.joined)) }
func (p pairs) recall() float64    { return float64(p.found) / float64(max(1, p.reach)) }

// measure indexes a ledger of known owners and clusters it. An address of nobody
// counts as one of an owner who has them all.
func measure(t *testing.T, o *chaintest.Owned) (p pairs) {
	t.Helper()
	dir := t.TempDir()
	var text bytes.Buffer
	if _, err := o.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	if _, err := BuildTransactions(context.Background(), dir, &text, Options{Network: "regtest"}); err != nil {
		t.Fatal(err)
	}
	_, w := openWallets(t, dir)
	in := map[string]int{}
	n := 0
	for v, err := range w.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		owners := map[string]int64{}
		for _, a := range v.Addresses {
			in[a] = n
			owners[o.Owner[a]]++
		}
		p.joined += two(int64(v.Size))
		for _, k := range owners {
			p.right += two(k)
		}
	}
	root := map[string]string{}
	var find func(string) string
	find = func(a string) string {
		if root[a] == "" || root[a] == a {
			return a
		}
		root[a] = find(root[a])
		return root[a]
	}
	seen := map[string]bool{}
	for _, tx := range o.Txs {
		first, owner := "", ""
		for _, in := range tx.In {
			switch {
			case in.Address == "":
				continue
			case first == "":
				first, owner = in.Address, o.Owner[in.Address]
			case o.Owner[in.Address] != owner:
				first = "-" // several owners made it
			}
		}
		for _, in := range tx.In {
			if in.Address != "" && first != "" && first != "-" {
				seen[in.Address] = true
				root[find(in.Address)] = find(first)
			}
		}
	}
	whole, both := map[string]int64{}, map[string]int64{}
	for a := range seen {
		whole[find(a)]++
		both[fmt.Sprint(find(a), " ", in[a])]++
	}
	for _, k := range whole {
		p.reach += two(k)
	}
	for _, k := range both {
		p.found += two(k)
	}
	return p
}

func two(n int64) int64 { return n * (n - 1) / 2 }

// mixed counts the transactions of several owners, and those of them that were
// abstained from.
func mixed(o *chaintest.Owned) (n, abstained, wrongly int) {
	for _, tx := range o.Txs {
		owners := map[string]bool{}
		for _, in := range tx.In {
			if in.Address != "" {
				owners[o.Owner[in.Address]] = true
			}
		}
		abstains := coinjoin.Abstains(tx, "regtest")
		switch {
		case len(owners) > 1 && abstains:
			abstained++
			fallthrough
		case len(owners) > 1:
			n++
		case abstains && len(owners) == 1:
			wrongly++
		}
	}
	return n, abstained, wrongly
}

// TestOwners continues chains of mixes by payments of the true owners, who spend
// mixed coins together with others, and compares the wallets with the owners.
func TestOwners(t *testing.T) {
	check := func(t *testing.T, o *chaintest.Owned, least int) {
		t.Helper()
		p := measure(t, o)
		n, abstained, wrongly := mixed(o)
		t.Logf("%d transactions, %d of several owners of which %d were abstained from, %d of one owner abstained from; pairs: %d joined, precision %.4f, recall %.4f of %d within reach",
			len(o.Txs), n, abstained, wrongly, p.joined, p.precision(), p.recall(), p.reach)
		if n < least || p.reach < 500 {
			t.Errorf("%d of several owners, %d pairs within reach: too few to say anything", n, p.reach)
		}
		if p.precision() < 0.99 || p.recall() < 0.9 {
			t.Error("want precision .99 at recall .9")
		}
	}
	t.Run("JoinMarket", func(t *testing.T) {
		o := emulatedJoinMarket(t)
		o.Pay(400)
		check(t, o, 32)
	})
	for seed := range uint64(6) {
		for _, sorted := range []bool{true, false} {
			t.Run(fmt.Sprintf("WabiSabi/%d/sorted=%v", seed, sorted), func(t *testing.T) {
				o := chaintest.NewOwned("regtest", seed)
				o.EmulateWabiSabi(10, 12, !sorted)
				o.Pay(400)
				check(t, o, 12)
			})
		}
		t.Run(fmt.Sprintf("JoinMarket/%d", seed), func(t *testing.T) {
			o := chaintest.NewOwned("regtest", seed)
			o.EmulateJoinMarket(30, 30)
			o.Pay(400)
			check(t, o, 30)
		})
	}
}
