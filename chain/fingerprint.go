package chain

import (
	"slices"
	"strings"

	"tamga"
)

// Fingerprint is what a transaction shows of the software that made it (Kappos
// and others, "How to Peel a Million", 2022). An empty feature says nothing: what
// it needs is unknown, or it could be so by chance.
type Fingerprint struct {
	Version  string // 1, 2, …
	LockTime string // none, height, time (BIP-65's bound of 500,000,000)
	RBF      string // yes where an input signals replacement (BIP-125), no
	SegWit   string // yes where an input has a witness (BIP-141), no
	Input    string // script types of the inputs, sorted
	Order    string // sorted as BIP-69 asks where chance would hardly do it, unsorted
}

// features in the order in which they are compared and named.
var features = []struct {
	name string
	of   func(Fingerprint) string
}{
	{"version", func(f Fingerprint) string { return f.Version }},
	{"locktime", func(f Fingerprint) string { return f.LockTime }},
	{"rbf", func(f Fingerprint) string { return f.RBF }},
	{"segwit", func(f Fingerprint) string { return f.SegWit }},
	{"input", func(f Fingerprint) string { return f.Input }},
	{"order", func(f Fingerprint) string { return f.Order }},
}

// timeLock is the least lock time that means a time and not a height.
const timeLock = 500_000_000

// FingerprintOf reads the fingerprint of a transaction.
func FingerprintOf(tx *tamga.Tx) Fingerprint {
	f := Fingerprint{LockTime: "none", RBF: "no", Order: order(tx)}
	if tx.Version != 0 { // 0 is what a source prints that does not know it
		f.Version = decimal(int64(tx.Version))
	}
	switch {
	case tx.LockTime >= timeLock:
		f.LockTime = "time"
	case tx.LockTime > 0:
		f.LockTime = "height"
	}
	var kinds []string
	known := true
	for _, in := range tx.In {
		if in.Sequence < 0xfffffffe {
			f.RBF = "yes"
		}
		known = known && in.Known && in.Type != ""
		kinds = append(kinds, in.Type)
	}
	if known {
		slices.Sort(kinds)
		f.Input = strings.Join(slices.Compact(kinds), "+")
	}
	switch {
	case tx.WTxID != "" && tx.WTxID != tx.TxID, strings.Contains(f.Input, "witness"):
		f.SegWit = "yes"
	case tx.WTxID != "":
		f.SegWit = "no"
	}
	return f
}

// order compares inputs and outputs with BIP-69: inputs by the outputs they
// spend, outputs by value. The order of scripts among equal values is not looked
// at.
func order(tx *tamga.Tx) string {
	chance := 1.0 // that a random order is sorted
	for i := 1; i < len(tx.In); i++ {
		a, b := tx.In[i-1].Prev, tx.In[i].Prev
		if a.TxID > b.TxID || a.TxID == b.TxID && a.Vout > b.Vout {
			return "unsorted"
		}
		chance /= float64(i + 1)
	}
	distinct := 1
	for i := 1; i < len(tx.Out); i++ {
		switch tx.Out[i-1].Value.Cmp(tx.Out[i].Value) {
		case 1:
			return "unsorted"
		case -1:
			distinct++
			chance /= float64(distinct)
		}
	}
	if chance > 1.0/20 {
		return ""
	}
	return "sorted"
}

// Compare names the features that two fingerprints share and those in which they
// differ. Unsorted speaks against sorted alone: a wallet that shuffles may sort by
// chance.
func (f Fingerprint) Compare(g Fingerprint) (same, differ []string) {
	for _, x := range features {
		a, b := x.of(f), x.of(g)
		switch {
		case a == "" || b == "":
		case a == b:
			same = append(same, x.name)
		default:
			differ = append(differ, x.name)
		}
	}
	return same, differ
}
