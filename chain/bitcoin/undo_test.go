package bitcoin

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"tamga/chain/chaintest"
)

func TestDecompressAmount(t *testing.T) {
	const coin, cent = 100_000_000, 1_000_000
	for _, c := range []struct{ amount, packed uint64 }{ // Core's compress_tests
		{0, 0}, {1, 1}, {cent, 7}, {coin, 9}, {50 * coin, 0x32}, {21_000_000 * coin, 0x1406f40},
	} {
		if got, ok := decompressAmount(c.packed); !ok || uint64(got) != c.amount || chaintest.CompressAmount(c.amount) != c.packed {
			t.Errorf("%#x is %d, %v, want %d", c.packed, got, ok, c.amount)
		}
	}
	check := func(n int64) {
		t.Helper()
		got, ok := decompressAmount(chaintest.CompressAmount(uint64(n)))
		if want := n <= maxMoney; ok != want || ok && got != n {
			t.Fatalf("%d comes back as %d, %v", n, got, ok)
		}
	}
	for n := range int64(200_000) {
		check(n)
		check(n * cent)
		check(n * coin)
		check(maxMoney - 100_000 + n)
	}
	for e, p := 0, int64(1); e < 16; e, p = e+1, p*10 {
		for d := int64(-3); d <= 3; d++ {
			for k := int64(1); k < 20; k++ {
				check(max(k*p+d, 0))
			}
		}
	}
	for x := range uint64(200_000) { // and the other way
		if n, ok := decompressAmount(x); !ok || chaintest.CompressAmount(uint64(n)) != x {
			t.Fatalf("%#x comes back as %#x", x, chaintest.CompressAmount(uint64(n)))
		}
	}
	for _, x := range []uint64{1<<64 - 1, 1<<63 + 1, 10 * maxMoney} {
		if n, ok := decompressAmount(x); ok && chaintest.CompressAmount(uint64(n)) != x {
			t.Errorf("%#x is %d", x, n)
		}
	}
}

func TestVarint(t *testing.T) {
	for _, c := range []struct { // Core's serialize_tests and the text of serialize.h
		n   uint64
		hex string
	}{{0, "00"}, {0x7f, "7f"}, {0x80, "8000"}, {255, "807f"}, {256, "8100"}, {16383, "fe7f"}, {16384, "ff00"}, {16511, "ff7f"},
		{65535, "82fe7f"}, {0x1234, "a334"}, {0xffff, "82fe7f"}, {0x123456, "c7e756"}, {0x80123456, "86ffc7e756"},
		{1<<32 - 1, "8efefefe7f"}, {0x7fffffffffffffff, "fefefefefefefefe7f"}, {1<<64 - 1, "80fefefefefefefefe7f"}} {
		b, _ := hex.DecodeString(c.hex)
		if n, next, err := varint(b, 0, 1<<64-1); err != nil || n != c.n || next != len(b) {
			t.Errorf("%s is %d, %d, %v, want %d", c.hex, n, next, err, c.n)
		}
		if _, _, err := varint(b[:len(b)-1], 0, 1<<64-1); !errors.Is(err, ErrTruncated) {
			t.Errorf("%s cut: %v", c.hex, err)
		}
		if c.n > 0 {
			if n, _, err := varint(b, 0, c.n-1); err == nil {
				t.Errorf("%s is %d, above %d", c.hex, n, c.n-1)
			}
		}
		if n, _, err := varint(b, 0, c.n); err != nil || n != c.n {
			t.Errorf("%s up to itself: %d, %v", c.hex, n, err)
		}
	}
	for _, s := range []string{"8efefeff00", "80fefefefefefefeff00", "ffffffffffffffffffffffff7f", "818181818181818181818181"} {
		b, _ := hex.DecodeString(s)
		if n, _, err := varint(b, 0, 1<<32-1); err == nil {
			t.Errorf("%s is %d", s, n)
		}
	}
}

