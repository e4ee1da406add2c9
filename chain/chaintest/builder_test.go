package chaintest

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"tamga"
	"tamga/internal/address"
)

func sample(t *testing.T) *Builder {
	t.Helper()
	b := New("sample")
	for wallet, kind := range map[string]string{"kept": "p2tr", "buyer": "p2pkh", "shop": "p2sh", "vault": "p2wsh", "old": "p2pk"} {
		if err := b.Kind(wallet, kind); err != nil {
			t.Fatal(err)
		}
	}
	b.Mine("buyer")
	b.Mine("old")
	for range 20 {
		b.Mine("miner")
	}
	pay := func(from string, outs ...Out) string {
		id, err := b.Pay(from, 1000, outs...)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	pay("buyer", Out{"shop", 3 * BTC}, Out{"kept", BTC}, Out{"data:order 7", 0})
	b.Mine("miner")
	pay("shop", Out{"vault", 2 * BTC})
	pay("old", Out{"vault", BTC})
	b.Mine("miner")
	pay("vault", Out{"kept", 2*BTC + 5})
	pay("kept", Out{"shop", BTC / 2})
	b.Mine("miner")
	return b
}

func TestSameSeedSameBytes(t *testing.T) {
	a, b := sample(t), sample(t)
	if !bytes.Equal(a.Block(25), b.Block(25)) || a.Height() != 25 {
		t.Fatal("two runs differ")
	}
	if New("x").Address("w") == New("y").Address("w") {
		t.Fatal("the seed changes nothing")
	}
}

func TestGenesis(t *testing.T) {
	want := chaincfg.RegressionNetParams.GenesisHash.String()
	if got := New("").blocks[0].id.String(); got != want {
		t.Fatalf("genesis %s, want %s", got, want)
	}
}

// TestOracle has btcd read every block back: identity, merkle root, work, ids.
func TestOracle(t *testing.T) {
	b := sample(t)
	txs := b.Txs()
	for h := range b.Height() + 1 {
		var m wire.MsgBlock
		if err := m.Deserialize(bytes.NewReader(b.Block(h))); err != nil {
			t.Fatal(err)
		}
		bl := btcutil.NewBlock(&m)
		if h > 0 && m.Header.PrevBlock.String() != b.blocks[h-1].id.String() {
			t.Fatalf("block %d does not follow", h)
		}
		var ids []hash
		for i, tx := range m.Transactions {
			id := tx.TxHash()
			ids = append(ids, hash(id))
			if got := txs[0]; got.TxID != id.String() || got.WTxID != tx.WitnessHash().String() || got.Block != bl.Hash().String() || got.Height != h {
				t.Fatalf("block %d transaction %d: %+v", h, i, got)
			}
			txs = txs[1:]
		}
		if merkleRoot(ids) != hash(m.Header.MerkleRoot) {
			t.Fatalf("block %d: merkle root", h)
		}
		if work := bl.Hash(); h > 0 && work[31] >= 0x7f {
			t.Fatalf("block %d: no proof of work", h)
		}
	}
}

func TestAddresses(t *testing.T) {
	b := sample(t)
	for wallet, kind := range map[string]string{"kept": "p2tr", "buyer": "p2pkh", "shop": "p2sh", "vault": "p2wsh", "miner": "p2wpkh"} {
		a, ok := address.Parse(b.Address(wallet))
		if !ok || a.Kind != kind || a.Network == address.Mainnet {
			t.Errorf("%s: %+v %v", wallet, a, ok)
		}
	}
	if b.Address("old") != "" {
		t.Error("p2pk has no address")
	}
	if err := b.Kind("w", "p2xx"); err == nil {
		t.Error("unknown kind accepted")
	}
}

func TestSpendRefuses(t *testing.T) {
	b := New("refuse")
	id := b.Mine("a")
	one := []tamga.Outpoint{{TxID: id, Vout: 0}}
	for name, f := range map[string]func() (string, error){
		"more than there is": func() (string, error) { return b.Spend(one, Out{"b", 51 * BTC}) },
		"negative":           func() (string, error) { return b.Spend(one, Out{"b", -1}) },
		"twice in one":       func() (string, error) { return b.Spend(append(one, one...), Out{"b", 1}) },
		"nothing":            func() (string, error) { return b.Spend(nil, Out{"b", 1}) },
		"poor wallet":        func() (string, error) { return b.Pay("b", 0, Out{"a", 1}) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := b.Spend(one, Out{"b", BTC}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Spend(one, Out{"b", BTC}); err == nil {
		t.Error("spent twice")
	}
}

func TestWriteShape(t *testing.T) {
	b := sample(t)
	b.Fork(20, 2)
	dir := t.TempDir()
	key := [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	if err := b.WriteShape(dir, Shape{Key: key, PerFile: 10, ZeroTail: 100, TornTail: 3}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "blk*.dat"))
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] ^= key[i%8]
	}
	if !bytes.Equal(raw[:4], regtestMagic[:]) || !bytes.Equal(raw[8:8+binary.LittleEndian.Uint32(raw[4:])], b.Block(0)) {
		t.Fatal("first record")
	}
}
