package bitcoin

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"tamga/chain/chaintest"
)

// FuzzWire reads any bytes as a block and as a transaction, here and with btcd's
// wire: both accept or both refuse, and what they accept has the same ids, lock
// times, sequences, scripts, values and witnesses and takes the same bytes. Where
// the two differ on purpose, wireRefuses and weRefuse name the rule.
func FuzzWire(f *testing.F) {
	for _, raw := range wireSeeds(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		compareTx(t, raw)
		compareBlock(t, raw)
	})
}

func compareTx(t *testing.T, raw []byte) {
	var tx rawTx
	n, err := parseTx(raw, &tx)
	var m wire.MsgTx
	in := bytes.NewReader(raw)
	werr := m.Deserialize(in)
	switch {
	case err == nil && werr == nil:
		if n != len(raw)-in.Len() {
			t.Fatalf("a transaction of %d bytes, btcd says %d", n, len(raw)-in.Len())
		}
		id, _ := tx.txid(nil)
		sameTx(t, &m, &tx, id)
		sameBytes(t, &m, &tx)
	case err == nil:
		if wireRefuses(&tx) == "" {
			t.Fatalf("we read a transaction, btcd says %v", werr)
		}
	case werr == nil:
		t.Fatalf("btcd reads a transaction, we say %v", err)
	}
}

func compareBlock(t *testing.T, raw []byte) {
	var txs []rawTx
	var ids []Hash
	r := blockReader{trust: true} // fuzzing finds no merkle roots
	n, err := r.read(raw, func(_ int, tx *rawTx, id Hash, _ int) error {
		txs, ids = append(txs, *tx), append(ids, id)
		return nil
	})
	var m wire.MsgBlock
	in := bytes.NewReader(raw)
	werr := m.Deserialize(in)
	switch {
	case err == nil && werr == nil:
		if n != len(raw)-in.Len() || len(m.Transactions) != len(txs) {
			t.Fatalf("%d transactions in %d bytes, btcd says %d in %d", len(txs), n, len(m.Transactions), len(raw)-in.Len())
		}
		for i := range txs {
			sameTx(t, m.Transactions[i], &txs[i], ids[i])
			sameBytes(t, m.Transactions[i], &txs[i])
		}
	case err == nil:
		rule := ""
		if len(txs) > wireTxs {
			rule = "transactions of a block"
		}
		for i := range txs {
			rule += wireRefuses(&txs[i])
		}
		if rule == "" {
			t.Fatalf("we read a block of %d transactions, btcd says %v", len(txs), werr)
		}
	case werr == nil:
		if weRefuse(&m) == "" {
			t.Fatalf("btcd reads a block of %d transactions, we say %v", len(m.Transactions), err)
		}
	}
	checked := blockReader{}
	if _, merr := checked.read(raw, nil); err == nil && merr != nil && merr != errMerkle || err != nil && merr == nil {
		t.Fatalf("without its merkle root %v, with it %v", err, merr)
	}
}

// What wire reads at most; Bitcoin Core and we read up to 32 MiB (maxSize).
const (
	wireScripts = 4 << 20   // bytes of all scripts and witness items of a transaction together
	wireScript  = 4_000_000 // bytes of one of them, and items of one witness
	wireTxs     = 400_001   // transactions of a block
)

// wireRefuses names the limit of wire that a transaction exceeds, if any.
func wireRefuses(tx *rawTx) (rule string) {
	sum := 0
	script := func(b []byte) {
		if sum += len(b); len(b) > wireScript {
			rule = "a script"
		}
	}
	tx.inputs(func(_ int, in input) { script(in.script) })
	tx.outputs(func(_ int, out output) bool { script(out.script); return true })
	for _, stack := range witnesses(tx) {
		if len(stack) > wireScript {
			rule = "items of a witness"
		}
		for _, item := range stack {
			script(item)
		}
	}
	if sum > wireScripts {
		rule = "scripts of a transaction"
	}
	return rule
}

// weRefuse names what Bitcoin Core refuses to take as a block and wire reads.
func weRefuse(m *wire.MsgBlock) string {
	if len(m.Transactions) == 0 {
		return "a block without transactions"
	}
	return ""
}

