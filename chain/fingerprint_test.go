package chain_test

import (
	"slices"
	"testing"

	"tamga"
	"tamga/chain"
)

func TestFingerprint(t *testing.T) {
	in := func(id string, vout, sequence uint32, typ string) tamga.TxIn {
		return tamga.TxIn{Prev: tamga.Outpoint{TxID: id, Vout: vout}, Known: typ != "", Type: typ, Sequence: sequence}
	}
	outs := func(values ...int64) (all []tamga.TxOut) {
		for n, v := range values {
			all = append(all, tamga.TxOut{N: uint32(n), Value: tamga.NewAmount(v, "BTC")})
		}
		return all
	}
	const final, keyhash, witness = 0xffffffff, "pubkeyhash", "witness_v0_keyhash"
	for name, c := range map[string]struct {
		tx   tamga.Tx
		want chain.Fingerprint
	}{
		"old": {
			tamga.Tx{TxID: "t", WTxID: "t", Version: 1, In: []tamga.TxIn{in("a", 0, final, keyhash)}, Out: outs(2, 1)},
			chain.Fingerprint{Version: "1", LockTime: "none", RBF: "no", SegWit: "no", Input: "pubkeyhash", Order: "unsorted"},
		},
		"core": {
			tamga.Tx{TxID: "t", WTxID: "w", Version: 2, LockTime: 800_000, In: []tamga.TxIn{in("a", 0, 0xfffffffd, witness)}, Out: outs(1, 2)},
			chain.Fingerprint{Version: "2", LockTime: "height", RBF: "yes", SegWit: "yes", Input: "witness_v0_keyhash"},
		},
		"the last sequence that is no signal": {
			tamga.Tx{TxID: "t", WTxID: "t", Version: 2, LockTime: 500_000_000, In: []tamga.TxIn{in("a", 0, 0xfffffffe, keyhash)}, Out: outs(1)},
			chain.Fingerprint{Version: "2", LockTime: "time", RBF: "no", SegWit: "no", Input: "pubkeyhash"},
		},
		"sorted by more than luck": {
			tamga.Tx{TxID: "t", WTxID: "w", Version: 2, In: []tamga.TxIn{in("a", 0, 0, witness), in("a", 1, 0, witness), in("b", 0, 0, keyhash)}, Out: outs(1, 2, 3)},
			chain.Fingerprint{Version: "2", LockTime: "none", RBF: "yes", SegWit: "yes", Input: "pubkeyhash+witness_v0_keyhash", Order: "sorted"},
		},
		"equal values are in any order": {
			tamga.Tx{TxID: "t", WTxID: "w", Version: 2, In: []tamga.TxIn{in("a", 0, 0, witness)}, Out: outs(5, 5, 5, 5, 5)},
			chain.Fingerprint{Version: "2", LockTime: "none", RBF: "yes", SegWit: "yes", Input: "witness_v0_keyhash"},
		},
		"unknown": {
			tamga.Tx{TxID: "t", In: []tamga.TxIn{in("a", 0, final, "")}, Out: outs(1)},
			chain.Fingerprint{LockTime: "none", RBF: "no"},
		},
	} {
		if got := chain.FingerprintOf(&c.tx); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	a := chain.Fingerprint{Version: "1", LockTime: "none", RBF: "no", Input: "pubkeyhash"}
	b := chain.Fingerprint{Version: "2", LockTime: "none", SegWit: "yes", Input: "scripthash"}
	if same, differ := a.Compare(b); !slices.Equal(same, []string{"locktime"}) || !slices.Equal(differ, []string{"version", "input"}) {
		t.Errorf("same %q, differ %q", same, differ)
	}
}
