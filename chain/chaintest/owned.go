package chaintest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"tamga"
	"tamga/internal/address"
)

// Owned is a ledger whose true owners are known: what a clustering is measured
// against. Its transactions have no signatures and no blocks of bytes; everything
// follows from the seed.
type Owned struct {
	Txs   []*tamga.Tx
	Owner map[string]string // of each address

	network string
	rng     *rand.Rand
	coins   map[string][]tamga.Outpoint // unspent, of each owner
	outputs map[tamga.Outpoint]tamga.TxOut
	names   []string
	habit   map[string]habit
	made    uint64
	height  int64
}

// habit is how an owner's software goes about it.
type habit struct {
	choose  int  // 0 the greatest coins first, 1 the smallest first, 2 any
	reuse   bool // change and receipts go to known addresses now and then
	taproot bool
}

// NewOwned is an empty ledger of a network.
func NewOwned(network string, seed uint64) *Owned {
	return &Owned{
		Owner: map[string]string{}, network: network, rng: rand.New(rand.NewPCG(seed, 0x6f776e65)),
		coins: map[string][]tamga.Outpoint{}, outputs: map[tamga.Outpoint]tamga.TxOut{}, habit: map[string]habit{},
		height: 100,
	}
}

// Add books a transaction that was made elsewhere, filling in the prevouts that
// are known. Outputs to addresses of no owner are nobody's.
func (o *Owned) Add(tx *tamga.Tx) {
	for i := range tx.In {
		in := &tx.In[i]
		out, ok := o.outputs[in.Prev]
		if !ok {
			continue
		}
		in.Known, in.Value, in.Address, in.Type = true, out.Value, out.Address, out.Type
		if who := o.Owner[out.Address]; who != "" {
			o.coins[who] = slices.DeleteFunc(o.coins[who], func(c tamga.Outpoint) bool { return c == in.Prev })
		}
	}
	for _, out := range tx.Out {
		at := tamga.Outpoint{TxID: tx.TxID, Vout: out.N}
		o.outputs[at] = out
		if who := o.Owner[out.Address]; who != "" {
			o.join(who)
			o.coins[who] = append(o.coins[who], at)
		}
	}
	o.height = max(o.height, tx.Height)
	o.Txs = append(o.Txs, tx)
}

func (o *Owned) join(who string) {
	if _, ok := o.habit[who]; ok {
		return
	}
	o.habit[who] = habit{choose: o.rng.IntN(3), reuse: o.rng.IntN(4) == 0, taproot: o.rng.IntN(3) == 0}
	o.names = append(o.names, who)
}

func (o *Owned) digest(what string) [32]byte {
	o.made++
	return sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(what+o.network), o.made))
}

// pay is an output to be made.
type pay struct {
	to    string // an address; "" carries data
	value int64
}

// kinds of scripts, as Bitcoin Core names them.
const (
	keyHash = "witness_v0_keyhash"
	taproot = "witness_v1_taproot"
	nested  = "scripthash"
	legacy  = "pubkeyhash"
)

// address makes a fresh one of a script type for an owner.
func (o *Owned) address(who, kind string) string {
	h := o.digest("key of " + who)
	script := append([]byte{0, 20}, h[:20]...)
	switch kind {
	case taproot:
		script = append([]byte{0x51, 32}, h[:]...)
	case nested:
		script = append(append([]byte{0xa9, 20}, h[:20]...), 0x87)
	case legacy:
		script = append(append([]byte{0x76, 0xa9, 20}, h[:20]...), 0x88, 0xac)
	}
	_, addr := address.FromScript(script, o.network)
	if who != "" {
		o.Owner[addr] = who
		o.join(who)
	}
	return addr
}

// coin mints a coin for an owner: a transaction outside of the ledger's list, so
// that rounds can be made without a history. Its output is known.
func (o *Owned) coin(who, kind string, value int64) tamga.Outpoint {
	id := o.digest("mint")
	at := tamga.Outpoint{TxID: fmt.Sprintf("%x", id), Vout: uint32(o.rng.IntN(4))}
	o.outputs[at] = tamga.TxOut{N: at.Vout, Value: tamga.NewAmount(value, "BTC"), Address: o.address(who, kind), Type: kind}
	return at
}

// Mint gives an owner a coin by a transaction of its own.
func (o *Owned) Mint(who string, value int64) {
	o.height++
	o.make([]tamga.Outpoint{}, []pay{{o.address(who, keyHash), value}})
}

// make books a transaction that spends coins, in the order given.
func (o *Owned) make(ins []tamga.Outpoint, outs []pay) *tamga.Tx {
	id := o.digest("transaction")
	tx := &tamga.Tx{TxID: fmt.Sprintf("%x", id), Height: o.height, Version: 2}
	tx.WTxID = tx.TxID
	for _, at := range ins {
		tx.In = append(tx.In, tamga.TxIn{Prev: at, Sequence: 0xfffffffd})
	}
	if len(ins) == 0 {
		tx.In = append(tx.In, tamga.TxIn{Coinbase: true})
	}
	for n, p := range outs {
		out := tamga.TxOut{N: uint32(n), Value: tamga.NewAmount(p.value, "BTC"), Address: p.to, Type: "nulldata"}
		if a, ok := address.Parse(p.to); ok {
			script, _ := address.ToScript(a)
			out.Type, _ = address.FromScript(script, o.network)
		}
		tx.Out = append(tx.Out, out)
	}
	o.Add(tx)
	return tx
}

