package bitcoin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/big"
	"os"
	"runtime"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"tamga/chain/chaintest"
)

// sameAsWire compares one block with btcd's reading of it.
func sameAsWire(t *testing.T, raw []byte) int {
	t.Helper()
	var m wire.MsgBlock
	if err := m.Deserialize(bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	var r blockReader
	n, err := r.read(raw, func(i int, tx *rawTx, id Hash, offset int) error {
		sameTx(t, m.Transactions[i], tx, id)
		if !bytes.Equal(raw[offset:offset+len(tx.raw)], tx.raw) {
			t.Fatalf("transaction %d does not stand at %d", i, offset)
		}
		return nil
	})
	if err != nil || n != len(raw) {
		t.Fatalf("read %d of %d bytes: %v", n, len(raw), err)
	}
	h := header(raw)
	if h.hash() != Hash(m.BlockHash()) || h.prev() != Hash(m.Header.PrevBlock) || h.time() != uint32(m.Header.Timestamp.Unix()) ||
		h.bits() != m.Header.Bits || h.version() != m.Header.Version {
		t.Fatalf("header %x", raw[:80])
	}
	return len(m.Transactions)
}

func sameTx(t *testing.T, want *wire.MsgTx, tx *rawTx, id Hash) {
	t.Helper()
	if id != Hash(want.TxHash()) || tx.wtxid() != Hash(want.WitnessHash()) || tx.version() != want.Version || tx.lockTime() != want.LockTime ||
		tx.nIn != len(want.TxIn) || tx.nOut != len(want.TxOut) || tx.segwit != want.HasWitness() {
		t.Fatalf("transaction %s: %+v", want.TxHash(), tx)
	}
	tx.inputs(func(i int, in input) {
		w := want.TxIn[i]
		if Hash(in.prev) != Hash(w.PreviousOutPoint.Hash) || in.vout != w.PreviousOutPoint.Index || in.sequence != w.Sequence || !bytes.Equal(in.script, w.SignatureScript) {
			t.Fatalf("transaction %s input %d", want.TxHash(), i)
		}
	})
	tx.outputs(func(n int, out output) bool {
		if w := want.TxOut[n]; out.value != w.Value || !bytes.Equal(out.script, w.PkScript) {
			t.Fatalf("transaction %s output %d", want.TxHash(), n)
		}
		if n > 3 && n < tx.nOut-1 { // finding one by its number walks over those before it
			return true
		}
		if one, ok := tx.output(uint32(n)); !ok || one.value != out.value {
			t.Fatalf("transaction %s output %d by its number", want.TxHash(), n)
		}
		return true
	})
	if _, ok := tx.output(uint32(tx.nOut)); ok {
		t.Fatal("an output beyond the last")
	}
}

func TestWireOnRealBlocks(t *testing.T) {
	n := 0
	for i, raw := range realBlocks(t) {
		k := sameAsWire(t, raw)
		n += k
		if i%3 > 0 {
			continue
		}
		if got, err := decodeAll(t, raw, "mainnet"); err != nil || len(got) != k {
			t.Fatalf("%d of %d transactions, %v", len(got), k, err)
		}
	}
	t.Logf("%d transactions", n)
}

func TestWireOnFirstBlocks(t *testing.T) {
	b, err := os.ReadFile(firstBlocks(t))
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for len(b) > 8 && binary.LittleEndian.Uint32(b) == uint32(wire.MainNet) {
		n := binary.LittleEndian.Uint32(b[4:])
		sameAsWire(t, b[8:8+n])
		b = b[8+n:]
		blocks++
	}
	if blocks != 14132 {
		t.Fatalf("%d blocks", blocks)
	}
}

func TestWireOnSynthetic(t *testing.T) {
	b := economy(t, 30)
	for h := range b.Height() + 1 {
		sameAsWire(t, b.Block(h))
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		want uint64
		next int
		ok   bool
	}{
		{[]byte{0xfc}, 0xfc, 1, true},
		{[]byte{0xfd, 0xfd, 0}, 0xfd, 3, true},
		{[]byte{0xfd, 0xfc, 0}, 0, 0, false}, // has a shorter form
		{[]byte{0xfe, 0, 0, 1, 0}, 1 << 16, 5, true},
		{[]byte{0xfe, 0xff, 0xff, 0, 0}, 0, 0, false},
		{[]byte{0xff, 0, 0, 0, 0, 1, 0, 0, 0}, 1 << 32, 9, true},
		{[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 0, 0, false},
		{[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1<<64 - 1, 9, true},
		{[]byte{0xfd, 1}, 0, 0, false},
		{nil, 0, 0, false},
	} {
		n, next, err := size(c.in, 0)
		if (err == nil) != c.ok || n != c.want && c.ok || next != c.next && c.ok {
			t.Errorf("%x: %d %d %v", c.in, n, next, err)
		}
	}
}

// TestTruncatedBlock cuts a block at every offset: an error that says so, never
// a panic, and never a transaction that is not whole.
func TestTruncatedBlock(t *testing.T) {
	b := economy(t, 12)
	raw := b.Block(b.Height() - 1)
	whole, err := decodeAll(t, raw, "regtest")
	if err != nil || len(whole) < 3 {
		t.Fatal(len(whole), err)
	}
	for n := 1; n < len(raw); n++ {
		got, err := decodeAll(t, raw[:n], "regtest")
		if err == nil {
			t.Fatalf("%d of %d bytes pass", n, len(raw))
		}
		if !errors.Is(err, ErrTruncated) && n > headerSize {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if len(got) >= len(whole) && n < len(raw)-4 || len(got) > len(whole) {
			t.Fatalf("%d bytes: %d transactions", n, len(got))
		}
		for i := range got {
			if got[i].TxID != whole[i].TxID || got[i].Block != whole[i].Block {
				t.Fatalf("%d bytes: transaction %d differs", n, i)
			}
		}
	}
}

// TestTruncatedRealBlock cuts real blocks here and there.
func TestTruncatedRealBlock(t *testing.T) {
	for k, raw := range realBlocks(t) {
		if k%16 != 0 || len(raw) > 500_000 {
			continue
		}
		for i := 1; i <= 8; i++ {
			n := len(raw) * i / 9
			if got, err := decodeAll(t, raw[:n], "mainnet"); err == nil {
				t.Fatalf("%d of %d bytes pass with %d transactions", n, len(raw), len(got))
			}
		}
	}
}

// TestPromises: counts and lengths that promise more than there is cost nothing.
func TestPromises(t *testing.T) {
	tx := []byte{1, 0, 0, 0}
	for _, promise := range [][]byte{{0xfe, 0xff, 0xff, 0xff, 0x01}, {0xff, 0, 0, 0, 0, 0, 0, 0, 0x80}, {0xfd, 0xff, 0xff}} {
		b := append(append(bytes.Clone(tx), promise...), make([]byte, 200)...)
		if n := allocated(func() {
			var tx rawTx
			if _, err := parseTx(b, &tx); err == nil {
				t.Errorf("%x: accepted", promise)
			}
		}); n > uint64(4*len(b))+4096 {
			t.Errorf("%x: %d bytes allocated", promise, n)
		}
	}
	block := append(make([]byte, 80), 0xfe, 0xff, 0xff, 0x01, 0)
	var r blockReader
	if _, err := r.read(block, nil); err == nil || cap(r.ids) > 100 {
		t.Errorf("%v, room for %d ids", err, cap(r.ids))
	}
}

// allocated is how many bytes f allocates, and whatever runs beside it.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestMerkle(t *testing.T) {
	b := economy(t, 12)
	raw := b.Block(b.Height() - 1)
	for at := headerSize + 1; at < len(raw); at++ { // a witness as well as the rest
		flipped := bytes.Clone(raw)
		flipped[at] ^= 1
		got, err := decodeAll(t, flipped, "regtest")
		if err == nil {
			t.Fatalf("bit flipped at %d: accepted", at)
		}
		if (errors.Is(err, errMerkle) || errors.Is(err, errWitness)) && len(got) > 0 {
			t.Fatalf("bit flipped at %d: %d transactions before %v", at, len(got), err)
		}
	}
	// The same root for a list and for the list with its tail repeated.
	a, c, d := Hash{1}, Hash{2}, Hash{3}
	one, m1 := merkleRoot([]Hash{a, c, d})
	two, m2 := merkleRoot([]Hash{a, c, d, d})
	if one != two || m1 || !m2 {
		t.Errorf("%v %v, mutated %v %v", one, two, m1, m2)
	}
}

func TestWork(t *testing.T) {
	raw, err := os.ReadFile(firstBlocks(t))
	if err != nil {
		t.Fatal(err)
	}
	h := header(raw[8:88])
	if w := work(h, h.hash()); w.Cmp(big.NewInt(0x100010001)) != 0 { // as every node prints it for the genesis block
		t.Errorf("work %x", w)
	}
	if w := work(h, Hash{31: 1}); w.Sign() != 0 {
		t.Error("a hash above the target has work")
	}
	for _, bits := range []uint32{0, 0x00ffffff, 0x1d800001, 0x23000001, 0xffffffff} {
		if got := target(bits); got != nil && (got.Sign() <= 0 || got.BitLen() > 256) {
			t.Errorf("%x: %v", bits, got)
		}
	}
}

func TestCoinbaseHeight(t *testing.T) {
	for _, c := range []struct {
		version int32
		script  []byte
		height  int64
		ok      bool
	}{
		{1, []byte{3, 0x4b, 0x79, 0x03}, 0, false},
		{2, []byte{3, 0x4b, 0x79, 0x03, 9, 9}, 227659, true},
		{0x20000000, []byte{0x51, 0}, 1, true},
		{0x20000000, []byte{0x60, 0}, 16, true},
		{2, []byte{1, 17}, 17, true},
		{2, []byte{2, 0x80, 0}, 128, true},
		{2, []byte{1, 5}, 0, false}, // not the shortest form
		{2, []byte{2, 0x11, 0}, 0, false},
		{2, []byte{1, 0x81}, 0, false}, // negative
		{2, []byte{4, 0xff, 0xff, 0xff, 0x7f}, 0, false},
		{2, []byte{3, 1}, 0, false},
		{2, []byte("mined by"), 0, false},
		{2, nil, 0, false},
	} {
		if h, ok := coinbaseHeight(c.version, c.script); ok != c.ok || h != c.height {
			t.Errorf("version %d, %x: %d %v", c.version, c.script, h, ok)
		}
	}
}

// FuzzDecode: whatever the input, decoding ends in transactions or an error.
func FuzzDecode(f *testing.F) {
	b := chaintest.New("fuzz")
	b.Mine("a")
	f.Add(b.Block(1))
	f.Add([]byte("0100000001"))
	f.Add(append([]byte{0xfa, 0xbf, 0xb5, 0xda, 81, 0, 0, 0}, b.Block(1)...))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := decodeAll(t, in, "regtest")
		if err == nil && len(got) == 0 && len(bytes.Trim(in, "\x00")) > 0 {
			t.Fatal("neither a transaction nor an error")
		}
	})
}
