package bitcoin

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga"
	"tamga/chain"
	"tamga/chain/chaintest"
	"tamga/internal/address"
)

// btc prints satoshis as Bitcoin Core does.
func btc(a tamga.Amount) json.Number {
	v, _ := a.Int64()
	return json.Number(fmt.Sprintf("%d.%08d", v/100_000_000, v%100_000_000))
}

// scripts finds the output scripts of a chain.
func scripts(t *testing.T, b *chaintest.Builder) map[tamga.Outpoint]string {
	t.Helper()
	all := map[tamga.Outpoint]string{}
	for _, tx := range b.Txs() {
		raw, ok := b.Raw(tx.TxID)
		if !ok {
			t.Fatal(tx.TxID)
		}
		var r rawTx
		if _, err := parseTx(raw, &r); err != nil {
			t.Fatal(err)
		}
		r.outputs(func(n int, out output) bool {
			all[tamga.Outpoint{TxID: tx.TxID, Vout: uint32(n)}] = hex.EncodeToString(out.script)
			return true
		})
	}
	return all
}

type obj = map[string]any

func coreTx(tx *tamga.Tx, scripts map[tamga.Outpoint]string, prevouts bool) obj {
	var vin, vout []obj
	for _, in := range tx.In {
		if in.Coinbase {
			vin = append(vin, obj{"coinbase": "51", "sequence": in.Sequence})
			continue
		}
		v := obj{"txid": in.Prev.TxID, "vout": in.Prev.Vout, "sequence": in.Sequence, "scriptSig": obj{"asm": "", "hex": ""}}
		if prevouts {
			v["prevout"] = obj{"generated": false, "height": 1, "value": btc(in.Value), "scriptPubKey": obj{"hex": scripts[in.Prev], "type": in.Type}}
		}
		vin = append(vin, v)
	}
	for _, out := range tx.Out {
		vout = append(vout, obj{"value": btc(out.Value), "n": out.N, "scriptPubKey": obj{
			"hex": scripts[tamga.Outpoint{TxID: tx.TxID, Vout: out.N}], "type": out.Type, "address": out.Address,
		}})
	}
	return obj{"txid": tx.TxID, "hash": tx.WTxID, "version": tx.Version, "locktime": tx.LockTime, "vin": vin, "vout": vout}
}

func esploraTx(tx *tamga.Tx, scripts map[tamga.Outpoint]string) obj {
	var vin, vout []obj
	out := func(o tamga.Outpoint, value tamga.Amount) obj {
		return obj{"scriptpubkey": scripts[o], "value": json.Number(value.String()), "scriptpubkey_type": "x"}
	}
	for _, in := range tx.In {
		v := obj{"txid": strings.Repeat("0", 64), "vout": uint32(nullVout), "is_coinbase": true, "prevout": nil, "sequence": in.Sequence}
		if !in.Coinbase {
			v = obj{"txid": in.Prev.TxID, "vout": in.Prev.Vout, "is_coinbase": false, "prevout": out(in.Prev, in.Value), "sequence": in.Sequence}
		}
		vin = append(vin, v)
	}
	for _, o := range tx.Out {
		vout = append(vout, out(tamga.Outpoint{TxID: tx.TxID, Vout: o.N}, o.Value))
	}
	return obj{"txid": tx.TxID, "version": tx.Version, "locktime": tx.LockTime, "vin": vin, "vout": vout, "status": obj{
		"confirmed": true, "block_height": tx.Height, "block_hash": tx.Block, "block_time": tx.Time.Unix(),
	}}
}

func jsonl(t *testing.T, all []obj) string {
	t.Helper()
	var s strings.Builder
	for _, o := range all {
		b, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		s.Write(append(b, '\n'))
	}
	return s.String()
}

