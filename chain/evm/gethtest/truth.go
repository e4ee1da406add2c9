package gethtest

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
)

// moved is what the test knows to have moved, as it made it.
type moved struct {
	kind, asset string
	from, to    common.Address // zero: none
	amount      *big.Int
	tx          common.Hash
	height      uint64
	index       uint
	log         int // -1: none
	order       int // within the transaction
}

// id names a transfer as the program does.
func (m *moved) id() string { return fmt.Sprintf("%s/%s/%d/%d", m.tx.Hex(), m.kind, m.log, m.order) }

// plan is a transaction that was sent, and what it will move if it succeeds.
type plan struct {
	tx    *types.Transaction
	from  common.Address
	moves []moved
	fails bool
}

// author sends transactions of keys of the test's own and keeps the truth.
type author struct {
	node  *Node
	ctx   context.Context
	keys  map[common.Address]*ecdsa.PrivateKey
	nonce map[common.Address]uint64
	sent  []plan
	all   []moved

	treasury common.Address // what the first block allots to
}

var (
	chainID = big.NewInt(1337)
	gwei    = big.NewInt(1e9)
)

func ether(milli int64) *big.Int { return new(big.Int).Mul(big.NewInt(milli), big.NewInt(1e15)) }

// account makes a key of a name.
func (a *author) account(name string) common.Address {
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("lab " + name)))
	if err != nil {
		panic(err) // no hash in a run of names is zero
	}
	addr := crypto.PubkeyToAddress(key.PublicKey)
	a.keys[addr] = key
	return addr
}

// send sends a transaction of one of three types in turn. to nil makes a contract.
func (a *author) send(from common.Address, to *common.Address, value *big.Int, data []byte, fails bool, moves ...moved) (common.Address, error) {
	nonce := a.nonce[from]
	a.nonce[from]++
	const gas = 400_000
	var inner types.TxData
	switch len(a.sent) % 3 {
	case 0:
		inner = &types.LegacyTx{Nonce: nonce, GasPrice: new(big.Int).Mul(gwei, big.NewInt(3)), Gas: gas, To: to, Value: value, Data: data}
	case 1:
		inner = &types.AccessListTx{ChainID: chainID, Nonce: nonce, GasPrice: new(big.Int).Mul(gwei, big.NewInt(3)), Gas: gas, To: to, Value: value, Data: data,
			AccessList: types.AccessList{{Address: from, StorageKeys: []common.Hash{{1}, {2}}}}}
	default:
		inner = &types.DynamicFeeTx{ChainID: chainID, Nonce: nonce, GasTipCap: gwei, GasFeeCap: new(big.Int).Mul(gwei, big.NewInt(3)), Gas: gas, To: to, Value: value, Data: data}
	}
	tx, err := types.SignNewTx(a.keys[from], types.LatestSignerForChainID(chainID), inner)
	if err != nil {
		return common.Address{}, err
	}
	made := crypto.CreateAddress(from, nonce)
	if value.Sign() > 0 {
		target := made
		if to != nil {
			target = *to
		}
		moves = append([]moved{{kind: "value", asset: "ETH", from: from, to: target, amount: value}}, moves...)
	}
	a.sent = append(a.sent, plan{tx, from, moves, fails})
	return made, a.node.Client.SendTransaction(a.ctx, tx)
}

// settle waits until all that was sent is in blocks, and writes the truth down.
func (a *author) settle() error {
	for _, p := range a.sent {
		var r *types.Receipt
		var err error
		for {
			if r, err = a.node.Client.TransactionReceipt(a.ctx, p.tx.Hash()); err == nil {
				break
			}
			select {
			case <-a.ctx.Done():
				return err
			case <-time.After(10 * time.Millisecond):
			}
		}
		if failed := r.Status == 0; failed != p.fails {
			return fmt.Errorf("transaction %s: failed %v", p.tx.Hash(), failed)
		}
		base := moved{tx: p.tx.Hash(), height: r.BlockNumber.Uint64(), index: r.TransactionIndex, log: -1}
		fee := base
		fee.kind, fee.asset, fee.from = "fee", "ETH", p.from
		fee.amount = new(big.Int).Mul(r.EffectiveGasPrice, new(big.Int).SetUint64(r.GasUsed))
		a.all = append(a.all, fee)
		if p.fails {
			continue
		}
		logs := 0
		for i, m := range p.moves {
			m.tx, m.height, m.index, m.log, m.order = base.tx, base.height, base.index, -1, i+1
			if m.kind == "token" {
				m.log = int(r.Logs[logs].Index)
				logs++
			}
			a.all = append(a.all, m)
		}
		if logs != len(r.Logs) {
			return fmt.Errorf("transaction %s has %d logs, %d are expected", p.tx.Hash(), len(r.Logs), logs)
		}
	}
	a.sent = nil
	slices.SortStableFunc(a.all, func(x, y moved) int {
		return cmp.Or(cmp.Compare(x.height, y.height), cmp.Compare(x.index, y.index), cmp.Compare(x.order, y.order))
	})
	return nil
}

