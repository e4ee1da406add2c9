// Package chaintest builds synthetic regtest chains: named wallets from a seed,
// valid addresses, payments, blocks with right merkle roots and proof of work,
// written as Bitcoin Core writes them or served from memory as a chain.Source.
// It also runs the .trace language in which expected flows are written.
//
// Everything is a function of the seed and the calls made: the same program
// gives the same bytes. Signatures have the right shape and sign nothing, and
// coinbase outputs may be spent at once: the chains are for readers of ledgers,
// not for nodes that validate them.
package chaintest

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"tamga"
	"tamga/internal/address"
)

// BTC is the number of satoshis of one bitcoin.
const BTC = 100_000_000

// Out is an output to make. To is the name of a wallet, an address, or
// "data:TEXT" for an OP_RETURN output.
type Out struct {
	To    string
	Value int64 // satoshis
}

// Coin is an output that nothing has spent yet.
type Coin struct {
	Outpoint tamga.Outpoint
	Value    int64 // satoshis
	Wallet   string
	Address  string
}

type coin struct {
	Coin
	account *account
	id      hash
}

type block struct {
	header header
	id     hash
	height int64
	txs    []*entry
}

// entry is a transaction in both forms.
type entry struct {
	wire wireTx
	tx   *tamga.Tx
	fee  int64
}

// Builder makes a chain. The zero value is not ready; New makes one.
type Builder struct {
	seed     string
	clock    time.Time
	kinds    map[string]string
	accounts map[string][]*account // by wallet, in the order they were made
	byScript map[string]*account
	coins    []coin // unspent, oldest first
	pending  []*entry
	blocks   []*block
	stale    []*block
}

// New starts a chain at regtest's genesis block. The first block that is mined
// has the time 2024-01-01 00:10 UTC, and each later one ten minutes more.
func New(seed string) *Builder {
	b := &Builder{
		seed:     seed,
		clock:    time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
		kinds:    map[string]string{},
		accounts: map[string][]*account{},
		byScript: map[string]*account{},
	}
	b.blocks = append(b.blocks, genesis())
	return b
}

// Clock sets the time that the next block comes ten minutes after.
func (b *Builder) Clock(t time.Time) { b.clock = t.UTC().Truncate(time.Second) }

// Wait lets time pass before the next block.
func (b *Builder) Wait(d time.Duration) { b.clock = b.clock.Add(d.Truncate(time.Second)) }

// Height is the height of the last block; regtest's genesis has 0.
func (b *Builder) Height() int64 { return int64(len(b.blocks) - 1) }

// Kind sets what kind of address a wallet makes from now on: p2pkh, p2sh,
// p2wpkh (the default), p2wsh, p2tr or p2pk.
func (b *Builder) Kind(wallet, kind string) error {
	if _, err := newAccount(b.seed, wallet, kind, 0); err != nil {
		return err
	}
	b.kinds[wallet] = kind
	return nil
}

// Address is the main address of a wallet: the first it made.
func (b *Builder) Address(wallet string) string { return b.main(wallet).addr }

// NewAddress makes a further address of a wallet.
func (b *Builder) NewAddress(wallet string) string { return b.add(wallet).addr }

// Addresses are all addresses of a wallet, in the order they were made.
func (b *Builder) Addresses(wallet string) []string {
	var all []string
	for _, a := range b.accounts[wallet] {
		all = append(all, a.addr)
	}
	return all
}

func (b *Builder) main(wallet string) *account {
	if all := b.accounts[wallet]; len(all) > 0 {
		return all[0]
	}
	return b.add(wallet)
}

func (b *Builder) add(wallet string) *account {
	kind := b.kinds[wallet]
	if kind == "" {
		kind = "p2wpkh"
	}
	a, err := newAccount(b.seed, wallet, kind, len(b.accounts[wallet]))
	if err != nil {
		panic(err) // Kind refused it
	}
	b.accounts[wallet] = append(b.accounts[wallet], &a)
	b.byScript[string(a.script)] = &a
	return &a
}

// Coins are the unspent outputs of a wallet, oldest first.
func (b *Builder) Coins(wallet string) []Coin {
	var all []Coin
	for _, c := range b.coins {
		if c.Wallet == wallet {
			all = append(all, c.Coin)
		}
	}
	return all
}

// Balance is the sum of a wallet's coins in satoshis.
func (b *Builder) Balance(wallet string) (sum int64) {
	for _, c := range b.Coins(wallet) {
		sum += c.Value
	}
	return sum
}

// Pay spends a wallet's coins, oldest first, until they cover the outputs and
// the fee. What is left comes back as the last output, to a new address of the
// wallet. It returns the transaction's id; Mine puts it into a block.
func (b *Builder) Pay(from string, fee int64, outs ...Out) (string, error) {
	need := fee
	for _, o := range outs {
		need += o.Value
	}
	var ins []tamga.Outpoint
	have := int64(0)
	for _, c := range b.Coins(from) {
		if have >= need && len(ins) > 0 {
			break
		}
		ins = append(ins, c.Outpoint)
		have += c.Value
	}
	if have < need || len(ins) == 0 {
		return "", fmt.Errorf("pay from %s: has %d satoshis, needs %d", from, have, need)
	}
	outs = slices.Clone(outs)
	if have > need {
		outs = append(outs, Out{To: b.NewAddress(from), Value: have - need})
	}
	return b.Spend(ins, outs...)
}

