package evm

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"tamga/chain"
	"tamga/chain/rpc"
)

// tron answers as java-tron's Ethereum dialect does: blocks whose hash is not that
// of their fields, no finalized block, calls at the latest block only, and at most
// 1,000 blocks a search here (5,000 there).
type tron struct {
	Coin, Alice, Bob, Carol string
	Blocks                  map[string]json.RawMessage
	Logs                    []json.RawMessage

	asked map[string]int
}

func (r *tron) Origin() string { return "http://tron.example" }

func (r *tron) Ask(_ context.Context, q rpc.Question) (rpc.Answer, error) {
	method, params, _ := strings.Cut(q.Name, " ")
	r.asked[method]++
	var args []json.RawMessage
	if err := json.Unmarshal([]byte(params), &args); err != nil {
		return rpc.Answer{}, err
	}
	fail := func(code int, text string) (rpc.Answer, error) {
		return rpc.Answer{Status: 200, Body: fmt.Appendf(nil, `{"jsonrpc":"2.0","id":"tamga","error":{"code":%d,"message":%q,"data":"{}"}}`, code, text)}, nil
	}
	answer := func(v any) (rpc.Answer, error) {
		b, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": "tamga", "result": v})
		return rpc.Answer{Status: 200, Body: b}, err
	}
	switch method {
	case "eth_chainId":
		return answer("0x2b6653dc")
	case "eth_getBlockByNumber":
		var at string
		json.Unmarshal(args[0], &at)
		switch at {
		case "finalized":
			return fail(-32602, "TAG finalized not supported")
		case "latest":
			at = "0x1784"
		}
		return answer(r.Blocks[at])
	case "eth_call":
		if !strings.Contains(params, `"latest"`) {
			return fail(-32602, "QUANTITY not supported, just support TAG as latest")
		}
		if strings.Contains(params, "0x95d89b41") {
			return answer(fmt.Sprintf("0x%064x%064x%-64s", 32, 4, "44454d4f"+strings.Repeat("0", 56)))
		}
		return answer(fmt.Sprintf("0x%064x", 6))
	case "eth_getLogs":
		var f struct {
			FromBlock, ToBlock quantity
			Address            string
			Topics             []any
		}
		if err := json.Unmarshal(args[0], &f); err != nil {
			return rpc.Answer{}, err
		}
		if f.ToBlock.height()-f.FromBlock.height() >= 1000 {
			return fail(-32602, "exceed max block range: 1000")
		}
		found := []json.RawMessage{}
		for _, raw := range r.Logs {
			var x struct {
				BlockNumber quantity
				Address     string
				Topics      []string
			}
			if err := json.Unmarshal(raw, &x); err != nil {
				return rpc.Answer{}, err
			}
			fits := x.BlockNumber.height() >= f.FromBlock.height() && x.BlockNumber.height() <= f.ToBlock.height() && (f.Address == "" || f.Address == x.Address)
			for i, want := range f.Topics {
				switch want := want.(type) {
				case string:
					fits = fits && i < len(x.Topics) && x.Topics[i] == want
				case []any:
					any := false
					for _, w := range want {
						any = any || i < len(x.Topics) && x.Topics[i] == w
					}
					fits = fits && any
				}
			}
			if fits {
				found = append(found, raw)
			}
		}
		return answer(found)
	}
	return fail(-32601, "the method "+method+" does not exist/is not available")
}

// TestTron follows a token on answers in the form of java-tron's: from block 0, as
// only there what an account had before is known.
func TestTron(t *testing.T) {
	b, err := os.ReadFile("testdata/tron.json")
	r := &tron{asked: map[string]int{}}
	if err == nil {
		err = json.Unmarshal(b, r)
	}
	if err != nil {
		t.Fatal(err)
	}
	n, _ := Lookup("tron")
	at := func(hex string) string {
		a, err := n.ParseAccount(hex)
		if err != nil {
			t.Fatal(err)
		}
		return n.Format(a)
	}
	if _, err := open(t.Context(), r, false, "tron", Options{Confirmations: Final}); err == nil || !strings.Contains(err.Error(), "finalized") {
		t.Error(err)
	}
	l, err := open(t.Context(), r, false, "tron", Options{Confirmations: 20})
	if err != nil {
		t.Fatal(err)
	}
	if l.Range().To != 6000 || l.Range().Final {
		t.Errorf("%+v", l.Range())
	}
	tr, err := l.Trace(t.Context(), at(r.Alice), TraceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range tr.Hops {
		got = append(got, fmt.Sprint(h.In.Address, " ", h.Out.Address, " ", h.Amount, " ", h.Height))
		if strings.HasPrefix(h.TxID, "0x") || h.Asset != "trc20:"+at(r.Coin) || h.Out.N == nil {
			t.Errorf("%+v", h)
		}
	}
	want := []string{
		fmt.Sprint(at(r.Alice), " ", at(r.Bob), " 400000000 2500"),
		fmt.Sprint(at(r.Bob), " ", at(r.Carol), " 400000000 2700"),
		fmt.Sprint(at(r.Carol), " ", at(r.Alice), " 7 5000"), // what was carol's before she paid away at 2600
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
	if len(tr.Assets) != 1 || tr.Assets[0].Symbol != "DEMO" || *tr.Assets[0].Decimals != 6 || len(tr.Unseen) != 1 || !strings.HasPrefix(at(r.Alice), "T") {
		t.Errorf("%+v %q", tr.Assets, tr.Unseen)
	}
	if r.asked["eth_getLogs"] < 3*6 {
		t.Errorf("%d searches", r.asked["eth_getLogs"])
	}
	// A range that begins late: what an account had is unknown, and stays so.
	late, err := open(t.Context(), r, false, "tron", Options{From: 2501, To: 6000})
	if err != nil {
		t.Fatal(err)
	}
	tr, err = late.Trace(t.Context(), at(r.Carol), TraceOptions{Direction: chain.Backward})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range tr.Ends {
		if e.Address == at(r.Bob) && (e.Reason != chain.EndUnknown || e.Amount.String() != "450000000") {
			t.Errorf("%+v", e)
		}
	}
	if _, err := l.Transfers(t.Context(), at(r.Alice), []string{"TRX"}); err == nil {
		t.Error("TRX is followed")
	}
}
