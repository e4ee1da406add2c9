package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/btcsuite/btcd/address/v2"

	"tamga/internal/btcdlab"
)

// labKey owns one output script of the lab's chain; its key comes of a seed.
type labKey struct {
	kind   string
	priv   *btcec.PrivateKey
	script []byte
	redeem []byte
}

var labKinds = []string{"p2pk", "p2pkh", "p2sh", "p2sh-p2wpkh", "p2wpkh", "p2wsh", "p2tr", "multisig"}

func newLabKey(t *testing.T, kind string, n int) *labKey {
	t.Helper()
	seed := sha256.Sum256(fmt.Appendf(nil, "lab %s %d", kind, n))
	k := &labKey{kind: kind}
	var pub *btcec.PublicKey
	k.priv, pub = btcec.PrivKeyFromBytes(seed[:])
	b := pub.SerializeCompressed()
	hash := address.Hash160(b)
	build := func(parts ...any) []byte {
		s := txscript.NewScriptBuilder()
		for _, p := range parts {
			switch v := p.(type) {
			case int:
				s.AddOp(byte(v))
			case []byte:
				s.AddData(v)
			}
		}
		script, err := s.Script()
		if err != nil {
			t.Fatal(err)
		}
		return script
	}
	pay := func() []byte { return build(b, txscript.OP_CHECKSIG) }
	switch kind {
	case "p2pk":
		k.script = pay()
	case "p2pkh":
		k.script = build(txscript.OP_DUP, txscript.OP_HASH160, hash, txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)
	case "p2sh":
		k.redeem = pay()
		k.script = build(txscript.OP_HASH160, address.Hash160(k.redeem), txscript.OP_EQUAL)
	case "p2sh-p2wpkh":
		k.redeem = build(txscript.OP_0, hash)
		k.script = build(txscript.OP_HASH160, address.Hash160(k.redeem), txscript.OP_EQUAL)
	case "p2wpkh":
		k.script = build(txscript.OP_0, hash)
	case "p2wsh":
		k.redeem = pay()
		sum := sha256.Sum256(k.redeem)
		k.script = build(txscript.OP_0, sum[:])
	case "p2tr":
		k.script = build(txscript.OP_1, txscript.ComputeTaprootKeyNoScript(pub).SerializeCompressed()[1:])
	case "multisig":
		other := sha256.Sum256(seed[:])
		_, second := btcec.PrivKeyFromBytes(other[:])
		k.script = build(txscript.OP_1, b, second.SerializeCompressed(), txscript.OP_2, txscript.OP_CHECKMULTISIG)
	}
	return k
}

// labCoin is an unspent output of a key.
type labCoin struct {
	at    wire.OutPoint
	value int64
	key   *labKey
}

type labOut struct {
	key   *labKey
	value int64
	data  string // of an OP_RETURN output
}

// lab makes a chain in a real btcd.
type lab struct {
	t     *testing.T
	ctx   context.Context
	node  *btcdlab.Node
	keys  map[string]int
	txids []string
	miner *labKey
	stale [][]byte
}

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) key(kind string) *labKey {
	l.keys[kind]++
	return newLabKey(l.t, kind, l.keys[kind])
}

func (l *lab) call(result any, method string, params ...any) {
	l.t.Helper()
	l.must(l.node.Call(l.ctx, result, method, params...))
}

func (l *lab) mine(n int) []string {
	l.t.Helper()
	var hashes []string
	l.call(&hashes, "generate", n)
	return hashes
}

// send signs and sends a transaction and returns its coins.
func (l *lab) send(ins []labCoin, outs ...labOut) (string, []labCoin) {
	l.t.Helper()
	tx := wire.NewMsgTx(2)
	spent := map[wire.OutPoint]*wire.TxOut{}
	for i := range ins {
		tx.AddTxIn(&wire.TxIn{PreviousOutPoint: ins[i].at, Sequence: 0xfffffffd})
		spent[ins[i].at] = wire.NewTxOut(ins[i].value, ins[i].key.script)
	}
	for _, o := range outs {
		script := []byte(nil)
		if o.key != nil {
			script = o.key.script
		} else {
			var err error
			script, err = txscript.NullDataScript([]byte(o.data))
			l.must(err)
		}
		tx.AddTxOut(wire.NewTxOut(o.value, script))
	}
	fetcher := txscript.NewMultiPrevOutFetcher(spent)
	hashes := txscript.NewTxSigHashes(tx, fetcher)
	for i := range ins {
		l.sign(tx, hashes, i, ins[i])
	}
	var b bytes.Buffer
	l.must(tx.Serialize(&b))
	var txid string
	l.call(&txid, "sendrawtransaction", hex.EncodeToString(b.Bytes()), true)
	l.txids = append(l.txids, txid)
	var coins []labCoin
	for n, o := range outs {
		if o.key != nil {
			coins = append(coins, labCoin{wire.OutPoint{Hash: tx.TxHash(), Index: uint32(n)}, o.value, o.key})
		}
	}
	return txid, coins
}