// The keys of the first payment on mainnet (block 170) and of its first block.
const (
	keyHal     = "0411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3"
	keyGenesis = "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
)

func fromHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// packScript is Core's ScriptCompression, uncompressed keys included.
func packScript(b, s []byte) []byte {
	if len(s) == 67 && s[0] == 65 && s[1] == 4 && s[66] == 0xac {
		return append(append(b, 4+s[65]&1), s[2:34]...)
	}
	coin := chaintest.AppendCoin(nil, 0, false, 0, s) // code 0, amount 0, script
	return append(b, coin[2:]...)
}

func TestUndoScripts(t *testing.T) {
	for _, c := range []struct {
		script string
		size   int
	}{
		{"76a914" + "0102030405060708090a0b0c0d0e0f1011121314" + "88ac", 21},
		{"a914" + "0102030405060708090a0b0c0d0e0f1011121314" + "87", 21},
		{"21" + "02" + keyHal[2:66] + "ac", 33},
		{"21" + "03" + keyHal[2:66] + "ac", 33},
		{"41" + keyHal + "ac", 33},
		{"41" + keyGenesis + "ac", 33},
		{"", 1},
		{"6a", 2},
		{"0014" + "0102030405060708090a0b0c0d0e0f1011121314", 23},
		{"5120" + keyHal[2:66], 35},
	} {
		want := fromHex(t, c.script)
		packed := packScript(nil, want)
		got, next, err := appendUndoScript([]byte("before"), packed, 0)
		if err != nil || next != len(packed) || len(packed) != c.size || string(got) != "before"+string(want) {
			t.Errorf("%s: packed in %d bytes, comes back as %x, %d, %v", c.script, len(packed), got, next, err)
		}
		for cut := range packed {
			if _, _, err := appendUndoScript(nil, packed[:cut], 0); !errors.Is(err, ErrTruncated) {
				t.Errorf("%s cut to %d bytes: %v", c.script, cut, err)
			}
		}
	}
	for _, bad := range []string{
		"04" + "0000000000000000000000000000000000000000000000000000000000000005", // no point has that x
		"05" + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"8efefefe7f", // a script of 4 GB
		"cd17",       // of 10,001 bytes
	} {
		if got, _, err := appendUndoScript(nil, append(fromHex(t, bad), make([]byte, 20_000)...), 0); err == nil {
			t.Errorf("%s is %x", bad, got)
		}
	}
}

// bcoinBlocks are the blocks with the outputs that they spend, in input order, in bcoin's
// own form: value and script with its length.
func bcoinBlocks(t testing.TB) map[string][2][]byte {
	dir := dataDir(t, "chain/bcoin")
	all := map[string][2][]byte{}
	for _, name := range []string{"block300025", "block928816", "block928849", "block1087400"} {
		all[name] = [2][]byte{gunzip(t, filepath.Join(dir, name+".raw.gz")), gunzip(t, filepath.Join(dir, name+"-undo.raw.gz"))}
	}
	return all
}

