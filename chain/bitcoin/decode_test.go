package bitcoin

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga/chain/chaintest"
)

// TestDecodeForms: the same transactions come out of every form of input.
func TestDecodeForms(t *testing.T) {
	b := economy(t, 12)
	one, two := b.Block(b.Height()-1), b.Block(b.Height()-2)
	txs, err := decodeAll(t, one, "regtest")
	if err != nil {
		t.Fatal(err)
	}
	loose, _ := b.Raw(txs[1].TxID)
	frame := func(b []byte) []byte {
		return append(binary.LittleEndian.AppendUint32([]byte{0xfa, 0xbf, 0xb5, 0xda}, uint32(len(b))), b...)
	}
	both, err := decodeAll(t, append(bytes.Clone(one), two...), "regtest")
	if err != nil {
		t.Fatal(err)
	}
	hexOf := hex.EncodeToString
	wrapped := func(s string) (out string) {
		for ; len(s) > 64; s = s[64:] {
			out += s[:64] + "\n"
		}
		return out + s
	}
	for name, c := range map[string]struct {
		in      []byte
		network string
		want    []*DecodedTx
	}{
		"hex":                 {[]byte(hexOf(one)), "regtest", txs},
		"upper-case hex":      {[]byte(strings.ToUpper(hexOf(one)) + "\r\n"), "regtest", txs},
		"hex in lines":        {[]byte(wrapped(hexOf(one))), "regtest", txs},
		"framed":              {frame(one), "mainnet", txs}, // the magic decides
		"framed, padded":      {append(frame(one), make([]byte, 500)...), "", txs},
		"framed twice":        {append(frame(one), frame(two)...), "", both},
		"hex a line":          {[]byte(hexOf(one) + "\n" + hexOf(two) + "\n"), "regtest", both},
		"framed hex":          {[]byte(hexOf(frame(one))), "", txs},
		"loose":               {loose, "regtest", txs[1:2]},
		"loose hex":           {[]byte(hexOf(loose) + "\n"), "regtest", txs[1:2]},
		"a loose, then block": {append(bytes.Clone(loose), one...), "regtest", append(txs[1:2:2], txs...)},
		"mixed lines":         {[]byte(hexOf(loose) + "\n" + hexOf(one) + "\n"), "regtest", append(txs[1:2:2], txs...)},
	} {
		got, err := decodeAll(t, c.in, c.network)
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%s: %d transactions, want %d: %v", name, len(got), len(c.want), err)
			continue
		}
		for i := range got {
			g, w := *got[i], *c.want[i]
			g.Block, w.Block = "", ""
			a, _ := json.Marshal(g)
			b, _ := json.Marshal(w)
			if string(a) != string(b) {
				t.Errorf("%s: %s, want %s", name, a, b)
			}
		}
	}
	if got, _ := decodeAll(t, loose, "regtest"); got[0].Block != "" {
		t.Error("a loose transaction names a block")
	}
}

func TestDecodeContract(t *testing.T) {
	b := chaintest.New("contract")
	b.Mine("a")
	if _, err := b.Pay("a", 0, chaintest.Out{To: "b", Value: 7}, chaintest.Out{To: "data:x", Value: 0}); err != nil {
		t.Fatal(err)
	}
	b.Mine("a")
	got, err := decodeAll(t, b.Block(2), "regtest")
	if err != nil {
		t.Fatal(err)
	}
	line, _ := json.Marshal(got[0])
	want := `{"txid":"` + got[0].TxID + `","wtxid":"` + got[0].WTxID + `","block":"` + got[0].Block + `","in":[{"coinbase":true}],"out":[{"n":0,"value":"5000000000","type":"witness_v0_keyhash","address":"` + b.Address("a") + `"},{"n":1,"value":"0","type":"nulldata"}]}`
	if string(line) != want {
		t.Errorf("%s\nwant %s", line, want)
	}
	line, _ = json.Marshal(got[1])
	if !strings.Contains(string(line), `"in":[{"txid":"`) || !strings.Contains(string(line), `"vout":0}]`) || got[1].Out[0].Value != "7" {
		t.Errorf("%s", line)
	}
}

func TestDecodeRefuses(t *testing.T) {
	b := chaintest.New("refuse")
	b.Mine("a")
	raw := b.Block(1)
	magic := []byte{0xfa, 0xbf, 0xb5, 0xda}
	for name, in := range map[string][]byte{
		"nothing":            nil,
		"white space":        []byte(" \n"),
		"text":               []byte("not a block at all, and no hexadecimal either; only words that stand here"),
		"odd digits":         []byte(hex.EncodeToString(raw) + "0"),
		"magic alone":        magic,
		"a short record":     append(magic, 3, 0, 0, 0, 1, 2, 3),
		"a huge record":      append(magic, 255, 255, 255, 255, 1, 2, 3),
		"record of one more": append(binary.LittleEndian.AppendUint32(bytes.Clone(magic), uint32(len(raw)+1)), append(bytes.Clone(raw), 0)...),
		"record of one less": append(binary.LittleEndian.AppendUint32(bytes.Clone(magic), uint32(len(raw)-1)), raw...),
		"garbage behind":     append(bytes.Clone(raw), 1, 2, 3, 4, 5),
	} {
		if got, err := decodeAll(t, in, "regtest"); err == nil {
			t.Errorf("%s: accepted with %d transactions", name, len(got))
		}
	}
	if got, err := decodeAll(t, append(bytes.Clone(raw), 1, 2, 3), "regtest"); len(got) != 1 || !strings.Contains(err.Error(), "at byte") {
		t.Errorf("what was whole came to %d transactions: %v", len(got), err)
	}
	if _, err := decodeAll(t, raw, "othernet"); err == nil {
		t.Error("unknown network accepted")
	}
	stop := errors.New("enough")
	if err := Decode(context.Background(), bytes.NewReader(raw), "", func(*DecodedTx) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the caller's error is lost: %v", err)
	}
}

func TestDecodeMaskedFile(t *testing.T) {
	b := economy(t, 6)
	dir := t.TempDir()
	if err := b.WriteShape(dir, chaintest.Shape{Key: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, ZeroTail: 64}); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := DecodeFile(context.Background(), filepath.Join(dir, "blk00000.dat"), "regtest", func(*DecodedTx) error { n++; return nil })
	if err != nil || n < len(b.Txs()) {
		t.Fatalf("%d transactions, %v", n, err)
	}
	if err := os.Remove(filepath.Join(dir, "xor.dat")); err != nil {
		t.Fatal(err)
	}
	if err := DecodeFile(context.Background(), filepath.Join(dir, "blk00000.dat"), "regtest", func(*DecodedTx) error { return nil }); err == nil {
		t.Fatal("read without its key")
	}
}
