package bitcoin

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga/internal/address"
)

// coreBlock is getblock verbosity 2 of an older Bitcoin Core.
type coreBlock struct {
	Hash string
	Tx   []struct {
		TxID string
		Hash string
		Vin  []struct {
			Coinbase string
			TxID     string
			Vout     uint32
		}
		Vout []struct {
			Value        json.Number
			N            uint32
			ScriptPubKey struct {
				Type      string
				Addresses []string
			}
		}
	}
}

// TestCore compares every transaction of the real blocks with what Bitcoin Core
// printed for them. Core before version 22 listed addresses for bare multisig
// too, and none for pubkey; present-day Core prints one address or none.
func TestCore(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(dataDir(t, "chain/blocks"), "*.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	blocks, txs, outs := 0, 0, 0
	for _, file := range files {
		raw := strings.TrimSuffix(file, ".json.gz") + ".blk.gz"
		if _, err := os.Stat(raw); err != nil {
			continue
		}
		var want coreBlock
		if err := json.Unmarshal(gunzip(t, file), &want); err != nil {
			t.Fatal(err)
		}
		got, err := decodeAll(t, gunzip(t, raw), "mainnet")
		if err != nil {
			t.Fatal(file, err)
		}
		if len(got) != len(want.Tx) {
			t.Fatalf("%s: %d transactions, want %d", file, len(got), len(want.Tx))
		}
		blocks++
		for i, w := range want.Tx {
			txs++
			g := got[i]
			if g.TxID != w.TxID || g.WTxID != w.Hash || g.Block != want.Hash || len(g.In) != len(w.Vin) || len(g.Out) != len(w.Vout) {
				t.Fatalf("%s: transaction %d: %+v", file, i, g)
			}
			for k, in := range w.Vin {
				if in.Coinbase != "" {
					if !g.In[k].Coinbase || g.In[k].Vout != nil || g.In[k].TxID != "" {
						t.Fatalf("%s input %d: not a coinbase", w.TxID, k)
					}
				} else if g.In[k].TxID != in.TxID || *g.In[k].Vout != in.Vout || g.In[k].Coinbase {
					t.Fatalf("%s input %d: %+v", w.TxID, k, g.In[k])
				}
			}
			for k, out := range w.Vout {
				outs++
				value, err := satoshis(out.Value)
				if err != nil {
					t.Fatal(err)
				}
				addr := ""
				if typ := out.ScriptPubKey.Type; len(out.ScriptPubKey.Addresses) == 1 && typ != address.TypePubKey && typ != address.TypeMultisig {
					addr = out.ScriptPubKey.Addresses[0]
				}
				o := g.Out[k]
				if o.N != out.N || o.Value != fmt.Sprint(value) || o.Type != out.ScriptPubKey.Type || o.Address != addr {
					t.Fatalf("%s output %d: %+v, want %d %s %s", w.TxID, k, o, value, out.ScriptPubKey.Type, addr)
				}
			}
		}
	}
	if blocks < 15 {
		t.Fatalf("only %d blocks", blocks)
	}
	t.Logf("%d blocks, %d transactions, %d outputs", blocks, txs, outs)
}