func (l *lab) sign(tx *wire.MsgTx, hashes *txscript.TxSigHashes, i int, c labCoin) {
	l.t.Helper()
	k, in := c.key, tx.TxIn[i]
	push := func(parts ...[]byte) []byte {
		s := txscript.NewScriptBuilder()
		for _, p := range parts {
			s.AddData(p)
		}
		script, err := s.Script()
		l.must(err)
		return script
	}
	var err error
	var sig []byte
	switch k.kind {
	case "p2pk":
		sig, err = txscript.RawTxInSignature(tx, i, k.script, txscript.SigHashAll, k.priv)
		in.SignatureScript = push(sig)
	case "multisig":
		sig, err = txscript.RawTxInSignature(tx, i, k.script, txscript.SigHashAll, k.priv)
		in.SignatureScript = append([]byte{txscript.OP_0}, push(sig)...)
	case "p2pkh":
		in.SignatureScript, err = txscript.SignatureScript(tx, i, k.script, txscript.SigHashAll, k.priv, true)
	case "p2sh":
		sig, err = txscript.RawTxInSignature(tx, i, k.redeem, txscript.SigHashAll, k.priv)
		in.SignatureScript = push(sig, k.redeem)
	case "p2sh-p2wpkh":
		in.Witness, err = txscript.WitnessSignature(tx, hashes, i, c.value, k.redeem, txscript.SigHashAll, k.priv, true)
		in.SignatureScript = push(k.redeem)
	case "p2wpkh":
		in.Witness, err = txscript.WitnessSignature(tx, hashes, i, c.value, k.script, txscript.SigHashAll, k.priv, true)
	case "p2wsh":
		sig, err = txscript.RawTxInWitnessSignature(tx, hashes, i, c.value, k.redeem, txscript.SigHashAll, k.priv)
		in.Witness = wire.TxWitness{sig, k.redeem}
	case "p2tr":
		in.Witness, err = txscript.TaprootWitnessSignature(tx, hashes, i, c.value, k.script, txscript.SigHashDefault, k.priv)
	}
	l.must(err)
}

const labFee = 5000

