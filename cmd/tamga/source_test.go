package main

import (
	"net/http/httptest"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tamga/chain/chaintest"
)

// ledgerServers are a node and an Esplora server of one small chain, for scripts.
type ledgerServers struct {
	chain         *chaintest.Builder
	node, esplora *httptest.Server
	bare          *httptest.Server // a node without indexes
	payment       string
}

func newLedgerServers(t *testing.T) *ledgerServers {
	t.Helper()
	b := chaintest.New("scripts")
	for range 3 {
		b.Mine("customer")
	}
	var id string
	for _, step := range [][2]string{{"customer", "vendor"}, {"vendor", "reseller"}, {"reseller", "exchange"}} {
		var err error
		if id, err = b.Pay(step[0], 1000, chaintest.Out{To: step[1], Value: b.Balance(step[0]) / 2}); err != nil {
			t.Fatal(err)
		}
		b.Mine("miner")
	}
	s := &ledgerServers{
		chain: b, payment: id,
		node:    httptest.NewServer(b.Core(chaintest.Indexes{Tx: true, Filter: true, Spender: true})),
		esplora: httptest.NewServer(b.Esplora()),
		bare:    httptest.NewServer(b.Core(chaintest.Indexes{})),
	}
	t.Cleanup(s.bare.Close)
	t.Cleanup(s.node.Close)
	t.Cleanup(s.esplora.Close)
	return s
}

func (s *ledgerServers) setenv(e *testscript.Env) {
	e.Setenv("NODE", s.node.URL)
	e.Setenv("BARE_NODE", s.bare.URL)
	e.Setenv("ESPLORA", s.esplora.URL)
	e.Setenv("CUSTOMER", s.chain.Address("customer"))
	e.Setenv("PAYMENT", s.payment)
}

// write is the script command `ledger DIR`: it writes the servers' chain as block
// files.
func (s *ledgerServers) write(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ledger DIR")
	}
	ts.Check(s.chain.WriteBlk(ts.MkAbs(args[0])))
}
