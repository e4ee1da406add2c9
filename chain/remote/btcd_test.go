package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/rpc"
	"tamga/internal/btcdlab"
)

// index builds the local index of block files.
func index(t *testing.T, blocks [][]byte) *bitcoin.Index {
	t.Helper()
	files, dir := t.TempDir(), t.TempDir()
	writeBlocks(t, files, blocks)
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

// same compares everything that two sources answer about some transactions, and
// traces.
func same(t *testing.T, want, got chain.Source, txids, subjects []string) {
	t.Helper()
	ctx := t.Context()
	addresses := map[string]bool{}
	for _, id := range txids {
		a, err := want.Tx(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		b, err := got.Tx(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("transaction %s:\n%+v\nwant\n%+v", id, b, a)
		}
		for _, out := range a.Out {
			o := tamga.Outpoint{TxID: id, Vout: out.N}
			addresses[out.Address] = true
			s1, f1, err1 := want.Spender(ctx, o)
			s2, f2, err2 := got.Spender(ctx, o)
			if s1 != s2 || f1 != f2 || err1 != nil || err2 != nil {
				t.Fatalf("what spent %s:%d: %v %v %v, want %v %v %v", id, out.N, s2, f2, err2, s1, f1, err1)
			}
		}
	}
	delete(addresses, "")
	for _, addr := range slices.Sorted(maps.Keys(addresses)) {
		a, err1 := history(ctx, want, addr)
		b, err2 := history(ctx, got, addr)
		if !reflect.DeepEqual(a, b) || err1 != nil || err2 != nil {
			t.Fatalf("history of %s: %v, %v; want %v, %v", addr, b, err2, a, err1)
		}
		if len(subjects) < 20 {
			subjects = append(subjects, addr)
		}
	}
	sameTraces(t, want, got, subjects)
}

func sameTraces(t *testing.T, want, got chain.Source, subjects []string) {
	t.Helper()
	hops := 0
	for _, subject := range subjects {
		for _, o := range []chain.Options{
			{}, {Hops: 4}, {Direction: chain.Backward}, {Method: chain.Haircut, Hops: 5}, {Direction: chain.Backward, Method: chain.Poison, Hops: 6},
		} {
			a, err1 := chain.Trace(t.Context(), want, subject, o)
			b, err2 := chain.Trace(t.Context(), got, subject, o)
			if err1 != nil || err2 != nil || !reflect.DeepEqual(a, b) {
				t.Fatalf("trace %s %+v:\n%+v %v\nwant\n%+v %v", subject, o, b, err2, a, err1)
			}
			hops += len(a.Hops)
		}
	}
	if hops < len(subjects) {
		t.Fatalf("%d hops in the traces of %d subjects: they show nothing", hops, len(subjects))
	}
	t.Logf("%d subjects, %d hops", len(subjects), hops)
}

func history(ctx context.Context, src chain.Source, addr string) (all []tamga.Outpoint, err error) {
	for out, err := range src.History(ctx, addr) {
		if err != nil {
			return nil, err
		}
		all = append(all, out)
	}
	return all, nil
}

func txidsOf(t *testing.T, blocks [][]byte) (ids []string) {
	t.Helper()
	for _, b := range blocks[1:] { // the first block's coinbase is no transaction to a node
		var m wire.MsgBlock
		if err := m.Deserialize(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		for _, tx := range m.Transactions {
			ids = append(ids, tx.TxHash().String())
		}
	}
	return ids
}

// TestBtcd traces a real btcd through its RPC and through the local index of its
// blocks, and once more from the kept answers with the node gone.
func TestBtcd(t *testing.T) {
	l, subjects := labChain(t)
	blocks := l.blocks()
	x := index(t, append(l.stale, blocks...))
	keep, err := rpc.OpenAnswers(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	o := rpc.Options{Network: "regtest", Transport: http.DefaultTransport, User: l.node.User, Password: l.node.Password, Keep: keep}
	src, err := Node(t.Context(), l.node.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	if got := src.Can(); got != chain.CanTx|chain.CanSpender|chain.CanHistory {
		t.Errorf("can %b", got)
	}
	if len(l.txids) < 200 {
		t.Errorf("the chain has %d payments", len(l.txids))
	}
	a, _ := x.Tip(t.Context())
	b, err := src.Tip(t.Context())
	if a != b || err != nil {
		t.Errorf("tip %+v, %v; want %+v", b, err, a)
	}
	ids := txidsOf(t, blocks)
	same(t, x, src, ids, subjects)
	peel, err := chain.Trace(t.Context(), src, subjects[2], chain.Options{})
	if err != nil || len(peel.Hops) == 0 || peel.Hops[len(peel.Hops)-1].Depth < 20 {
		t.Errorf("a peel chain of 20 hops: %d hops, %v", len(peel.Hops), err)
	}
	for _, b := range l.stale { // what the reorganisation threw away is on neither
		var m wire.MsgBlock
		if err := m.Deserialize(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		coinbase := m.Transactions[0].TxHash().String()
		for _, s := range []chain.Source{x, src} {
			if tx, err := s.Tx(t.Context(), coinbase); !errors.Is(err, chain.ErrNotFound) {
				t.Errorf("the coinbase of a block thrown away: %+v, %v", tx, err)
			}
		}
	}
	if err := keep.Close(); err != nil {
		t.Fatal(err)
	}
	wrong := o
	wrong.Network = "mainnet"
	if _, err := Node(t.Context(), l.node.URL, wrong); err == nil {
		t.Error("a node of regtest passes for mainnet")
	}
	wrong = o
	wrong.Password = "wrong"
	var e *rpc.Error
	if _, err := Node(t.Context(), l.node.URL, wrong); !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("a wrong password: %v", err)
	}

	l.node.Close()
	again, err := rpc.OpenAnswers(keep.Dir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := Replay(t.Context(), again, "regtest")
	if err != nil {
		t.Fatal(err)
	}
	same(t, x, replayed, ids, subjects)
	t.Log(fmt.Sprint(len(ids), " transactions, ", again.Len(), " answers kept"))
}

// TestBtcdWithoutIndexes: what it lacks is found by asking.
func TestBtcdWithoutIndexes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	if _, err := btcdlab.Binary(ctx); err != nil {
		t.Skip("no btcd: ", err)
	}
	node, err := btcdlab.Start(ctx, btcdlab.Options{Dir: t.TempDir(), NoIndex: true})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close()
	src, err := Node(ctx, node.URL, rpc.Options{Network: "regtest", Transport: http.DefaultTransport, User: node.User, Password: node.Password})
	if err != nil {
		t.Fatal(err)
	}
	if src.Can() != 0 {
		t.Errorf("can %b", src.Can())
	}
	if tip, err := src.Tip(ctx); err != nil || tip.Height != 0 {
		t.Error(tip, err)
	}
}