// witnesses splits the witness of a transaction that was parsed, by the lengths
// that stand in it.
func witnesses(tx *rawTx) (stacks [][][]byte) {
	if !tx.segwit {
		return nil
	}
	b := tx.raw[tx.outsEnd : len(tx.raw)-4]
	next := func() int {
		v, err := wire.ReadVarInt(bytes.NewReader(b), 0)
		if err != nil {
			panic(err) // parseTx has checked it
		}
		b = b[wire.VarIntSerializeSize(v):]
		return int(v)
	}
	for range tx.nIn {
		var stack [][]byte
		for range next() {
			n := next()
			stack, b = append(stack, b[:n]), b[n:]
		}
		stacks = append(stacks, stack)
	}
	return stacks
}

// sameBytes compares witnesses item by item, and what wire writes again.
func sameBytes(t *testing.T, want *wire.MsgTx, tx *rawTx) {
	t.Helper()
	for i, stack := range witnesses(tx) {
		if len(stack) != len(want.TxIn[i].Witness) {
			t.Fatalf("input %d has %d witness items, btcd says %d", i, len(stack), len(want.TxIn[i].Witness))
		}
		for k := range stack {
			if !bytes.Equal(stack[k], want.TxIn[i].Witness[k]) {
				t.Fatalf("witness item %d of input %d", k, i)
			}
		}
	}
	var again bytes.Buffer
	if err := want.Serialize(&again); err != nil || !bytes.Equal(again.Bytes(), tx.raw) {
		t.Fatalf("btcd writes it as other %d bytes: %v", again.Len(), err)
	}
}

// wireSeeds are blocks and transactions of every kind, whole and spoilt.
func wireSeeds(t testing.TB) map[string][]byte {
	t.Helper()
	seeds := map[string][]byte{}
	b := chaintest.New("wire")
	for _, kind := range []string{"p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "p2pk"} {
		if err := b.Kind(kind, kind); err != nil {
			t.Fatal(err)
		}
		b.Mine(kind)
		b.Mine(kind)
		id, err := b.Pay(kind, 10, chaintest.Out{To: "x", Value: 60 * chaintest.BTC}, chaintest.Out{To: "data:note", Value: 0})
		if err != nil {
			t.Fatal(err)
		}
		seeds["transaction "+kind], _ = b.Raw(id)
		b.Mine("m")
		seeds["block "+kind] = b.Block(b.Height())
	}
	pkh, wpkh := seeds["transaction p2pkh"], seeds["transaction p2wpkh"]
	seeds["truncated"] = wpkh[:len(wpkh)-5]
	seeds["truncated block"] = seeds["block p2wsh"][:200]
	seeds["trailing bytes"] = append(bytes.Clone(pkh), 0)
	for name, s := range oddTxs() {
		seeds[name] = s
		seeds["block, "+name] = append(append(make([]byte, 80), 1), s...)
	}
	seeds["no transactions"] = make([]byte, 81)
	seeds["many transactions promised"] = append(make([]byte, 80), 0xfe, 0x40, 0x1a, 0x06, 0)
	for name, raw := range moduleBlocks(t) {
		seeds[name] = beginning(t, raw)
	}
	return seeds
}

// oddTxs are transactions at the edges of BIP-144.
func oddTxs() map[string][]byte {
	in := func(script ...byte) []byte {
		b := append(bytes.Repeat([]byte{7}, 32), 1, 0, 0, 0, byte(len(script)))
		return append(append(b, script...), 0xfd, 0xff, 0xff, 0xff)
	}
	out := []byte{1, 0, 0, 0, 0, 0, 0, 0, 1, 0x51}
	join := func(parts ...[]byte) []byte {
		return append(append([]byte{2, 0, 0, 0}, bytes.Join(parts, nil)...), 9, 0, 0, 0)
	}
	one, none, mark := []byte{1}, []byte{0}, []byte{0, 1}
	return map[string][]byte{
		"plain":                  join(one, in(0x51), one, out),
		"no inputs":              join(none, one, out),
		"no outputs":             join(one, in(), none),
		"neither":                join(none, none),
		"marker, no inputs":      join(mark, none, one, out),
		"marker, flag 2":         join([]byte{0, 2}, one, in(), one, out, none),
		"marker, flag 0":         join([]byte{0, 0}, one, in(), one, out, none),
		"superfluous witness":    join(mark, one, in(0x51), one, out, none),
		"witness of empty items": join(mark, one, in(), one, out, []byte{2, 0, 0}),
		"one of two witnesses":   join(mark, []byte{2}, in(), in(), one, out, none, []byte{1, 3, 1, 2, 3}),
		"annex":                  join(mark, one, in(), one, out, []byte{2, 1, 5, 2, 0x50, 1}),
		"long count":             join([]byte{0xfd, 1, 0}, in(), one, out),
		"many inputs":            join([]byte{0xfd, 0, 1}, bytes.Repeat(in(), 256), one, out),
		"many outputs":           join(one, in(), []byte{0xfd, 0, 1}, bytes.Repeat(out, 256)),
		"inputs promised":        join([]byte{0xfe, 0xff, 0xff, 0, 0}, in(), one, out),
		"script promised":        join(one, append(bytes.Repeat([]byte{7}, 36), 0xfe, 0, 0, 0, 1)),
		"negative value":         join(one, in(), one, bytes.Repeat([]byte{0xff}, 8), none),
		"script of 65536":        join(one, in(), one, make([]byte, 8), append([]byte{0xfe, 0, 0, 1, 0}, make([]byte, 65536)...)),
		"version below zero":     append([]byte{0xff, 0xff, 0xff, 0xff}, join(one, in(), one, out)[4:]...),
	}
}

