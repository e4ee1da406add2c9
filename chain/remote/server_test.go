package remote

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/chaintest"
	"tamga/chain/rpc"
)

// synthetic is a chain of payments among wallets of all kinds, with a mix, an
// address that fills several pages, a stale branch and a note to nobody.
func synthetic(t *testing.T) (b *chaintest.Builder, txids, subjects []string) {
	t.Helper()
	b = chaintest.New("servers")
	must := func(id string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	for i, kind := range []string{"p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "p2pk"} {
		if err := b.Kind("wallet "+string(rune('a'+i)), kind); err != nil {
			t.Fatal(err)
		}
	}
	for range 8 {
		b.Mine("wallet a")
	}
	subjects = append(subjects, b.Address("wallet a"))
	for i := range 6 {
		from, to := "wallet "+string(rune('a'+i)), "wallet "+string(rune('a'+(i+1)%6))
		subjects = append(subjects, must(b.Pay(from, 1000+int64(i), chaintest.Out{To: to, Value: int64(30-i) * chaintest.BTC}, chaintest.Out{To: "data:note", Value: 0})))
		b.Mine("miner")
	}
	shop := b.Address("shop") // 60 payments to one address, several a block
	for i := range 60 {
		must(b.Pay("miner", 500, chaintest.Out{To: shop, Value: 100_000 + int64(i)}))
		if i%7 == 6 {
			b.Mine("miner")
		}
	}
	b.Mine("miner")
	subjects = append(subjects, shop, must(b.Pay("shop", 900, chaintest.Out{To: "wallet c", Value: 3_000_000})))
	b.Mine("miner")
	b.Fork(b.Height()-3, 2)
	for _, tx := range b.Txs()[1:] {
		txids = append(txids, tx.TxID)
	}
	return b, txids, subjects
}

func indexOf(t *testing.T, b *chaintest.Builder) *bitcoin.Index {
	t.Helper()
	files, dir := t.TempDir(), t.TempDir()
	if err := b.WriteBlk(files); err != nil {
		t.Fatal(err)
	}
	if _, err := bitcoin.Build(t.Context(), dir, files, bitcoin.Options{Network: "regtest"}); err != nil {
		t.Fatal(err)
	}
	x, err := bitcoin.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// quick are options for a server of the test that waits for nothing.
func quick() rpc.Options {
	return rpc.Options{
		Network: "regtest", Transport: http.DefaultTransport, Now: func() time.Time { return time.Unix(1_700_000_000, 0) },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// TestServers compares every dialect, with every set of indexes that can trace,
// with the local index of the same chain, live and from kept answers.
func TestServers(t *testing.T) {
	b, txids, subjects := synthetic(t)
	x := indexOf(t, b)
	type opener func(context.Context, string, rpc.Options) (*Source, error)
	for name, c := range map[string]struct {
		open   opener
		server http.Handler
	}{
		"core 31":           {Node, b.Core(chaintest.Indexes{Tx: true, Filter: true, Spender: true})},
		"core, filters":     {Node, b.Core(chaintest.Indexes{Tx: true, Filter: true})},
		"core, no prevouts": {Node, b.Core(chaintest.Indexes{Tx: true, Filter: true, Old: true})},
		"esplora":           {Esplora, b.Esplora()},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "answers")
			keep, err := rpc.OpenAnswers(dir, quick().Now)
			if err != nil {
				t.Fatal(err)
			}
			o := quick()
			o.Keep = keep
			src, err := c.open(t.Context(), serve(t, c.server), o)
			if err != nil {
				t.Fatal(err)
			}
			if src.Can() != chain.CanTx|chain.CanSpender|chain.CanHistory {
				t.Errorf("can %b", src.Can())
			}
			same(t, x, src, txids, subjects)
			if err := keep.Close(); err != nil {
				t.Fatal(err)
			}
			again, err := rpc.OpenAnswers(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			replayed, err := Replay(t.Context(), again, "regtest")
			if err != nil {
				t.Fatal(err)
			}
			same(t, x, replayed, txids, subjects)
			tip, _ := replayed.Tip(t.Context())
			if want, _ := x.Tip(t.Context()); tip != want {
				t.Errorf("tip %+v, want %+v", tip, want)
			}
		})
	}
}

// TestCapabilities is what a node lacks: said, not guessed.
func TestCapabilities(t *testing.T) {
	b, _, subjects := synthetic(t)
	open := func(x chaintest.Indexes) *Source {
		src, err := Node(t.Context(), serve(t, b.Core(x)), quick())
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	bare := open(chaintest.Indexes{})
	if bare.Can() != 0 {
		t.Errorf("a node without indexes can %b", bare.Can())
	}
	if _, err := bare.Tx(t.Context(), subjects[1]); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("a transaction without -txindex: %v", err)
	}
	if _, err := history(t.Context(), bare, subjects[0]); err == nil || !strings.Contains(err.Error(), "no index") {
		t.Errorf("an address without -blockfilterindex: %v", err)
	}
	if _, err := chain.Trace(t.Context(), bare, subjects[1], chain.Options{}); err == nil {
		t.Error("a trace forward without spenders")
	}
	// Without -txindex the blocks that a search found still give transactions.
	filters := open(chaintest.Indexes{Filter: true})
	if filters.Can() != chain.CanSpender|chain.CanHistory {
		t.Errorf("a node with filters can %b", filters.Can())
	}
	outs, err := history(t.Context(), filters, subjects[0])
	if err != nil || len(outs) == 0 {
		t.Fatal(outs, err)
	}
	for _, out := range outs {
		if tx, err := filters.Tx(t.Context(), out.TxID); err != nil || tx.Height < 0 {
			t.Errorf("%s: %+v, %v", out.TxID, tx, err)
		}
	}
}

// TestUnconfirmed: what no block holds is a transaction, and no spending.
func TestUnconfirmed(t *testing.T) {
	b, _, _ := synthetic(t)
	coin := b.Coins("shop")[0]
	id, err := b.Spend([]tamga.Outpoint{coin.Outpoint}, chaintest.Out{To: "wallet a", Value: coin.Value - 100})
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (*Source, error){
		"core": func() (*Source, error) {
			return Node(t.Context(), serve(t, b.Core(chaintest.Indexes{Tx: true, Filter: true})), quick())
		},
		"esplora": func() (*Source, error) { return Esplora(t.Context(), serve(t, b.Esplora()), quick()) },
	} {
		src, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if tx, err := src.Tx(t.Context(), id); err != nil || tx.Height != -1 || tx.Block != "" {
			t.Errorf("%s: %+v, %v", name, tx, err)
		}
		for _, out := range []tamga.Outpoint{coin.Outpoint, {TxID: id}} {
			if spend, found, err := src.Spender(t.Context(), out); found || err != nil {
				t.Errorf("%s: spender of %v is %v, %v", name, out, spend, err)
			}
		}
	}
}

// TestStale: a transaction in a block that the best chain does not hold is loose,
// and no tip is one.
func TestStale(t *testing.T) {
	b, txids, _ := synthetic(t)
	core := b.Core(chaintest.Indexes{Tx: true})
	tx := b.Txs()[5]
	stale := altered(core, `getblockheader ["`+tx.Block, func(s string) string {
		return strings.Replace(s, `"confirmations":`, `"confirmations":-`, 1)
	})
	src, err := Node(t.Context(), serve(t, stale), quick())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := src.Tx(t.Context(), tx.TxID); err != nil || got.Height != -1 || got.Block != "" || !got.Time.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := src.Tx(t.Context(), txids[0]); err != nil || got.Height != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	all := altered(core, `getblockheader`, func(s string) string {
		return strings.Replace(s, `"confirmations":`, `"confirmations":-`, 1)
	})
	if _, err := Node(t.Context(), serve(t, all), quick()); !errors.Is(err, rpc.ErrLie) {
		t.Error(err)
	}
}
