// Package coinjoin tells transactions that several owners made together from
// those of one owner.
//
// Two questions are kept apart. Abstain has high recall: clustering, change and
// taint must not reason through such a transaction, whatever it is called. The
// kind has high precision: it is what may be printed of it.
//
// Invariants. A [Class] is a claim, with its reasons; it depends on the
// transaction alone. What is unknown (a prevout, a height, a version) only
// withholds the rules that need it. Classify is linear in the transaction but for
// sorting its values, and never fails.
package coinjoin

import (
	"tamga"
)

// The kinds. Tx0 prepares the coins of one owner for Whirlpool, and a payjoin is
// only suspected: both are no coinjoin in the sense of Class.Coinjoin.
const (
	Whirlpool  = "whirlpool"
	Tx0        = "tx0"
	Wasabi1    = "wasabi1"
	Wasabi2    = "wasabi2"
	JoinMarket = "joinmarket"
	PayJoin    = "payjoin"
	Other      = "other"
	None       = "none"
)

// Class is what a transaction was taken for (claim).
type Class struct {
	TxID       string   `json:"txid"`
	Coinjoin   bool     `json:"coinjoin"`
	Abstain    bool     `json:"abstain"`
	Kind       string   `json:"kind"`
	Confidence float64  `json:"confidence"` // of the kind, 0 to 1
	Reasons    []string `json:"reasons"`
}

// rule names a transaction; confidence is 0 where it does not hold.
type rule struct {
	kind  string
	holds func(*shape) (confidence float64, reason string)
}

// rules in the order of their precision: the first that holds names it.
var rules = []rule{
	{Whirlpool, whirlpool}, {Tx0, tx0}, {Wasabi2, wasabi2}, {Wasabi1, wasabi1}, {JoinMarket, joinmarket}, {Other, other}, {PayJoin, payjoin},
}

// Classify says what a transaction of a network is; heights speak on mainnet only.
func Classify(tx *tamga.Tx, network string) Class {
	c := Class{TxID: tx.TxID, Kind: None, Confidence: 1, Reasons: []string{}}
	if len(tx.In) == 0 || tx.In[0].Coinbase {
		c.Reasons = append(c.Reasons, "a coinbase has no owner before it")
		return c
	}
	s := shapeOf(tx)
	if network != "mainnet" {
		s.height, s.test = -1, true
	}
	for _, r := range rules {
		confidence, reason := r.holds(s)
		if confidence == 0 {
			continue
		}
		c.Kind, c.Confidence = r.kind, confidence
		c.Coinjoin = r.kind != Tx0 && r.kind != PayJoin
		c.Reasons = append(c.Reasons, reason)
		break
	}
	suspect := s.suspect()
	if suspect != "" && c.Kind != Tx0 {
		c.Reasons = append(c.Reasons, suspect)
	}
	c.Abstain = c.Coinjoin || suspect != "" && c.Kind != Tx0
	if c.Kind == None && suspect != "" {
		c.Confidence = 0.5
	}
	return c
}

// Abstains says whether clustering must skip a transaction.
func Abstains(tx *tamga.Tx, network string) bool {
	if len(tx.In) < 2 || len(tx.Out) < 2 {
		return false
	}
	return Classify(tx, network).Abstain
}