// labChain starts btcd and makes the chain: about 200 transactions of all script
// types, a coinjoin, a peel chain of 20 hops, and a reorganisation that throws two
// blocks away.
func labChain(t *testing.T) (l *lab, subjects []string) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	if _, err := btcdlab.Binary(ctx); err != nil {
		t.Skip("no btcd: ", err)
	}
	miner := newLabKey(t, "p2wpkh", 0)
	mining, err := address.NewAddressWitnessPubKeyHash(miner.script[2:], &chaincfg.RegressionNetParams)
	if err != nil {
		t.Fatal(err)
	}
	node, err := btcdlab.Start(ctx, btcdlab.Options{Dir: t.TempDir(), Mining: mining.EncodeAddress()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Close() })
	l = &lab{t: t, ctx: ctx, node: node, keys: map[string]int{}, miner: miner}
	coinbases := l.coinbases(l.mine(110))

	// A fan-out over all script types.
	var outs []labOut
	for i := range 96 {
		outs = append(outs, labOut{key: l.key(labKinds[i%len(labKinds)]), value: 40_000_000 + int64(i)*1000})
	}
	id, coins := l.send(coinbases[:1], outs...)
	subjects = append(subjects, id)
	l.mine(1)
	// One-in-two-out payments of every type, to every type.
	var change []labCoin
	for i, c := range coins[:88] {
		half := c.value / 3
		_, made := l.send([]labCoin{c}, labOut{key: l.key(labKinds[(i+3)%len(labKinds)]), value: half}, labOut{key: c.key, value: c.value - half - labFee})
		change = append(change, made...)
		if i%20 == 19 {
			l.mine(1)
		}
	}
	l.mine(1)
	// Co-spends of three, with a note to nobody.
	for i := 0; i+3 <= 150; i += 3 {
		sum := change[i].value + change[i+1].value + change[i+2].value
		l.send(change[i:i+3], labOut{key: l.key("p2wpkh"), value: sum - labFee}, labOut{data: "lab note"})
	}
	l.mine(1)
	// A coinjoin of five with equal outputs.
	var mix []labOut
	for _, c := range coins[88:93] {
		mix = append(mix, labOut{key: l.key("p2wpkh"), value: 10_000_000}, labOut{key: l.key("p2tr"), value: c.value - 10_000_000 - labFee})
	}
	id, mixed := l.send(coins[88:93], mix...)
	subjects = append(subjects, id)
	l.mine(1)
	for _, c := range mixed {
		l.send([]labCoin{c}, labOut{key: l.key("p2pkh"), value: c.value - labFee})
	}
	// A peel chain of 20 hops.
	id, rest := l.send(coinbases[1:2], labOut{key: l.key("p2wpkh"), value: coinbases[1].value - labFee})
	subjects = append(subjects, id)
	for i := range 20 {
		c := rest[len(rest)-1]
		_, rest = l.send([]labCoin{c}, labOut{key: l.key("p2pkh"), value: 1_000_000}, labOut{key: l.key("p2wpkh"), value: c.value - 1_000_000 - labFee})
		if i%5 == 4 {
			l.mine(1)
		}
	}
	// One address that is paid forty times and swept.
	reused := l.key("p2pkh")
	var dust []labCoin
	for i := range 40 {
		c := coinbases[2]
		id, made := l.send([]labCoin{c}, labOut{key: reused, value: 100_000}, labOut{key: l.miner, value: c.value - 100_000 - labFee})
		coinbases[2] = made[1]
		dust = append(dust, made[0])
		if i == 0 {
			subjects = append(subjects, id+":0")
		}
		if i%20 == 19 {
			l.mine(1)
		}
	}
	l.mine(1)
	// A reorganisation: two blocks with payments are thrown away. The payments of
	// the first come again in other blocks, together with later ones.
	_, swept := l.send(dust, labOut{key: l.key("p2tr"), value: 40*100_000 - 4*labFee})
	gone := l.mine(1)
	l.send(swept, labOut{key: l.key("p2wsh"), value: swept[0].value - labFee})
	gone = append(gone, l.mine(1)...)
	for _, hash := range gone {
		l.stale = append(l.stale, l.block(hash))
	}
	l.call(nil, "invalidateblock", gone[0])
	l.mine(4)
	return l, subjects
}

// coinbases are the coins of blocks that may be spent now.
func (l *lab) coinbases(hashes []string) (coins []labCoin) {
	for _, hash := range hashes[:5] {
		var b wire.MsgBlock
		l.must(b.Deserialize(bytes.NewReader(l.block(hash))))
		tx := b.Transactions[0]
		coins = append(coins, labCoin{wire.OutPoint{Hash: tx.TxHash()}, tx.TxOut[0].Value, l.miner})
	}
	return coins
}

func (l *lab) block(hash string) []byte {
	var text string
	l.call(&text, "getblock", hash, 0)
	raw, err := hex.DecodeString(text)
	l.must(err)
	return raw
}

// blocks are those of the node's best chain.
func (l *lab) blocks() (all [][]byte) {
	var height int64
	l.call(&height, "getblockcount")
	for h := range height + 1 {
		var hash string
		l.call(&hash, "getblockhash", h)
		all = append(all, l.block(hash))
	}
	return all
}

// write puts blocks into a folder as a node keeps them, thrown away ones first.
func writeBlocks(t *testing.T, dir string, blocks [][]byte) {
	t.Helper()
	var file []byte
	for _, b := range slices.Clone(blocks) {
		file = append(file, 0xfa, 0xbf, 0xb5, 0xda)
		file = binary.LittleEndian.AppendUint32(file, uint32(len(b)))
		file = append(file, b...)
	}
	if err := os.WriteFile(filepath.Join(dir, "blk00000.dat"), file, 0o600); err != nil {
		t.Fatal(err)
	}
}
