package demo

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"

	"tamga"
	"tamga/chain/chaintest"
)

var update = flag.Bool("update", false, "write the ledger, the keys and the digest of the pages")

// chainDays is how long before the market's base date the chain begins to carry
// payments.
const chainDays = 54

// storyChain builds the ledger. Each step that the story needs stands at a fixed
// height; around it customers pay vendors.
type storyChain struct {
	*testing.T
	*chaintest.Builder
	rng       *rand.Rand
	customers []string
	vendors   []string
	payments  int
}

func buildLedger(t *testing.T) *storyChain {
	s := &storyChain{T: t, Builder: chaintest.New("bazaar nowhere"), rng: rand.New(rand.NewPCG(78, 284))}
	kinds := []string{"p2wpkh", "p2wpkh", "p2pkh", "p2tr", "p2sh"}
	for i := range 34 {
		name := fmt.Sprintf("customer %d", i)
		s.kind(name, kinds[i%len(kinds)])
		s.customers = append(s.customers, name)
	}
	for _, p := range personas {
		if p.wallet != "" && !slices.Contains(s.vendors, p.wallet) {
			s.vendors = append(s.vendors, p.wallet)
		}
	}
	for i, name := range s.vendors {
		if i%4 == 3 {
			s.kind(name, "p2tr") // the address begins with bcrt1p
		}
		s.Address(name)
	}
	s.Address(exchangeWallet)

	s.Clock(base.AddDate(0, 0, -chainDays-2))
	for range 16 {
		s.Mine("exchange")
	}
	s.batch(34)
	s.Mine("pool")
	s.Clock(base.AddDate(0, 0, -chainDays))
	for s.Height() < 168 {
		s.Wait(time.Duration(6*60+s.rng.IntN(200)) * time.Minute)
		s.act(s.Height() + 1)
		s.Mine("pool")
	}
	return s
}

func (s *storyChain) kind(wallet, kind string) {
	if err := s.Kind(wallet, kind); err != nil {
		s.Fatal(err)
	}
}

func (s *storyChain) pay(from string, outs ...chaintest.Out) string {
	s.Helper()
	id, err := s.Pay(from, 900+s.rng.Int64N(2500), outs...)
	if err != nil {
		s.Fatal(err)
	}
	s.payments++
	return id
}

func (s *storyChain) spend(ins []chaintest.Coin, outs ...chaintest.Out) string {
	s.Helper()
	var points []tamga.Outpoint
	for _, c := range ins {
		points = append(points, c.Outpoint)
	}
	id, err := s.Spend(points, outs...)
	if err != nil {
		s.Fatal(err)
	}
	s.payments++
	return id
}

func sum(coins []chaintest.Coin) (n int64) {
	for _, c := range coins {
		n += c.Value
	}
	return n
}

// amount is between two numbers of ten-thousandths of a bitcoin, not round.
func (s *storyChain) amount(from, to int64) int64 {
	return from*10_000 + s.rng.Int64N((to-from)*10_000)
}

// batch is a withdrawal of n customers from the exchange in one transaction.
func (s *storyChain) batch(n int) {
	var outs []chaintest.Out
	for _, i := range s.rng.Perm(len(s.customers))[:n] {
		outs = append(outs, chaintest.Out{To: s.NewAddress(s.customers[i]), Value: s.amount(600, 4200)})
	}
	s.pay("exchange", outs...)
}

// order has some customer pay a vendor, most of them to the address on the page.
func (s *storyChain) order(vendor string, onPage bool) {
	to := s.Address(vendor)
	if !onPage {
		to = s.NewAddress(vendor)
	}
	value := s.amount(20, 700)
	for {
		if c := s.customers[s.rng.IntN(len(s.customers))]; s.Balance(c) > value+5000 {
			s.pay(c, chaintest.Out{To: to, Value: value})
			return
		}
	}
}