// lot is a part of a credit that an account still has.
type lot struct {
	credit  *moved
	amount  *big.Int
	tainted bool
}

type holding struct {
	account common.Address
	asset   string
}

// taken is an amount that a transfer consumed of a credit.
type taken struct{ transfer, credit string }

// fifo follows what came to a subject with queues of lots: the plain reading of
// the rule, without any of the program's shortcuts.
func (a *author) fifo(subject common.Address) (hops map[taken]*big.Int, rest map[holding]*big.Int) {
	hops, rest = map[taken]*big.Int{}, map[holding]*big.Int{}
	queues := map[holding][]lot{}
	for i := range a.all {
		m := &a.all[i]
		from, to := holding{m.from, m.asset}, holding{m.to, m.asset}
		var out []lot
		if m.from != (common.Address{}) {
			left := new(big.Int).Set(m.amount)
			for left.Sign() > 0 && len(queues[from]) > 0 {
				q := &queues[from][0]
				n := left
				if q.amount.Cmp(left) <= 0 {
					n = q.amount
				}
				n = new(big.Int).Set(n)
				out = append(out, lot{q.credit, n, q.tainted})
				left.Sub(left, n)
				q.amount = new(big.Int).Sub(q.amount, n)
				if q.amount.Sign() == 0 {
					queues[from] = queues[from][1:]
				}
			}
			if left.Sign() > 0 {
				out = append(out, lot{nil, left, false}) // allotted by the first block
			}
		} else {
			out = []lot{{nil, m.amount, false}}
		}
		for _, l := range out {
			if l.tainted && m.kind != "fee" {
				k := taken{m.id(), l.credit.id()}
				if hops[k] == nil {
					hops[k] = new(big.Int)
				}
				hops[k].Add(hops[k], l.amount)
			}
			if m.to != (common.Address{}) {
				queues[to] = append(queues[to], lot{m, l.amount, l.tainted || m.to == subject})
			}
		}
	}
	for h, q := range queues {
		for _, l := range q {
			if l.tainted {
				if rest[h] == nil {
					rest[h] = new(big.Int)
				}
				rest[h].Add(rest[h], l.amount)
			}
		}
	}
	return hops, rest
}

// haircut follows the same by shares of balances, rounded down.
func (a *author) haircut(subject common.Address, opening map[holding]*big.Int) map[string]*big.Int {
	hops := map[string]*big.Int{}
	balance, taint := map[holding]*big.Int{}, map[holding]*big.Int{}
	at := func(of map[holding]*big.Int, h holding) *big.Int {
		if of[h] == nil {
			of[h] = new(big.Int)
			if o := opening[h]; o != nil {
				balance[h] = new(big.Int).Set(o)
			}
		}
		return of[h]
	}
	for i := range a.all {
		m := &a.all[i]
		from, to := holding{m.from, m.asset}, holding{m.to, m.asset}
		part := new(big.Int)
		if m.from != (common.Address{}) {
			at(taint, from)
			b, t := at(balance, from), at(taint, from)
			switch {
			case m.from == subject:
				part.Set(m.amount)
			case b.Sign() > 0:
				part.Quo(part.Mul(t, m.amount), b)
			}
			t.Sub(t, part)
			b.Sub(b, m.amount)
		}
		if part.Sign() > 0 && m.kind != "fee" {
			hops[m.id()] = part
		}
		if m.to != (common.Address{}) {
			at(taint, to)
			at(balance, to).Add(at(balance, to), m.amount)
			at(taint, to).Add(at(taint, to), part)
		}
	}
	return hops
}
