package bitcoin

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"tamga"
	"tamga/chain/coinjoin"
)

// TestAbstainIsRare: refusing to reason through what several owners may have
// made costs little in ordinary blocks.
func TestAbstainIsRare(t *testing.T) {
	multi, abstained := 0, 0
	for _, b := range realBlocks(t) {
		err := Decode(context.Background(), bytes.NewReader(b), "mainnet", func(d *DecodedTx) error {
			tx := &tamga.Tx{TxID: d.TxID, Height: -1}
			for _, in := range d.In {
				x := tamga.TxIn{Coinbase: in.Coinbase}
				if in.Vout != nil {
					x.Prev = tamga.Outpoint{TxID: in.TxID, Vout: *in.Vout}
				}
				tx.In = append(tx.In, x)
			}
			for _, o := range d.Out {
				value, err := tamga.ParseAmount(o.Value, "BTC")
				if err != nil {
					return err
				}
				tx.Out = append(tx.Out, tamga.TxOut{N: o.N, Value: value, Type: o.Type, Address: o.Address})
			}
			if len(tx.In) > 1 {
				multi++
				if coinjoin.Abstains(tx, "mainnet") {
					abstained++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d transactions with several inputs", abstained, multi)
	if 200*abstained > multi {
		t.Errorf("more than one in 200")
	}
}

// TestEmulatedJoinMarket: all rounds of an emulation are named and nothing else
// of it is.
func TestEmulatedJoinMarket(t *testing.T) {
	z, err := zip.OpenReader(filepath.Join(dataDir(t, "chain/coinjoin"), "emul__joinmarket_1taker_2tumbler_40maker_pruned.zip"))
	if err != nil {
		t.Skip(err)
	}
	defer z.Close()
	rounds, named, wrong := 0, 0, 0
	for _, f := range z.File {
		if !strings.HasPrefix(filepath.Base(f.Name), "block_") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			t.Fatal(err)
		}
		err = ReadTransactions(context.Background(), &line, "", func(tx *tamga.Tx, network string) error {
			// The emulator's own rounds are those of at least five makers and takers.
			round := len(tx.In) >= 5 && !tx.In[0].Coinbase
			is := coinjoin.Classify(tx, network).Kind == coinjoin.JoinMarket
			switch {
			case round && is:
				named++
				fallthrough
			case round:
				rounds++
			case is:
				wrong++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d rounds named, %d others", named, rounds, wrong)
	if rounds != 32 || named != rounds || wrong > 0 {
		t.Error("want all 32 and nothing else")
	}
}

// TestReadTransactions: what is printed comes back, in order, whatever of it is
// missing; a torn line is named.
func TestReadTransactions(t *testing.T) {
	txid := func(c string) string { return strings.Repeat(c, 64) }
	in := `{"txid":"` + txid("a") + `","vin":[{"txid":"` + txid("b") + `","vout":1}],"vout":[{"value":0.5,"n":0,"scriptPubKey":{"hex":"0014` + strings.Repeat("11", 20) + `"}}]}

{"txid":"` + txid("c") + `","height":7,"vin":[{"coinbase":"00"}],"vout":[]}
`
	var got []*tamga.Tx
	err := ReadTransactions(context.Background(), strings.NewReader(in), "", func(tx *tamga.Tx, network string) error {
		got = append(got, tx)
		return nil
	})
	if err != nil || len(got) != 2 {
		t.Fatalf("%d transactions, %v", len(got), err)
	}
	if tx := got[0]; tx.In[0].Known || tx.Height != -1 || tx.Out[0].Type != "witness_v0_keyhash" || tx.Out[0].Value.String() != "50000000" || !strings.HasPrefix(tx.Out[0].Address, "bc1q") {
		t.Errorf("%+v", tx)
	}
	if got[1].Height != 7 || !got[1].In[0].Coinbase {
		t.Errorf("%+v", got[1])
	}
	for _, bad := range []string{in + `{"txid":"` + txid("d"), `{"txid":"xyz","vin":[],"vout":[]}`, `"text"`, `[1]`} {
		err := ReadTransactions(context.Background(), strings.NewReader(bad), "", func(*tamga.Tx, string) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	if err := ReadTransactions(context.Background(), strings.NewReader(in), "nonet", nil); err == nil {
		t.Error("a network that there is not")
	}
}
