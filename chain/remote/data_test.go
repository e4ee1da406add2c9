package remote

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"tamga"
	"tamga/chain/bitcoin"
)

// realTx is a transaction as a real Esplora server printed it.
type realTx struct {
	TxID     string `json:"txid"`
	Version  int64  `json:"version"`
	LockTime uint32 `json:"locktime"`
	Vin      []struct {
		TxID      string   `json:"txid"`
		Vout      uint32   `json:"vout"`
		ScriptSig string   `json:"scriptsig"`
		Witness   []string `json:"witness"`
		Sequence  uint32   `json:"sequence"`
	} `json:"vin"`
	Vout []struct {
		Script  string `json:"scriptpubkey"`
		Address string `json:"scriptpubkey_address"`
		Value   int64  `json:"value"`
	} `json:"vout"`
}

// raw serialises it by btcd's package.
func (r *realTx) raw(t *testing.T) string {
	t.Helper()
	bytesOf := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	tx := wire.NewMsgTx(int32(r.Version))
	tx.LockTime = r.LockTime
	for _, in := range r.Vin {
		h, err := chainhash.NewHashFromStr(in.TxID)
		if err != nil {
			t.Fatal(err)
		}
		v := wire.NewTxIn(wire.NewOutPoint(h, in.Vout), bytesOf(in.ScriptSig), nil)
		v.Sequence = in.Sequence
		for _, item := range in.Witness {
			v.Witness = append(v.Witness, bytesOf(item))
		}
		tx.AddTxIn(v)
	}
	for _, out := range r.Vout {
		tx.AddTxOut(wire.NewTxOut(out.Value, bytesOf(out.Script)))
	}
	var b bytes.Buffer
	if err := tx.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b.Bytes())
}

// TestRealEsplora serves transactions that real servers printed, and compares
// what the source makes of them with what the reader of transactions does.
func TestRealEsplora(t *testing.T) {
	dir := os.Getenv("TAMGA_DATA")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skip("no cache folder")
		}
		dir = filepath.Join(cache, "tamga-data")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "chain", "esplora", "*.json"))
	if len(files) == 0 {
		t.Skip("real data is not here: chain/esplora")
	}
	printed := map[string]json.RawMessage{}
	var page []json.RawMessage
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var one realTx
		var list []json.RawMessage
		switch {
		case json.Unmarshal(b, &list) == nil && strings.HasSuffix(file, "-txs.json"):
			page = list
		case json.Unmarshal(b, &one) == nil && len(one.Vin) > 0:
			list = []json.RawMessage{b}
		}
		for _, m := range list {
			if json.Unmarshal(m, &one) == nil && len(one.Vin) > 0 {
				printed[one.TxID] = m
			}
		}
	}
	// Nobody has the blocks at hand: the transactions are served as loose ones.
	loose := func(m json.RawMessage) (string, *realTx) {
		var all map[string]json.RawMessage
		r := &realTx{}
		if json.Unmarshal(m, &all) != nil || json.Unmarshal(m, r) != nil {
			t.Fatalf("%.100s", m)
		}
		all["status"] = json.RawMessage(`{"confirmed":false}`)
		b, _ := json.Marshal(all)
		return string(b), r
	}
	mux := http.NewServeMux()
	answer := func(path, text string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	}
	genesis := bitcoin.Genesis("mainnet")
	answer("/block-height/0", genesis)
	answer("/blocks/tip/hash", genesis)
	answer("/block/"+genesis, `{"height":0,"version":1,"timestamp":1231006505,"merkle_root":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","nonce":2083236893,"bits":486604799}`)
	for id, m := range printed {
		text, r := loose(m)
		answer("/tx/"+id, text)
		answer("/tx/"+id+"/hex", r.raw(t))
		answer("/tx/"+id+"/merkle-proof", `{"block_height":1,"pos":0,"merkle":[]}`)
	}
	const first = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
	if page != nil {
		b, _ := json.Marshal(page)
		var last realTx
		json.Unmarshal(page[len(page)-1], &last)
		answer("/address/"+first+"/txs/chain", string(b))
		answer("/address/"+first+"/txs/chain/"+last.TxID, "[]")
	}
	o := quick()
	o.Network = "mainnet"
	src, err := Esplora(t.Context(), serve(t, mux), o)
	if err != nil {
		t.Fatal(err)
	}
	paid := 0
	for id, m := range printed {
		got, err := src.Tx(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		text, r := loose(m)
		for _, out := range r.Vout {
			if out.Address == first && strings.Contains(string(bytes.Join(rawBytes(page), nil)), id) {
				paid++
			}
		}
		err = bitcoin.ReadTransactions(context.Background(), strings.NewReader(text), "mainnet", func(want *tamga.Tx, _ string) error {
			want.WTxID = got.WTxID // not in what Esplora prints
			if !reflect.DeepEqual(got, want) {
				t.Errorf("transaction %s:\n%+v\nwant\n%+v", id, got, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if page != nil {
		outs, err := history(t.Context(), src, first)
		if err != nil || len(outs) != paid || paid == 0 {
			t.Errorf("%d outputs paid the address, want %d; %v", len(outs), paid, err)
		}
	}
	t.Logf("%d real transactions, %d outputs to one address", len(printed), paid)
}

func rawBytes(all []json.RawMessage) (b [][]byte) {
	for _, m := range all {
		b = append(b, m)
	}
	return b
}
