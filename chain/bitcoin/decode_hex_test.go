package bitcoin

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// TestDecodePieces: text of several pieces is read however it is broken into lines,
// and a piece that is cut ends it, without going on in the next one.
func TestDecodePieces(t *testing.T) {
	b := economy(t, 12)
	block := hex.EncodeToString(b.Block(b.Height() - 1))
	txs, err := decodeAll(t, b.Block(b.Height()-1), "regtest")
	if err != nil || len(txs) < 2 {
		t.Fatal(len(txs), err)
	}
	known := map[string]bool{}
	for _, tx := range txs {
		known[tx.TxID] = true
	}
	raw, _ := b.Raw(txs[1].TxID)
	tx := hex.EncodeToString(raw)
	wrap := func(s string, n int, sep string) string {
		var parts []string
		for ; len(s) > n; s = s[n:] {
			parts = append(parts, s[:n])
		}
		return strings.Join(append(parts, s), sep)
	}
	n := len(txs)
	for name, c := range map[string]struct {
		text  string
		want  int
		fails bool
	}{
		"bytes apart":              {wrap(tx, 2, " "), 1, false},
		"columns of 60":            {wrap(block, 60, "\n") + "\n", n, false},
		"two in columns":           {wrap(block, 60, "\n") + "\n" + wrap(block, 60, "\n"), 2 * n, false},
		"a line, then columns":     {tx + "\n" + wrap(block, 64, "\r\n") + "\r\n", 1 + n, false},
		"columns, then a line":     {wrap(block, 64, "\n") + "\n\n" + tx + "\n", 1 + n, false},
		"odd columns":              {wrap(block, 33, "\n"), n, false},
		"tabs and upper case":      {strings.ToUpper(wrap(tx, 10, "\t")), 1, false},
		"three lines":              {tx + "\n" + block + "\n" + tx, n + 2, false},
		"many blank lines":         {strings.Repeat("\n", 5000) + tx + strings.Repeat(" \n", 5000) + tx, 2, false},
		"one on a line of another": {tx + tx + block, n + 2, false},
		"a cut line first":         {tx[:len(tx)-2] + "\n" + tx, 0, true},
		"a cut line second":        {tx + "\n" + tx[:len(tx)-8] + "\n" + tx, 1, true},
		"half a byte":              {tx + "\n" + tx + "0\n" + tx, 2, true},
		"a tail":                   {tx + "\n" + "ffee", 1, true},
		"bytes turned round":       {tx + "\n" + turned(raw), 1, true},
	} {
		got, err := decodeAll(t, []byte(c.text), "regtest")
		if len(got) != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %d transactions, want %d; %v", name, len(got), c.want, err)
			continue
		}
		for _, g := range got {
			if !known[g.TxID] {
				t.Errorf("%s: transaction %s is none of them", name, g.TxID)
			}
		}
	}
}

func turned(raw []byte) string {
	b := bytes.Clone(raw)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return hex.EncodeToString(b)
}

// TestDecodeTypes: types and addresses are those that Bitcoin Core prints.
func TestDecodeTypes(t *testing.T) {
	key := "21" + "02" + strings.Repeat("11", 32)
	for _, c := range []struct{ script, typ, addr string }{
		{"76a914" + strings.Repeat("00", 20) + "88ac", "pubkeyhash", "1111111111111111111114oLvT2"},
		{"a914" + strings.Repeat("00", 20) + "87", "scripthash", "31h1vYVSYuKP6AhS86fbRdMw9XHieotbST"},
		{"0014751e76e8199196d454941c45d1b3a323f1433bd6", "witness_v0_keyhash", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{"00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262", "witness_v0_scripthash", "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3"},
		{"512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "witness_v1_taproot", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"},
		{"5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6", "witness_unknown", "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y"},
		{"6002751e", "witness_unknown", "bc1sw50qgdz25j"},
		{"5210751e76e8199196d454941c45d1b3a323", "witness_unknown", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs"},
		{"51024e73", "anchor", "bc1pfeessrawgf"},
		{key + "ac", "pubkey", ""},
		{"51" + key + "51ae", "multisig", ""},
		{"6a0401020304", "nulldata", ""},
		{"6a", "nulldata", ""},
		{"", "nonstandard", ""},
		{"51", "nonstandard", ""},
		{"0015" + strings.Repeat("00", 21), "nonstandard", ""}, // version 0 of another length
	} {
		script, err := hex.DecodeString(c.script)
		if err != nil {
			t.Fatal(err)
		}
		raw := bytes.Join([][]byte{{2, 0, 0, 0, 1}, bytes.Repeat([]byte{7}, 36), {0, 255, 255, 255, 255, 1}, {1, 0, 0, 0, 0, 0, 0, 0}, {byte(len(script))}, script, {0, 0, 0, 0}}, nil)
		got, err := decodeAll(t, raw, "mainnet")
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v", c.script, err)
		}
		if o := got[0].Out[0]; o.Type != c.typ || o.Address != c.addr || o.Value != "1" || o.N != 0 || got[0].Block != "" {
			t.Errorf("%s: %+v, want %s %s", c.script, o, c.typ, c.addr)
		}
	}
}