// TestDialects: the same chain, printed by Bitcoin Core transaction by
// transaction and block by block and by Esplora, answers as its blocks do.
func TestDialects(t *testing.T) {
	b := economy(t, 40)
	sc := scripts(t, b)
	var core, esplora, blocks []obj
	byBlock := map[int64]obj{}
	for _, tx := range b.Txs() {
		c := coreTx(tx, sc, true)
		c["blockhash"], c["blocktime"] = tx.Block, tx.Time.Unix()
		core = append(core, c)
		esplora = append(esplora, esploraTx(tx, sc))
		if byBlock[tx.Height] == nil {
			byBlock[tx.Height] = obj{"hash": tx.Block, "height": tx.Height, "time": tx.Time.Unix(), "tx": []obj{}}
			blocks = append(blocks, byBlock[tx.Height])
		}
		byBlock[tx.Height]["tx"] = append(byBlock[tx.Height]["tx"].([]obj), coreTx(tx, sc, false))
	}
	for name, all := range map[string][]obj{"core": core, "esplora": esplora, "blocks": blocks} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := BuildTransactions(context.Background(), dir, strings.NewReader(jsonl(t, all)), Options{Network: "regtest", MemoryLimit: 96 << 20, cut: small})
			if err != nil {
				t.Fatal(err)
			}
			if s.Transactions != int64(len(b.Txs())) || int64(s.Blocks) != b.Height()+1 {
				t.Fatalf("%+v", s)
			}
			x, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			if err := x.Verify(context.Background()); err != nil {
				t.Fatal(err)
			}
			for _, want := range b.Txs() {
				got, err := x.Tx(context.Background(), want.TxID)
				if err != nil {
					t.Fatal(err)
				}
				height, wtxid := want.Height, want.WTxID
				switch name {
				case "core":
					height = -1 // getrawtransaction does not say
				case "esplora":
					wtxid = ""
				}
				if got.Height != height || got.WTxID != wtxid || got.Block != want.Block || !got.Time.Equal(want.Time) {
					t.Fatalf("%+v\nwant %+v", got, want)
				}
				for i, in := range want.In {
					g := got.In[i]
					if g.Coinbase != in.Coinbase || g.Prev != in.Prev || g.Known != in.Known || g.Address != in.Address || g.Value.Cmp(in.Value) != 0 || g.Sequence != in.Sequence {
						t.Fatalf("%s input %d: %+v, want %+v", want.TxID, i, g, in)
					}
				}
				for i, out := range want.Out {
					if g := got.Out[i]; g.Address != out.Address || g.Type != out.Type || g.Value.Cmp(out.Value) != 0 {
						t.Fatalf("%s output %d: %+v, want %+v", want.TxID, i, g, out)
					}
				}
			}
			for _, w := range []string{"ada", "chinara"} {
				if got, want := history(t, x, b.Address(w)), history(t, b.Source(), b.Address(w)); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("%s: %v, want %v", w, got, want)
				}
			}
		})
	}
}

// TestEsploraSamples reads recorded answers: values, types and addresses as the
// recording has them, prevouts from outside included.
func TestEsploraSamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(dataDir(t, "chain/esplora"), "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	type out struct {
		Address string `json:"scriptpubkey_address"`
		Type    string `json:"scriptpubkey_type"`
		Value   int64
	}
	types := map[string]string{
		"p2pkh": address.TypePubKeyHash, "p2sh": address.TypeScriptHash, "v0_p2wpkh": address.TypeWitnessV0Key,
		"v0_p2wsh": address.TypeWitnessV0Hash, "v1_p2tr": address.TypeTaproot, "op_return": address.TypeNullData, "multisig": address.TypeMultisig, "p2pk": address.TypePubKey,
	}
	seen := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want []struct {
			TxID string
			Vin  []struct{ Prevout *out }
			Vout []out
		}
		if b[0] != '[' {
			b = append(append([]byte{'['}, b...), ']')
		}
		if err := json.Unmarshal(b, &want); err != nil || len(want) == 0 || want[0].TxID == "" {
			continue // not transactions
		}
		var compact strings.Builder
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			var v any
			d := json.NewDecoder(strings.NewReader(string(one)))
			d.UseNumber()
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			line, _ := json.Marshal(v)
			compact.Write(append(line, '\n'))
		}
		dir := t.TempDir()
		if _, err := BuildTransactions(context.Background(), dir, strings.NewReader(compact.String()), Options{}); err != nil {
			t.Fatal(file, err)
		}
		x, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			tx, err := x.Tx(context.Background(), w.TxID)
			if err != nil {
				t.Fatal(file, err)
			}
			for i, in := range w.Vin {
				if in.Prevout == nil {
					continue
				}
				g := tx.In[i]
				if !g.Known || g.Value.Cmp(tamga.NewAmount(in.Prevout.Value, "BTC")) != 0 || g.Address != in.Prevout.Address || types[in.Prevout.Type] != g.Type {
					t.Fatalf("%s %s input %d: %+v, want %+v", file, w.TxID, i, g, *in.Prevout)
				}
				seen++
			}
			for i, o := range w.Vout {
				g := tx.Out[i]
				if typ, ok := types[o.Type]; g.Value.Cmp(tamga.NewAmount(o.Value, "BTC")) != 0 || g.Address != o.Address || ok && typ != g.Type {
					t.Fatalf("%s %s output %d: %+v, want %+v", file, w.TxID, i, g, o)
				}
				seen++
			}
		}
		x.Close()
	}
	if seen < 500 {
		t.Fatalf("only %d inputs and outputs", seen)
	}
	t.Logf("%d inputs and outputs", seen)
}

