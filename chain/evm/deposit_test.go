package evm

import (
	"context"
	"math/big"
	"strings"
	"testing"

	"tamga"
	"tamga/chain/rpc"
)

// codes answers that the accounts in it, and no others, have code.
type codes map[string]bool

func (codes) Origin() string { return "http://codes.example" }

func (c codes) Ask(_ context.Context, q rpc.Question) (rpc.Answer, error) {
	code := "0x"
	for a := range c {
		if strings.Contains(q.Name, strings.ToLower(a)) {
			code = "0x00"
		}
	}
	return rpc.Answer{Status: 200, Body: []byte(`{"id":"tamga","result":"` + code + `"}`)}, nil
}

// TestDeposit: p and q pay the deposit address d, which hands on to the exchange x
// but for the fee; s pays by a path that does not fit.
func TestDeposit(t *testing.T) {
	const flow = `
		- p 1000
		- q 1000
		- s 1000
		p d 300
		d x 295
		q d 500
		d x 490
		s d 40
		p s 100
		s x 60
		p m 50
		m x 20
		m y 20`
	ask := func(text string, p DepositParams, tagged string, contracts ...string) (Owner, func(string) string) {
		t.Helper()
		l, addr := ledger(t, text, nil)
		c := codes{}
		for _, name := range contracts {
			c[addr(name)] = true
		}
		l.client = client{by: c}
		o, err := l.Customer(t.Context(), addr("p"), []string{"ETH"}, p, func(a string) (*tamga.Tag, error) {
			if tagged != "" && a == addr(tagged) {
				return &tamga.Tag{Label: "demo exchange", Category: "exchange"}, nil
			}
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return o, addr
	}
	ten := DepositParams{Difference: big.NewInt(10)}
	o, addr := ask(flow, ten, "x")
	if o.Size != 2 || o.ID != addr("p") || o.Addresses[1] != addr("q") || len(o.Deposits) != 1 {
		t.Fatalf("%+v", o)
	}
	d := o.Deposits[0]
	if d.Address != addr("d") || d.Service != addr("x") || len(d.Handed) != 2 || d.Tag == nil || d.Rule != depositRule || d.Handed[1].Out.Amount.String() != "490" {
		t.Errorf("%+v", d)
	}
	if o, _ := ask(flow, ten, ""); o.Size != 1 || len(o.Deposits) != 1 || o.Deposits[0].Withheld == "" {
		t.Errorf("without a tag: %+v", o)
	}
	if o, _ := ask(flow, DepositParams{Difference: big.NewInt(5)}, "x"); o.Size != 1 || len(o.Deposits) != 1 {
		t.Errorf("10 stay behind where 5 may: %+v", o)
	}
	if o, _ := ask(flow, DepositParams{Difference: big.NewInt(4)}, "x"); len(o.Deposits) != 0 {
		t.Errorf("5 stay behind where 4 may: %+v", o)
	}
	if o, _ := ask(flow, ten, "x", "d"); len(o.Deposits) != 0 {
		t.Errorf("a contract is a deposit address: %+v", o)
	}
	if o, _ := ask(flow, ten, "x", "q"); o.Size != 1 {
		t.Errorf("a contract is a customer: %+v", o)
	}
	late := strings.Replace(flow, "d x 295", strings.TrimSuffix(strings.Repeat("- z 1\n", 12), "\n"), 1) + "\nd x 295"
	if o, _ := ask(late, DepositParams{Difference: big.NewInt(10), Blocks: 10}, "x"); len(o.Deposits) != 0 {
		t.Errorf("handed on too late: %+v", o)
	}
}