// act does what happens before a block.
func (s *storyChain) act(height int64) {
	if height%9 == 0 {
		s.batch(7)
	}
	if others := slices.DeleteFunc(slices.Clone(s.vendors), func(v string) bool { return v == storyWallet || v == "sunqar" }); height < 160 {
		for range 1 + s.rng.IntN(2) {
			s.order(others[s.rng.IntN(len(others))], s.rng.IntN(3) > 0)
		}
	}
	switch {
	case height >= 24 && height < 84 && height%6 == 0: // ten buyers pay the address on the falcon's page
		s.order(storyWallet, true)
	case height >= 24 && height < 84 && height%10 == 5: // and six a fresh one
		s.order(storyWallet, false)
	case height == 88: // all of it into one output
		coins := s.Coins(storyWallet)
		s.spend(coins, chaintest.Out{To: s.NewAddress(storyWallet), Value: sum(coins) - 4200})
	case height >= 90 && height < 114 && height%2 == 0: // twelve peels
		s.peel(height == 112)
	case height >= 96 && height < 116 && height%5 == 0: // strangers use the exchange too
		s.pay(s.rich(30_000_000), chaintest.Out{To: "stranger deposit", Value: s.amount(300, 900)})
	case height == 117: // the peels are gathered at the deposit address
		coins := s.Coins("collector")
		s.spend(coins, chaintest.Out{To: exchangeWallet, Value: sum(coins) - 3100})
	case height == 120: // the exchange empties its deposit addresses into one of its own
		coins := append(s.Coins(exchangeWallet), s.Coins("stranger deposit")...)
		s.spend(coins, chaintest.Out{To: s.NewAddress("exchange"), Value: sum(coins) - 2600})
	case height == 126:
		s.coinjoin("harbour", "tulip")
	case height == 131: // the wallet two vendors name is shared out in halves
		half := s.Balance("kervan") / 5 * 2
		s.pay("kervan", chaintest.Out{To: "share one", Value: half}, chaintest.Out{To: "share two", Value: half})
	case height == 140:
		s.pay("exchange", chaintest.Out{To: "data:bazaar nowhere: a synthetic chain", Value: 0})
	case height > 120 && height < 160 && height%6 == 1: // the new name sells
		s.order("sunqar", true)
	case height > 60 && height%8 == 3: // a vendor cashes out, to a deposit address of its own
		if v := s.vendors[3+s.rng.IntN(len(s.vendors)-3)]; s.Balance(v) > 3_000_000 {
			s.pay(v, chaintest.Out{To: v + " deposit", Value: s.Balance(v) / 2})
		}
	}
}

// peel splits a small output off the large one, which goes on to a new address;
// the last time, the rest goes to the vendor's new name.
func (s *storyChain) peel(last bool) {
	coins := s.Coins(storyWallet)
	large := slices.MaxFunc(coins, func(a, b chaintest.Coin) int { return int(a.Value - b.Value) })
	part := min(s.amount(120, 420), large.Value/3)
	rest := s.NewAddress(storyWallet)
	if last {
		rest = s.Address("sunqar")
	}
	outs := []chaintest.Out{{To: s.NewAddress("collector"), Value: part}, {To: rest, Value: large.Value - part - 1400}}
	if s.rng.IntN(2) == 0 {
		slices.Reverse(outs)
	}
	s.spend([]chaintest.Coin{large}, outs...)
}

// rich is a customer who has at least so many satoshis.
func (s *storyChain) rich(least int64) string {
	for {
		if c := s.customers[s.rng.IntN(len(s.customers))]; s.Balance(c) >= least/3 && s.Balance(c) > 10_000_000 {
			return c
		}
	}
}

// coinjoin mixes one coin of each of five wallets: five equal outputs, and change.
func (s *storyChain) coinjoin(vendors ...string) {
	const equal = 5_000_000
	var ins []chaintest.Coin
	var outs, change []chaintest.Out
	who := slices.Clone(vendors)
	for _, c := range s.customers {
		who = append(who, c)
	}
	for _, w := range who {
		coins := s.Coins(w)
		i := slices.IndexFunc(coins, func(c chaintest.Coin) bool { return c.Value > equal+10_000 })
		if i < 0 || len(ins) == 5 {
			continue
		}
		ins = append(ins, coins[i])
		outs = append(outs, chaintest.Out{To: s.NewAddress("mixed " + w), Value: equal})
		change = append(change, chaintest.Out{To: s.NewAddress(w), Value: coins[i].Value - equal - 700})
	}
	if len(ins) != 5 {
		s.Fatalf("coinjoin: %d wallets have a coin", len(ins))
	}
	s.rng.Shuffle(len(outs), func(i, j int) { outs[i], outs[j] = outs[j], outs[i] })
	s.spend(ins, append(outs, change...)...)
}