// TestOutsidePrevouts: a single transaction is traced up to where its source
// ends, with the values that came with it.
func TestOutsidePrevouts(t *testing.T) {
	b := economy(t, 20)
	txs := b.Txs()
	last := txs[len(txs)-1]
	for _, tx := range txs {
		if len(tx.In) > 1 {
			last = tx
		}
	}
	dir := t.TempDir()
	if _, err := BuildTransactions(context.Background(), dir, strings.NewReader(jsonl(t, []obj{esploraTx(last, scripts(t, b))})), Options{Network: "regtest"}); err != nil {
		t.Fatal(err)
	}
	x, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	tr, err := chain.Trace(context.Background(), x, last.TxID, chain.Options{Direction: chain.Backward})
	if err != nil || len(tr.Hops) == 0 {
		t.Fatal(tr, err)
	}
	for _, e := range tr.Ends {
		if e.Reason != chain.EndUnknown || e.TxID == last.TxID {
			t.Fatalf("%+v", e)
		}
	}
}

func TestSatoshis(t *testing.T) {
	for in, want := range map[string]int64{
		"0.1": 10_000_000, "20999999.9769": 2099999997690000, "1e-08": 1, "1e-8": 1, "50": 5_000_000_000, "0": 0,
		"0.00000001": 1, "1.1": 110_000_000, "0.07": 7_000_000, "5E1": 5_000_000_000,
	} {
		if got, err := satoshis(json.Number(in)); err != nil || got != want {
			t.Errorf("%s: %d %v", in, got, err)
		}
	}
	for _, in := range []string{"", "-1", "0.000000001", "1e-9", "1e99", "1e999999999", "1e-999999999", "x", strings.Repeat("1", 50), "1/3", "1/4", "0x10", "0b1", "inf"} {
		if got, err := satoshis(json.Number(in)); err == nil {
			t.Errorf("%s: %d", in, got)
		}
	}
}

func TestTransactionsRefused(t *testing.T) {
	id := strings.Repeat("ab", 32)
	good := `{"txid":"` + id + `","vin":[{"coinbase":"51"}],"vout":[{"n":0,"value":1.5,"scriptPubKey":{"hex":"51"}}]}`
	for name, line := range map[string]string{
		"no JSON":            `{"txid":`,
		"no txid":            `{"vin":[{"coinbase":"51"}],"vout":[]}`,
		"short txid":         `{"txid":"abcd","vin":[{"coinbase":"51"}],"vout":[]}`,
		"no inputs":          `{"txid":"` + id + `","vin":[],"vout":[]}`,
		"part of a satoshi":  `{"txid":"` + id + `","vin":[{"coinbase":"51"}],"vout":[{"value":0.000000001,"scriptPubKey":{"hex":"51"}}]}`,
		"decimals in sats":   `{"txid":"` + id + `","vin":[{"coinbase":"51"}],"vout":[{"value":1.5,"scriptpubkey":"51"}]}`,
		"negative":           `{"txid":"` + id + `","vin":[{"coinbase":"51"}],"vout":[{"value":-1,"scriptpubkey":"51"}]}`,
		"bad hex":            `{"txid":"` + id + `","vin":[{"coinbase":"51"}],"vout":[{"value":1,"scriptpubkey":"5"}]}`,
		"out of order":       `{"txid":"` + id + `","vin":[{"coinbase":"51"}],"vout":[{"n":1,"value":1,"scriptPubKey":{"hex":"51"}}]}`,
		"names only":         `{"hash":"` + id + `","height":1,"tx":["` + id + `"]}`,
		"block without hash": `{"height":1,"tx":[` + good + `]}`,
		"absurd height":      `{"hash":"` + id + `","height":99999999999,"tx":[` + good + `]}`,
		"a number":           `7`,
	} {
		dir := t.TempDir()
		_, err := BuildTransactions(context.Background(), dir, strings.NewReader(good+"\n"+line+"\n"), Options{})
		if err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Open(dir); err == nil {
			t.Errorf("%s: an index is there", name)
		}
	}
	if _, err := BuildTransactions(context.Background(), t.TempDir(), strings.NewReader(good), Options{}); err != nil {
		t.Error(err)
	}
	if _, err := BuildTransactions(context.Background(), t.TempDir(), strings.NewReader(good), Options{Network: "x"}); err == nil {
		t.Error("unknown network")
	}
}