func (o *Owned) value(at tamga.Outpoint) int64 {
	v, _ := o.outputs[at].Value.Int64()
	return v
}

func (o *Owned) sum(coins []tamga.Outpoint) (n int64) {
	for _, c := range coins {
		n += o.value(c)
	}
	return n
}

// fee of a transaction of so many inputs and outputs, in satoshi at a rate a vbyte.
func fee(rate float64, ins, outs int) int64 {
	return int64(math.Ceil(rate * float64(11+68*ins+31*outs)))
}

// Pay makes n payments as wallets make them: between owners, from coins of the
// payer alone, with change to a fresh address of his (or, by habit, a known one);
// one in twelve only sweeps coins together.
func (o *Owned) Pay(n int) {
	for made, tried := 0, 0; made < n && tried < 50*n; tried++ {
		who := o.names[o.rng.IntN(len(o.names))]
		h := o.habit[who]
		coins := slices.Clone(o.coins[who])
		if len(coins) == 0 {
			continue
		}
		switch h.choose {
		case 0, 1:
			slices.SortStableFunc(coins, func(a, b tamga.Outpoint) int { return int(min(1, max(-1, o.value(b)-o.value(a)))) })
			if h.choose == 1 {
				slices.Reverse(coins)
			}
		case 2:
			o.rng.Shuffle(len(coins), func(i, j int) { coins[i], coins[j] = coins[j], coins[i] })
		}
		rate := math.Exp(o.rng.Float64() * 3)
		if made%12 == 0 && len(coins) >= 2 {
			coins = coins[:2+o.rng.IntN(len(coins)-1)]
			if rest := o.sum(coins) - fee(rate, len(coins), 1); rest > 1000 {
				o.height++
				o.make(coins, []pay{{o.home(who), rest}})
				made++
			}
			continue
		}
		all := o.sum(coins)
		want := int64(float64(all) * (0.05 + 0.85*o.rng.Float64()))
		if o.rng.IntN(3) == 0 { // people like round numbers
			for unit := int64(10_000_000); unit >= 1000; unit /= 10 {
				if want > 3*unit {
					want -= want % unit
					break
				}
			}
		}
		to := o.names[o.rng.IntN(len(o.names))]
		k := 1
		for k < len(coins) && o.sum(coins[:k]) < want+fee(rate, k, 2) {
			k++
		}
		change := o.sum(coins[:k]) - want - fee(rate, k, 2)
		if to == who || want < 1000 || change < 0 {
			continue
		}
		outs := []pay{{o.home(to), want}}
		if change > 600 {
			outs = append(outs, pay{o.home(who), change})
		}
		o.rng.Shuffle(len(outs), func(i, j int) { outs[i], outs[j] = outs[j], outs[i] })
		o.height++
		o.make(coins[:k], outs)
		made++
	}
}

// home is an address where an owner receives.
func (o *Owned) home(who string) string {
	h := o.habit[who]
	if c := o.coins[who]; h.reuse && len(c) > 0 && o.rng.IntN(3) == 0 {
		return o.outputs[c[o.rng.IntN(len(c))]].Address
	}
	if h.taproot {
		return o.address(who, taproot)
	}
	return o.address(who, keyHash)
}

// WriteTo writes the transactions as a node prints them, one a line.
func (o *Owned) WriteTo(w io.Writer) (n int64, err error) {
	for _, tx := range o.Txs {
		line, err := json.Marshal(o.printed(tx))
		if err != nil {
			return n, err
		}
		m, err := w.Write(append(line, '\n'))
		if n += int64(m); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (o *Owned) printed(tx *tamga.Tx) map[string]any {
	output := func(v tamga.Amount, addr string) map[string]any {
		n, _ := v.Int64()
		script := map[string]any{"hex": "6a"}
		if addr != "" {
			script = map[string]any{"address": addr}
		}
		return map[string]any{"value": json.Number(fmt.Sprintf("%d.%08d", n/BTC, n%BTC)), "scriptPubKey": script}
	}
	ins, outs := []any{}, []any{}
	for _, in := range tx.In {
		v := map[string]any{"sequence": in.Sequence}
		if in.Coinbase {
			v["coinbase"] = "00"
		} else {
			v["txid"], v["vout"] = in.Prev.TxID, in.Prev.Vout
		}
		if in.Known && in.Address != "" {
			v["prevout"] = output(in.Value, in.Address)
		}
		ins = append(ins, v)
	}
	for n, out := range tx.Out {
		v := output(out.Value, out.Address)
		v["n"] = n
		outs = append(outs, v)
	}
	hash := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte("block"), uint64(tx.Height)))
	return map[string]any{
		"txid": tx.TxID, "hash": tx.WTxID, "version": tx.Version, "locktime": tx.LockTime, "vin": ins, "vout": outs,
		"blockhash": fmt.Sprintf("%x", hash), "height": tx.Height, "blocktime": 1_700_000_000 + 600*tx.Height,
	}
}