// TestLedger builds the chain again and compares it with the committed one.
func TestLedger(t *testing.T) {
	s := buildLedger(t)
	dir := t.TempDir()
	if err := s.WriteBlk(dir); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "blk00000.dat"))
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, name := range append(slices.Clone(s.vendors), exchangeWallet) {
		fmt.Fprintf(&table, "%s\t%s\n", name, s.Address(name))
	}
	if *update {
		var z bytes.Buffer
		w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression)
		w.Write(raw)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for file, data := range map[string][]byte{"blk00000.dat.gz": z.Bytes(), "wallets.tsv": []byte(table.String())} {
			if err := os.WriteFile(filepath.Join("ledger", file), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d blocks, %d payments, %d bytes, %d packed", s.Height()+1, s.payments, len(raw), z.Len())
		return
	}
	out := t.TempDir()
	if err := WriteBlocks(filepath.Join(out, "new")); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(out, "new", "blk00000.dat"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, raw) {
		t.Errorf("the committed ledger (%d bytes) is not what its story builds (%d bytes): go generate", len(got), len(raw))
	}
	if walletTable != table.String() {
		t.Error("the committed wallets are not those of the story: go generate")
	}
	if n := len(blockFile); n > 300<<10 {
		t.Errorf("the ledger has %d bytes packed", n)
	}
	if n := len(s.Txs()); s.Height() < 120 || n < 400 {
		t.Errorf("%d blocks, %d transactions", s.Height(), n)
	}
}

// TestStory walks the story on the ledger: the payments to the falcon's address
// reach, through the peels, the deposit address at the exchange, and the rest the
// wallet of the vendor's new name.
func TestStory(t *testing.T) {
	s := buildLedger(t)
	src := s.Source()
	ctx := context.Background()
	peels, deposit, rest := 0, false, false
	seen := map[string]bool{}
	var walk func(o tamga.Outpoint)
	walk = func(o tamga.Outpoint) {
		spend, ok, err := src.Spender(ctx, o)
		if err != nil || !ok || seen[spend.TxID] {
			return
		}
		seen[spend.TxID] = true
		tx, err := src.Tx(ctx, spend.TxID)
		if err != nil {
			t.Fatal(err)
		}
		if len(tx.In) == 1 && len(tx.Out) == 2 {
			peels++
		}
		for _, out := range tx.Out {
			if out.Address == wallets[exchangeWallet] {
				deposit = true
			}
			rest = rest || out.Address == wallets["sunqar"]
			walk(tamga.Outpoint{TxID: tx.TxID, Vout: out.N})
		}
	}
	paid := 0
	for o := range src.History(ctx, Wallet()) {
		paid++
		walk(o)
	}
	if paid != 10 || peels != 12 || !deposit || !rest {
		t.Errorf("%d payments, %d peels, deposit reached %v, new name reached %v", paid, peels, deposit, rest)
	}
	if len(seen) > 20 {
		t.Errorf("the money of the falcon goes through %d transactions; the story should be readable", len(seen))
	}
}

// TestWallets has btcd read the addresses: regtest, and nothing else.
func TestWallets(t *testing.T) {
	for name, addr := range wallets {
		a, err := address.DecodeAddress(addr, &chaincfg.RegressionNetParams)
		if err != nil || !a.IsForNet(&chaincfg.RegressionNetParams) || !strings.HasPrefix(addr, "bcrt1") {
			t.Errorf("%s %s: %v", name, addr, err)
		}
	}
	if len(wallets) < 15 || Wallet() == "" {
		t.Errorf("%d wallets", len(wallets))
	}
}