// beginning is a block cut behind its first transactions, with their number.
func beginning(t testing.TB, raw []byte) []byte {
	t.Helper()
	n, pos, err := blockStart(raw)
	if err != nil {
		t.Fatal(err)
	}
	n = min(n, 12)
	b := append(bytes.Clone(raw[:headerSize]), byte(n))
	var tx rawTx
	for range n {
		size, err := parseTx(raw[pos:], &tx)
		if err != nil {
			t.Fatal(err)
		}
		b, pos = append(b, raw[pos:pos+size]...), pos+size
	}
	return b
}

// moduleBlocks are the real blocks that come with btcd's modules.
func moduleBlocks(t testing.TB) map[string][]byte {
	t.Helper()
	dir, err := moduleDir()
	if err != nil || dir == "" {
		t.Fatalf("the btcd module is not in the module cache: %v", err)
	}
	blocks := map[string][]byte{}
	for _, name := range []string{"277647", "blk_3A", "blk_4A", "blk_5A", "blk_0_to_4"} {
		f, err := os.Open(filepath.Join(dir, "blockchain", "testdata", name+".dat.bz2"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(bzip2.NewReader(f))
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; len(b) > 8; i++ {
			n := int(binary.LittleEndian.Uint32(b[4:]))
			blocks[name+strings.Repeat("'", i)] = b[8 : 8+n]
			b = b[8+n:]
		}
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd/wire/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "testdata", "*.blk"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no blocks in wire's module: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blocks[filepath.Base(file)] = b
	}
	return blocks
}

func TestWireOnModuleBlocks(t *testing.T) {
	for name, raw := range moduleBlocks(t) {
		t.Run(name, func(t *testing.T) { sameAsWire(t, raw) })
	}
}

// TestWireLimits: what wire alone refuses is refused by the rule that is named.
func TestWireLimits(t *testing.T) {
	in := append(bytes.Repeat([]byte{7}, 36), 0, 0xff, 0xff, 0xff, 0xff)
	sized := func(n int) []byte {
		return append(append([]byte{0xfe}, binary.LittleEndian.AppendUint32(nil, uint32(n))...), make([]byte, n)...)
	}
	two := func(one, other int) []byte {
		return bytes.Join([][]byte{{2, 0, 0, 0, 1}, in, {2}, make([]byte, 8), sized(one), make([]byte, 8), sized(other), {0, 0, 0, 0}}, nil)
	}
	for _, c := range []struct {
		raw  []byte
		rule string
	}{
		{two(wireScript, wireScripts-wireScript), ""},
		{two(wireScript+1, 1<<16), "a script"},
		{two(wireScript, wireScripts-wireScript+1), "scripts of a transaction"},
	} {
		compareTx(t, c.raw)
		var tx rawTx
		if _, err := parseTx(c.raw, &tx); err != nil || wireRefuses(&tx) != c.rule {
			t.Errorf("%v, %q, want %q", err, wireRefuses(&tx), c.rule)
		}
		if err := new(wire.MsgTx).Deserialize(bytes.NewReader(c.raw)); (err == nil) != (c.rule == "") {
			t.Errorf("%q: btcd says %v", c.rule, err)
		}
	}
}