// Spend makes a transaction of exactly these inputs and outputs; what the
// outputs leave is the fee.
func (b *Builder) Spend(ins []tamga.Outpoint, outs ...Out) (string, error) {
	if len(ins) == 0 || len(outs) == 0 {
		return "", fmt.Errorf("spend: %d inputs and %d outputs", len(ins), len(outs))
	}
	e := &entry{wire: wireTx{version: 2}}
	var spent []int
	for _, in := range ins {
		k := slices.IndexFunc(b.coins, func(c coin) bool { return c.Outpoint == in })
		if k < 0 || slices.Contains(spent, k) {
			return "", fmt.Errorf("spend %s:%d: no such coin", in.TxID, in.Vout)
		}
		spent = append(spent, k)
		c := b.coins[k]
		w := wireIn{prev: c.id, vout: in.Vout, sequence: 0xfffffffd}
		c.account.unlock(&w)
		e.wire.in = append(e.wire.in, w)
		e.fee += c.Value
	}
	for _, o := range outs {
		script, err := b.destination(o.To)
		if err != nil {
			return "", err
		}
		e.wire.out = append(e.wire.out, wireOut{o.Value, script})
		e.fee -= o.Value
		if o.Value < 0 {
			return "", fmt.Errorf("spend: %d satoshis to %s", o.Value, o.To)
		}
	}
	if e.fee < 0 {
		return "", fmt.Errorf("spend: outputs exceed inputs by %d satoshis", -e.fee)
	}
	e.describe()
	for i, k := range spent {
		c := b.coins[k]
		in := &e.tx.In[i]
		in.Known, in.Value, in.Address = true, tamga.NewAmount(c.Value, "BTC"), c.Address
		in.Type, _ = address.FromScript(c.account.script, address.Regtest)
	}
	slices.Sort(spent)
	for _, k := range slices.Backward(spent) {
		b.coins = slices.Delete(b.coins, k, k+1)
	}
	b.receive(e)
	b.pending = append(b.pending, e)
	return e.tx.TxID, nil
}

// describe fills the vocabulary's form of a transaction, without prevouts.
func (e *entry) describe() {
	e.tx = &tamga.Tx{
		TxID: e.wire.txid().String(), WTxID: e.wire.wtxid().String(), Height: -1,
		Version: e.wire.version, LockTime: e.wire.lockTime,
	}
	for _, in := range e.wire.in {
		v := tamga.TxIn{Sequence: in.sequence}
		if in.prev == (hash{}) && in.vout == 0xffffffff {
			v.Coinbase = true
		} else {
			v.Prev = tamga.Outpoint{TxID: in.prev.String(), Vout: in.vout}
		}
		e.tx.In = append(e.tx.In, v)
	}
	for n, out := range e.wire.out {
		typ, addr := address.FromScript(out.script, address.Regtest)
		e.tx.Out = append(e.tx.Out, tamga.TxOut{
			N: uint32(n), Value: tamga.NewAmount(out.value, "BTC"), Type: typ, Address: addr,
		})
	}
}

// receive makes coins of the outputs that a wallet owns.
func (b *Builder) receive(e *entry) {
	id := e.wire.txid()
	for n, out := range e.wire.out {
		a := b.byScript[string(out.script)]
		if a == nil {
			continue
		}
		b.coins = append(b.coins, coin{
			Coin: Coin{
				Outpoint: tamga.Outpoint{TxID: e.tx.TxID, Vout: uint32(n)},
				Value:    out.value, Wallet: a.wallet, Address: a.addr,
			},
			account: a, id: id,
		})
	}
}

// Raw is a transaction as it stands in a block, witness included.
func (b *Builder) Raw(txid string) ([]byte, bool) {
	for _, bl := range b.blocks {
		for _, e := range bl.txs {
			if e.tx.TxID == txid {
				return e.wire.bytes(true), true
			}
		}
	}
	for _, e := range b.pending {
		if e.tx.TxID == txid {
			return e.wire.bytes(true), true
		}
	}
	return nil, false
}

// genesisCoinbase is the coinbase of every Bitcoin network's genesis block.
const genesisCoinbase = "04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73"

const genesisKey = "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"

func genesis() *block {
	script, _ := hex.DecodeString(genesisCoinbase)
	key, _ := hex.DecodeString(genesisKey)
	e := &entry{wire: wireTx{
		version: 1,
		in:      []wireIn{{vout: 0xffffffff, sequence: 0xffffffff, script: script}},
		out:     []wireOut{{50 * BTC, append(append([]byte{65}, key...), 0xac)}},
	}}
	e.describe()
	bl := &block{txs: []*entry{e}, header: header{
		version: 1, root: e.wire.txid(), time: 1296688602, bits: regtestBits, nonce: 2,
	}}
	bl.id = doubleSHA(bl.header.bytes())
	bl.stamp()
	return bl
}

// stamp writes the block into its transactions.
func (bl *block) stamp() {
	for _, e := range bl.txs {
		e.tx.Block, e.tx.Height = bl.id.String(), bl.height
		e.tx.Time = time.Unix(int64(bl.header.time), 0).UTC()
	}
}
