package evm

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"

	"tamga/chain/rpc"
)

// signed is what a transaction's hash is made of beside what it pays.
type signed struct {
	Type       quantity `json:"type"`
	ChainID    quantity `json:"chainId"`
	Nonce      quantity `json:"nonce"`
	Gas        quantity `json:"gas"`
	GasPrice   quantity `json:"gasPrice"`
	MaxFee     quantity `json:"maxFeePerGas"`
	MaxTip     quantity `json:"maxPriorityFeePerGas"`
	Input      blob     `json:"input"`
	MaxBlobFee quantity `json:"maxFeePerBlobGas"`
	BlobHashes []hash   `json:"blobVersionedHashes"`
	Access     []struct {
		Address Account `json:"address"`
		Keys    []hash  `json:"storageKeys"`
	} `json:"accessList"`
	Auths []struct {
		ChainID quantity `json:"chainId"`
		Address Account  `json:"address"`
		Nonce   quantity `json:"nonce"`
		Y       quantity `json:"yParity"`
		R       quantity `json:"r"`
		S       quantity `json:"s"`
	} `json:"authorizationList"`
	V quantity `json:"v"`
	R quantity `json:"r"`
	S quantity `json:"s"`
}

// encode is a transaction's bytes, and those that its sender signed (EIP-155,
// 2930, 1559, 4844, 7702).
func (t *rpcTx) encode() (whole, payload []byte, err error) {
	to := rlpBytes(nil)
	if t.To != nil {
		to = rlpBytes(t.To[:])
	}
	tail := [][]byte{rlpInt(t.V), rlpInt(t.R), rlpInt(t.S)}
	kind := t.Type.or0().Int64()
	if !t.Type.or0().IsInt64() {
		kind = -1
	}
	if kind == 0 {
		list := [][]byte{rlpInt(t.Nonce), rlpInt(t.GasPrice), rlpInt(t.Gas), to, rlpInt(t.Value), rlpBytes(t.Input)}
		whole = rlpList(append(slices.Clone(list), tail...)...)
		if v := t.V.or0(); v.Cmp(big.NewInt(35)) >= 0 {
			id := new(big.Int).Sub(v, big.NewInt(35))
			list = append(list, rlpInt(quantity{id.Rsh(id, 1)}), rlpBytes(nil), rlpBytes(nil))
		}
		return whole, rlpList(list...), nil
	}
	list := [][]byte{rlpInt(t.ChainID), rlpInt(t.Nonce)}
	if kind == 1 {
		list = append(list, rlpInt(t.GasPrice))
	} else {
		list = append(list, rlpInt(t.MaxTip), rlpInt(t.MaxFee))
	}
	var access [][]byte
	for _, a := range t.Access {
		access = append(access, rlpList(rlpBytes(a.Address[:]), rlpHashes(a.Keys)))
	}
	list = append(list, rlpInt(t.Gas), to, rlpInt(t.Value), rlpBytes(t.Input), rlpList(access...))
	switch kind {
	case 1, 2:
	case 3:
		list = append(list, rlpInt(t.MaxBlobFee), rlpHashes(t.BlobHashes))
	case 4:
		var auths [][]byte
		for _, a := range t.Auths {
			auths = append(auths, rlpList(rlpInt(a.ChainID), rlpBytes(a.Address[:]), rlpInt(a.Nonce), rlpInt(a.Y), rlpInt(a.R), rlpInt(a.S)))
		}
		list = append(list, rlpList(auths...))
	default:
		return nil, nil, fmt.Errorf("a transaction of type %s, which is not read", t.Type.or0())
	}
	payload = append([]byte{byte(kind)}, rlpList(list...)...)
	return append([]byte{byte(kind)}, rlpList(append(list, tail...)...)...), payload, nil
}

func rlpHashes(all []hash) []byte {
	var list [][]byte
	for _, h := range all {
		list = append(list, rlpBytes(h[:]))
	}
	return rlpList(list...)
}

// signer is the account whose key signed a transaction.
func (t *rpcTx) signer(payload []byte) (a Account, err error) {
	r, s, v := t.R.or0(), t.S.or0(), t.V.or0()
	odd := v.Bit(0) == 1
	if t.Type.or0().Sign() == 0 {
		odd = !odd // 27 and 35 + 2·chain stand for an even one
	}
	compact := make([]byte, 65)
	compact[0] = 27
	if odd {
		compact[0]++
	}
	if r.BitLen() > 256 || s.BitLen() > 256 {
		return a, fmt.Errorf("no signature")
	}
	r.FillBytes(compact[1:33])
	s.FillBytes(compact[33:])
	sum := keccak(payload)
	key, _, err := ecdsa.RecoverCompact(compact, sum[:])
	if err != nil {
		return a, err
	}
	h := keccak(key.SerializeUncompressed()[1:])
	return Account(h[12:]), nil
}

