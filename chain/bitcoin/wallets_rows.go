package bitcoin

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"tamga/internal/address"
)

// Two scripts, or two outpoints, are the same in what follows where 128 bits of
// them agree: the key of 64 bits that the index sorts by, and 64 bits of a SHA-256
// beside it. A key alone can be met on purpose; both cannot.

// scriptID is a script in 128 bits.
type scriptID struct{ key, check uint64 }

func idOf(script []byte) scriptID {
	h := sha256.Sum256(script)
	return scriptID{scriptKey(script), binary.BigEndian.Uint64(h[:])}
}

// name tells scripts with an address apart; it is "" for others.
func (a scriptID) name(coin uint64) string {
	if coin&addressed == 0 {
		return ""
	}
	return string(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, a.key), a.check))
}

// Comparisons go by the key first, which nearly always tells.

func (a scriptID) compare(b scriptID) int {
	if a.key != b.key {
		return cmp.Compare(a.key, b.key)
	}
	return cmp.Compare(a.check, b.check)
}

// coinRow is an output, or an input of a transaction with several that asks for
// the output it spends. The output's comes first of those with one outpoint.
type coinRow struct {
	key, check uint64 // of the outpoint
	script     scriptID
	coin       uint64 // value and class of script; asks for an input
	tx, in     uint32 // of the input
}

const asks = 1 << 63

// outpointCheck is what two outpoints must share beside their keys: more of the
// txid, which is a SHA-256, and the number of the output.
func outpointCheck(id []byte, vout uint32) uint64 {
	return binary.BigEndian.Uint64(id[8:]) ^ uint64(vout)
}

// classes are the script types, so that a coin's fits beside its value.
var classes = []string{
	address.TypeNonstandard, address.TypePubKey, address.TypePubKeyHash, address.TypeScriptHash, address.TypeMultisig, address.TypeNullData,
	address.TypeWitnessV0Key, address.TypeWitnessV0Hash, address.TypeTaproot, address.TypeAnchor, address.TypeWitness,
}

const (
	valueBits = 56
	addressed = 1 << 62 // the script has an address
)

// coinOf packs value and class. No value is above 2^51 satoshis in a block that a
// node took.
func coinOf(value int64, script []byte) uint64 {
	typ, payload := address.ScriptType(script)
	v := uint64(min(max(value, 0), 1<<valueBits-1)) | uint64(max(0, slices.Index(classes, typ)))<<valueBits
	if payload != nil {
		v |= addressed
	}
	return v
}

func coinValue(c uint64) int64  { return int64(c & (1<<valueBits - 1)) }
func coinClass(c uint64) string { return classes[c>>valueBits&0xf] }

var coinRows = kindOfRow[coinRow]{
	name: "coins", size: 40,
	put: func(b []byte, r *coinRow) []byte {
		le, x, y := binary.LittleEndian, r.script.key, r.script.check
		if r.coin&asks != 0 {
			x, y = uint64(r.tx), uint64(r.in)
		}
		return le.AppendUint64(le.AppendUint64(le.AppendUint64(le.AppendUint64(le.AppendUint64(b, r.key), r.check), x), y), r.coin)
	},
	get: func(b []byte) coinRow {
		le := binary.LittleEndian
		r := coinRow{key: le.Uint64(b), check: le.Uint64(b[8:]), coin: le.Uint64(b[32:])}
		if x, y := le.Uint64(b[16:]), le.Uint64(b[24:]); r.coin&asks != 0 {
			r.tx, r.in = uint32(x), uint32(y)
		} else {
			r.script = scriptID{x, y}
		}
		return r
	},
	part: func(r *coinRow) int { return int(r.key >> 56) },
	cmp: func(a, b coinRow) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return cmp.Or(cmp.Compare(a.check, b.check), cmp.Compare(a.coin&asks, b.coin&asks))
	},
}

// spentRow is an input with the output that it spends.
type spentRow struct {
	tx, in uint32 // in lookAt marks a transaction that must be looked at
	coin   uint64
	script scriptID
}

const lookAt = 1<<32 - 1

// byTx deals rows to parts by transaction.
func byTx(tx uint32, txs int) int { return int(uint64(tx) * shares / uint64(txs)) }

func inOrder(aTx, aIn, bTx, bIn uint32) int {
	return cmp.Compare(uint64(aTx)<<32|uint64(aIn), uint64(bTx)<<32|uint64(bIn))
}

func spentRows(txs int) kindOfRow[spentRow] {
	return kindOfRow[spentRow]{
		name: "spent", size: 32,
		put: func(b []byte, r *spentRow) []byte {
			le := binary.LittleEndian
			b = le.AppendUint32(le.AppendUint32(b, r.tx), r.in)
			return le.AppendUint64(le.AppendUint64(le.AppendUint64(b, r.coin), r.script.key), r.script.check)
		},
		get: func(b []byte) spentRow {
			le := binary.LittleEndian
			return spentRow{le.Uint32(b), le.Uint32(b[4:]), le.Uint64(b[8:]), scriptID{le.Uint64(b[16:]), le.Uint64(b[24:])}}
		},
		part: func(r *spentRow) int { return byTx(r.tx, txs) },
		cmp:  func(a, b spentRow) int { return inOrder(a.tx, a.in, b.tx, b.in) },
	}
}

// sightRow is a place where a script is seen, or an input that its owner signed.
type sightRow struct {
	script scriptID
	tx     uint32
	place  uint32 // an output; inputSide: an input of which the source said the script; signs: an input
}

const signs = 1 << 31

// rank orders places by chain order: the inputs of a transaction come before its
// outputs. Signatures come after all places.
func (r *sightRow) rank() (signature, place uint64) {
	place = uint64(r.tx)<<32 | uint64(r.place&^(signs|inputSide))
	if r.place&(signs|inputSide) == 0 {
		place |= 1 << 31
	}
	return uint64(r.place & signs), place
}

func (r *sightRow) compare(o *sightRow) int {
	s, p := r.rank()
	t, q := o.rank()
	return cmp.Or(cmp.Compare(s, t), cmp.Compare(p, q))
}

var sightRows = kindOfRow[sightRow]{
	name: "sights", size: 24,
	put: func(b []byte, r *sightRow) []byte {
		le := binary.LittleEndian
		return le.AppendUint32(le.AppendUint32(le.AppendUint64(le.AppendUint64(b, r.script.key), r.script.check), r.tx), r.place)
	},
	get: func(b []byte) sightRow {
		le := binary.LittleEndian
		return sightRow{scriptID{le.Uint64(b), le.Uint64(b[8:])}, le.Uint32(b[16:]), le.Uint32(b[20:])}
	},
	part: func(r *sightRow) int { return int(r.script.key >> 56) },
	cmp: func(a, b sightRow) int {
		if c := a.script.compare(b.script); c != 0 {
			return c
		}
		return a.compare(&b)
	},
}

func signerRows(txs int) kindOfRow[signer] {
	return kindOfRow[signer]{
		name: "signers", size: signerRow,
		put:  func(b []byte, r *signer) []byte { return r.bytes(b) },
		get:  signerAt,
		part: func(r *signer) int { return byTx(r.tx, txs) },
		cmp:  func(a, b signer) int { return inOrder(a.tx, a.in, b.tx, b.in) },
	}
}

func hasAddress(script []byte) bool {
	_, payload := address.ScriptType(script)
	return payload != nil
}
