package bitcoin

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
)

// damage writes a file with one byte after another flipped, calls try each time,
// and puts the file back.
func damage(t *testing.T, file string, tries int, try func(at int)) {
	t.Helper()
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(good); at += 1 + len(good)/tries {
		bad := bytes.Clone(good)
		bad[at] ^= 1 << (at % 8)
		if err := os.WriteFile(file, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		try(at)
	}
	if err := os.WriteFile(file, good, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedIndex flips a byte in each file, cuts it and takes it away: an index
// does not open then, but one too large to be read whole; of that Verify names the
// file, and no question ends in a panic or in another transaction.
func TestDamagedIndex(t *testing.T) {
	ctx := context.Background()
	b := economy(t, 30)
	blocks, lines := t.TempDir(), t.TempDir()
	if _, err := Build(ctx, blocks, write(t, b, chaintest.Shape{}), Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := BuildTransactions(ctx, lines, strings.NewReader(jsonl(t, printedTxs(t, b))), Options{Network: "regtest"}); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{blocks, lines} {
		if err := BuildWallets(ctx, dir, nil); err != nil {
			t.Fatal(err)
		}
		m, err := readManifest(dir)
		if err != nil || m.verify(ctx, dir) != nil || len(m.Layers)+len(m.Files) < 6 {
			t.Fatalf("%v, %d files", err, len(m.Files))
		}
		damage(t, filepath.Join(dir, manifestName), 200, func(at int) {
			if got, err := readManifest(dir); err == nil && !reflect.DeepEqual(got, m) { // a letter's case may differ
				t.Fatalf("the manifest with byte %d flipped is read: %+v", at, got)
			}
		})
		for kind, f := range m.files() {
			file := filepath.Join(dir, f.Name)
			damage(t, file, 20, func(at int) {
				if x, err := Open(dir); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), f.Name) {
					x.Close()
					t.Fatalf("%s with byte %d flipped: %v", kind, at, err)
				}
				askLarge(t, dir, b, f.Name)
			})
			good, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for name, bad := range map[string][]byte{"cut": good[:len(good)-1], "empty": {}, "longer": append(bytes.Clone(good), 0), "gone": nil} {
				os.Remove(file)
				if bad != nil {
					if err := os.WriteFile(file, bad, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if x, err := Open(dir); !errors.Is(err, ErrDamaged) {
					x.Close()
					t.Fatalf("%s, %s: %v", kind, name, err)
				}
			}
			if err := os.WriteFile(file, good, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// paidTo are the outputs that paid an address.
func paidTo(b *chaintest.Builder, addr string) (out []tamga.Outpoint) {
	for _, tx := range b.Txs() {
		for _, o := range tx.Out {
			if o.Address == addr {
				out = append(out, tamga.Outpoint{TxID: tx.TxID, Vout: o.N})
			}
		}
	}
	return out
}

// askLarge asks a damaged index as if it were large: the answer is right, or none.
func askLarge(t *testing.T, dir string, b *chaintest.Builder, name string) {
	t.Helper()
	ctx := context.Background()
	defer func(n int64) { verifiedAtOnce = n }(verifiedAtOnce)
	verifiedAtOnce = 0
	x, err := Open(dir)
	if err != nil {
		return
	}
	defer x.Close()
	if err := x.Verify(ctx); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), name) {
		t.Fatalf("%s: %v", name, err)
	}
	for _, tx := range b.Txs() {
		if got, err := x.Tx(ctx, tx.TxID); err == nil && got.TxID != tx.TxID || errors.Is(err, chain.ErrNotFound) {
			t.Fatalf("%s: asked for %s, got %v, %v", name, tx.TxID, got, err)
		}
		for _, in := range tx.In {
			if in.Coinbase {
				continue
			}
			if s, found, err := x.Spender(ctx, in.Prev); err == nil && (!found || s.TxID != tx.TxID) {
				t.Fatalf("%s: spender of %v: %v, %v", name, in.Prev, s, found)
			}
		}
	}
	for _, who := range []string{"ada", "bek"} {
		paid := 0
		var damaged error
		for _, err := range x.History(ctx, b.Address(who)) {
			damaged = errors.Join(damaged, err)
			paid++
		}
		if want := len(paidTo(b, b.Address(who))); damaged == nil && paid != want {
			t.Fatalf("%s: %s was paid %d times, not %d", name, who, paid, want)
		}
	}
	w, err := x.Wallets()
	if err != nil {
		return
	}
	defer w.Close()
	for _, who := range []string{"ada", "bek"} {
		w.Of(ctx, b.Address(who), Now)
		w.Why(ctx, b.Address("ada"), b.Address(who), Now)
	}
}

// TestDamagedIsBuiltAgain: the next build puts a damaged index right, also where
// the blocks are those it was made of.
func TestDamagedIsBuiltAgain(t *testing.T) {
	ctx := context.Background()
	b := economy(t, 12)
	dir, blocks := t.TempDir(), write(t, b, chaintest.Shape{})
	if _, err := Build(ctx, dir, blocks, Options{}); err != nil {
		t.Fatal(err)
	}
	want := contents(t, dir)
	for name := range want {
		file := filepath.Join(dir, name)
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		good[len(good)/2] ^= 4
		if err := os.WriteFile(file, good, 0o644); err != nil {
			t.Fatal(err)
		}
		if s, err := Build(ctx, dir, blocks, Options{}); err != nil || s.Unchanged {
			t.Fatalf("%s: %+v %v", name, s, err)
		}
		if err := same(contents(t, dir), want); err != nil {
			t.Fatal(err)
		}
	}
}

// printedTxs are all transactions as Esplora prints them.
func printedTxs(t *testing.T, b *chaintest.Builder) (all []obj) {
	t.Helper()
	sc := scripts(t, b)
	for _, tx := range b.Txs() {
		all = append(all, esploraTx(tx, sc))
	}
	return all
}

// TestChangedBlocks flips bytes of a block file after it was indexed: questions
// end in an error or in the right answer. Witnesses are not covered by an id.
func TestChangedBlocks(t *testing.T) {
	ctx := context.Background()
	b := economy(t, 6)
	blocks := write(t, b, chaintest.Shape{})
	dir := t.TempDir()
	if _, err := Build(ctx, dir, blocks, Options{}); err != nil {
		t.Fatal(err)
	}
	src, refused := b.Source(), 0
	damage(t, filepath.Join(blocks, "blk00000.dat"), 400, func(at int) {
		x, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		for _, tx := range b.Txs() {
			got, err := x.Tx(ctx, tx.TxID)
			switch {
			case err == nil:
				got.WTxID = tx.WTxID
				if !reflect.DeepEqual(got, tx) {
					t.Fatalf("byte %d: %+v\nwant %+v", at, got, tx)
				}
			case errors.Is(err, ErrBlocks):
				refused++
			default:
				t.Fatalf("byte %d: %v", at, err)
			}
			for n := range tx.Out {
				out := tamga.Outpoint{TxID: tx.TxID, Vout: uint32(n)}
				want, there, _ := src.Spender(ctx, out)
				if spend, found, err := x.Spender(ctx, out); err == nil && (found != there || spend != want) {
					t.Fatalf("byte %d: output %v is spent by %v", at, out, spend)
				}
			}
		}
	})
	if refused < 100 {
		t.Fatalf("only %d questions were refused", refused)
	}
}