// TestPrevoutWithoutScript: a value alone is a value, in the transaction's own
// dialect.
func TestPrevoutWithoutScript(t *testing.T) {
	id, prev := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	for name, line := range map[string]string{
		"core":    `{"txid":"` + id + `","vin":[{"txid":"` + prev + `","vout":0,"prevout":{"value":0.5}}],"vout":[{"n":0,"value":0.5,"scriptPubKey":{"hex":"51"}}]}`,
		"esplora": `{"txid":"` + id + `","vin":[{"txid":"` + prev + `","vout":0,"prevout":{"value":50000000}}],"vout":[{"value":50000000,"scriptpubkey":"51"}]}`,
	} {
		dir := t.TempDir()
		if _, err := BuildTransactions(context.Background(), dir, strings.NewReader(line), Options{}); err != nil {
			t.Fatal(name, err)
		}
		x, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := x.Tx(context.Background(), id)
		if err != nil || !tx.In[0].Known || tx.In[0].Value.String() != "50000000" || tx.Height != -1 || tx.Block != "" || !tx.Time.IsZero() {
			t.Errorf("%s: %+v %v", name, tx, err)
		}
		x.Close()
	}
}

// TestSameCoinbaseTwice: of two coinbases with one id (BIP-30), an address got
// the money once, from the later one.
func TestSameCoinbaseTwice(t *testing.T) {
	b := chaintest.New("twice")
	b.Mine("a")
	tx := *b.Txs()[1]
	sc := scripts(t, b)
	first, second := esploraTx(&tx, sc), esploraTx(&tx, sc)
	second["status"] = obj{"confirmed": true, "block_height": 7, "block_hash": strings.Repeat("ee", 32), "block_time": 1700000000}
	dir := t.TempDir()
	if _, err := BuildTransactions(context.Background(), dir, strings.NewReader(jsonl(t, []obj{first, second})), Options{Network: "regtest"}); err != nil {
		t.Fatal(err)
	}
	x, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if got := history(t, x, b.Address("a")); len(got) != 1 || got[0].TxID != tx.TxID {
		t.Fatalf("%v", got)
	}
	if got, err := x.Tx(context.Background(), tx.TxID); err != nil || got.Height != 7 {
		t.Fatalf("%+v %v", got, err)
	}
}

// FuzzTransactions: a line of JSON ends in transactions or an error.
func FuzzTransactions(f *testing.F) {
	id := strings.Repeat("ab", 32)
	f.Add(`{"txid":"` + id + `","vin":[{"coinbase":"51"}],"vout":[{"n":0,"value":1.5,"scriptPubKey":{"hex":"51"}}]}`)
	f.Add(`{"hash":"` + id + `","height":1,"tx":[{"txid":"` + id + `","vin":[{"txid":"` + id + `","vout":1,"prevout":{"value":5,"scriptpubkey":""}}],"vout":[]}]}`)
	f.Fuzz(func(t *testing.T, line string) {
		var j jsonTx
		if json.Unmarshal([]byte(line), &j) != nil {
			return
		}
		s, err := j.build(nil)
		if err != nil {
			return
		}
		if len(s.prev) != s.tx.nIn || s.tx.nIn != len(j.Vin) || s.tx.nOut != len(j.Vout) {
			t.Fatalf("%+v", s)
		}
	})
}

func TestNetworkOfAddresses(t *testing.T) {
	for text, want := range map[string]string{
		`{"address":"bcrt1qrcnz4pafvgkra7wtppdgskr95qxqgw4zqanx84"}`: "regtest",
		`{"address":"tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"}`:   "testnet",
		`{"address":"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}`:   "mainnet",
		`{"address":"1BoatSLRHtKNngkdXEeobR76b53LETtpyT"}`:           "mainnet",
		``: "mainnet",
	} {
		if got := NetworkOfAddresses([]byte(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestTransactionsTip: an index of transactions ends at the greatest height they name.
func TestTransactionsTip(t *testing.T) {
	ctx := context.Background()
	b := economy(t, 30)
	all := printedTxs(t, b)
	for name, o := range map[string]Options{"one layer": {Network: "regtest"}, "many layers": {Network: "regtest", cut: small}} {
		dir := t.TempDir()
		if _, err := BuildTransactions(ctx, dir, strings.NewReader(jsonl(t, all)), o); err != nil {
			t.Fatal(err)
		}
		x, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		tip, err := x.Tip(ctx)
		if err != nil || tip.Height != b.Height() || tip.Time.IsZero() || tip.Network != "regtest" {
			t.Fatalf("%s: %+v %v", name, tip, err)
		}
		if err := x.Verify(ctx); err != nil {
			t.Fatal(err)
		}
		for _, a := range b.Addresses("bek") {
			if got, want := fmt.Sprint(history(t, x, a)), fmt.Sprint(history(t, b.Source(), a)); got != want {
				t.Fatalf("%s: %s: %v, want %v", name, a, got, want)
			}
		}
		x.Close()
	}
}