// undoOf encodes what a block spends as Core does; coins are what bcoin kept.
func undoOf(t testing.TB, block, coins []byte) (undo []byte, want []output) {
	t.Helper()
	var r blockReader
	n, pos := 0, 0
	var body []byte
	if _, err := r.read(block, func(i int, tx *rawTx, _ Hash, _ int) error {
		if i == 0 {
			return nil
		}
		n++
		body = chaintest.AppendSize(body, tx.nIn)
		for range tx.nIn {
			value := int64(binary.LittleEndian.Uint64(coins[pos:]))
			size, start, err := size(coins, pos+8)
			if err != nil {
				return err
			}
			script := coins[start : start+int(size)]
			pos = start + int(size)
			want = append(want, output{value, script})
			coin := chaintest.AppendCoin(nil, 300_000, false, value, nil)
			body = packScript(append(body, coin[:len(coin)-1]...), script)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if pos != len(coins) {
		t.Fatalf("%d bytes of prevouts, read %d", len(coins), pos)
	}
	return append(chaintest.AppendSize(nil, n), body...), want
}

// TestUndoBcoin encodes what real blocks spend and reads it back.
func TestUndoBcoin(t *testing.T) {
	for name, b := range bcoinBlocks(t) {
		undo, want := undoOf(t, b[0], b[1])
		var r undoReader
		n, pos, err := undoStart(undo)
		i := 0
		for range n {
			if _, pos, err = r.transaction(undo, pos, func(_ int, c undoCoin) {
				if c.out.value != want[i].value || !bytes.Equal(c.out.script, want[i].script) || c.height != 300_000 || c.coinbase {
					t.Errorf("%s, input %d: %+v, want %+v", name, i, c, want[i])
				}
				i++
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.block(undo, nil); err != nil || pos != len(undo) || i != len(want) {
			t.Errorf("%s: %v; read %d of %d bytes, %d of %d coins", name, err, pos, len(undo), i, len(want))
		}
		t.Logf("%s: %d coins in %d bytes, %d in bcoin's form", name, i, len(undo), len(b[1]))
		for cut := 0; cut < len(undo); cut += 1 + cut/8 {
			if err := r.block(undo[:cut], nil); !errors.Is(err, ErrTruncated) {
				t.Fatalf("%s cut to %d bytes: %v", name, cut, err)
			}
		}
		if err := r.block(append(undo, 0), nil); err == nil {
			t.Errorf("%s with a byte more is read", name)
		}
	}
}

func TestUndoLimits(t *testing.T) {
	var r undoReader
	huge := append([]byte{0xfe, 0xff, 0xff, 0xff, 0x00}, make([]byte, 1000)...)
	for name, b := range map[string][]byte{
		"many transactions": huge,
		"many inputs":       append([]byte{1}, huge...),
		"no inputs":         append([]byte{1, 0}, make([]byte, 10)...),
		"beyond all money":  append([]byte{1, 1, 0}, append(bytes.Repeat([]byte{0x80}, 9), 0x7f, 6)...),
		"a long count":      {0xfd, 1, 0, 1, 0, 0, 6},
	} {
		if err := r.block(b, nil); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	if err := r.block([]byte{0}, nil); err != nil { // a block with nothing but a coinbase
		t.Error(err)
	}
}

func FuzzUndo(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	var seed []byte
	for _, s := range []string{"76a9140102030405060708090a0b0c0d0e0f101112131488ac", "41" + keyHal + "ac", "6a"} {
		coin := chaintest.AppendCoin(nil, int64(rng.IntN(900_000)), rng.IntN(2) == 0, rng.Int64N(maxMoney), nil)
		seed = packScript(append(seed, coin[:len(coin)-1]...), fromHex(f, s))
	}
	f.Add(append([]byte{1, 3}, seed...))
	f.Add([]byte{0})
	f.Add([]byte{2, 1, 0, 0, 6, 1, 0, 0, 6})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r undoReader
		total, txs := 0, 0
		err := r.block(b, func(_, inputs int) error { total += inputs; txs++; return nil })
		if total*minCoin > len(b) || cap(r.scripts) > 4*len(b)+4*maxScript {
			t.Fatalf("%d coins, a buffer of %d bytes from %d", total, cap(r.scripts), len(b))
		}
		if err != nil {
			return
		}
		// What was read, written again, is read the same.
		again := chaintest.AppendSize(nil, txs)
		_, pos, _ := undoStart(b)
		for range txs {
			n := 0
			var coins []byte
			_, pos, _ = r.transaction(b, pos, func(_ int, c undoCoin) {
				n++
				coin := chaintest.AppendCoin(nil, c.height, c.coinbase, c.out.value, nil)
				coins = packScript(append(coins, coin[:len(coin)-1]...), c.out.script)
			})
			again = append(chaintest.AppendSize(again, n), coins...)
		}
		if err := r.block(again, nil); err != nil {
			t.Fatalf("%x, written again as %x: %v", b, again, err)
		}
	})
}