// proven compares transactions with their hashes, their senders with their
// signatures, and all of them with the root in their block's header: then the
// block has these, in this order, and no others. TRON's dialect prints no bytes
// that its hashes are made of.
func (l *Ledger) proven(h *header, txs []rpcTx) error {
	if l.tron {
		return nil
	}
	var items [][]byte
	for i := range txs {
		t := &txs[i]
		whole, payload, err := t.encode()
		if err != nil {
			return err
		}
		if got := keccak(whole); got != t.Hash {
			return rpc.Lie("transaction %s has the hash %s", l.hash(t.Hash), l.hash(got))
		}
		if a, err := t.signer(payload); err != nil || a != t.From {
			return rpc.Lie("transaction %s is not signed by %s", l.hash(t.Hash), l.Format(t.From))
		}
		items = append(items, whole)
	}
	if root := trieRoot(items); !bytes.Equal(root[:], h.TxRoot) {
		return rpc.Lie("its transactions are not those of its header")
	}
	return nil
}

// withdrawn compares withdrawals with the root in their block's header.
func (l *Ledger) withdrawn(h *header, all []withdrawal) error {
	var items [][]byte
	for _, w := range all {
		items = append(items, rlpList(rlpInt(w.Index), rlpInt(w.Validator), rlpBytes(w.Address[:]), rlpInt(w.Amount)))
	}
	switch {
	case h.Withdrawn == nil && len(all) == 0, l.tron:
	case h.Withdrawn == nil || trieRoot(items) != *h.Withdrawn:
		return rpc.Lie("its withdrawals are not those of its header")
	}
	return nil
}

// settled compares receipts with the root in their block's header: then a failure,
// the gas and the logs are the ledger's word and no longer the node's.
func (l *Ledger) settled(h *header, txs []rpcTx, receipts []rpcReceipt) error {
	if l.tron {
		return nil
	}
	var items [][]byte
	before := new(big.Int)
	for i := range receipts {
		r, t := &receipts[i], &txs[i]
		var logs [][]byte
		for _, x := range r.Logs {
			logs = append(logs, rlpList(rlpBytes(x.Address[:]), rlpHashes(x.Topics), rlpBytes(x.Data)))
		}
		b := rlpList(rlpInt(r.Status), rlpInt(r.GasSum), rlpBytes(r.Bloom), rlpList(logs...))
		if kind := t.Type.or0(); kind.Sign() > 0 {
			b = append([]byte{byte(kind.Int64())}, b...)
		}
		items = append(items, b)
		used := new(big.Int).Sub(r.GasSum.or0(), before)
		before = r.GasSum.or0()
		price := t.GasPrice.or0()
		if t.Type.or0().Cmp(big.NewInt(2)) >= 0 { // EIP-1559: what is bid, at most the highest
			price = new(big.Int).Add(h.BaseFee.or0(), t.MaxTip.or0())
			if price.Cmp(t.MaxFee.or0()) > 0 {
				price = t.MaxFee.or0()
			}
		}
		if used.Cmp(r.GasUsed.or0()) != 0 || price.Cmp(r.GasPrice.or0()) != 0 {
			return rpc.Lie("transaction %d did not pay %s for %s gas", i, r.GasPrice.or0(), r.GasUsed.or0())
		}
	}
	if root := trieRoot(items); !bytes.Equal(root[:], h.Receipts) {
		return rpc.Lie("its receipts are not those of its header")
	}
	return nil
}

// trieRoot is the root of the Merkle-Patricia trie of a list (Yellow Paper,
// appendix D): under the RLP of its index stands each item.
func trieRoot(items [][]byte) hash {
	if len(items) == 0 {
		return keccak(rlpBytes(nil))
	}
	all := make([]leaf, len(items))
	for i, v := range items {
		for _, b := range rlpInt(quantity{big.NewInt(int64(i))}) {
			all[i].key = append(all[i].key, b>>4, b&15)
		}
		all[i].value = v
	}
	slices.SortFunc(all, func(a, b leaf) int { return bytes.Compare(a.key, b.key) })
	return keccak(trieNode(all, 0))
}

type leaf struct {
	key   []byte // nibbles; none is the beginning of another
	value []byte
}

func trieNode(all []leaf, depth int) []byte {
	first := all[0].key
	if len(all) == 1 {
		return rlpList(rlpBytes(compactKey(first[depth:], true)), rlpBytes(all[0].value))
	}
	last := all[len(all)-1].key // sorted: what these two share, all do
	common := depth
	for common < len(first) && common < len(last) && first[common] == last[common] {
		common++
	}
	if common > depth {
		return rlpList(rlpBytes(compactKey(first[depth:common], false)), trieRef(trieNode(all, common)))
	}
	branch := make([][]byte, 17)
	for i := range branch {
		branch[i] = rlpBytes(nil)
	}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].key[depth] == all[0].key[depth] {
			n++
		}
		branch[all[0].key[depth]] = trieRef(trieNode(all[:n], depth+1))
		all = all[n:]
	}
	return rlpList(branch...)
}

func trieRef(node []byte) []byte {
	if len(node) < 32 {
		return node
	}
	h := keccak(node)
	return rlpBytes(h[:])
}

// compactKey packs nibbles behind a flag for a leaf and one for an odd number.
func compactKey(nibbles []byte, leaf bool) []byte {
	flag := byte(0)
	if leaf {
		flag = 2
	}
	out := []byte{flag << 4}
	if len(nibbles)%2 == 1 {
		out[0] |= 1<<4 | nibbles[0]
		nibbles = nibbles[1:]
	}
	for i := 0; i < len(nibbles); i += 2 {
		out = append(out, nibbles[i]<<4|nibbles[i+1])
	}
	return out
}
