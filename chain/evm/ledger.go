package evm

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"tamga"
	"tamga/chain/rpc"
)

const dialect = "evm"

// Limits where Options do not say otherwise.
const (
	DefaultScan  = 20_000     // blocks read one by one for the coin
	DefaultLogs  = 50_000_000 // blocks searched for logs
	DefaultChunk = 2048       // blocks of a search for logs
)

// Final as Options.Confirmations: up to the block that the ledger's own rule says
// cannot be undone.
const Final = -1

// Options say which part of the ledger is looked at. The zero value is all of it
// up to the node's last block.
type Options struct {
	From, To      int64 // blocks, both included; To 0: as Confirmations say
	Confirmations int64 // blocks to stay behind the last one, or Final
	Scan          int64 // most blocks read one by one; default DefaultScan
	Chunk         int64 // blocks of a search for logs, a power of two; halved where the node asks for less
	NoInternal    bool  // do not ask for traces of calls

	Progress func(done, total int64) // blocks read one by one
}

// Ledger is a range of an account ledger asked of one node. It is not safe for use
// by several goroutines.
type Ledger struct {
	client
	Network
	o     Options
	span  tamga.Range
	chunk int64

	heads   map[int64]*header
	logs    map[logKey][]*transfer
	coins   map[Account][]*transfer // after the scan
	scanned bool
	tried   bool   // whether the node was asked for traces of calls
	noTrace string // why calls are not seen

	single map[int64]map[Account][]*transfer // of blocks that were read alone
	books  map[bookKey]*book
	infos  map[Account]tamga.Asset
}

type logKey struct {
	account  Account
	contract Account // zero: any
}

type bookKey struct {
	account Account
	asset   asset
}

// Open opens a node's ledger. Its answers are kept where ro.Keep is set.
func Open(ctx context.Context, server string, ro rpc.Options, o Options) (*Ledger, error) {
	a, err := rpc.Open(server, ro, dialect)
	if err != nil {
		return nil, err
	}
	return open(ctx, a, false, ro.Network, o)
}

// Replay opens what was kept of the nodes of a network; of several, the one asked
// last that holds what is asked. Range and options must be those of the run that
// kept it: other questions have no answers.
func Replay(ctx context.Context, keep *rpc.Answers, network string, o Options) (*Ledger, error) {
	var why error
	for _, from := range keep.Origins() {
		if from.Dialect != dialect {
			continue
		}
		l, err := open(ctx, rpc.Replay(from.Origin, keep), true, network, o)
		if err == nil || errors.Is(err, rpc.ErrAnswers) {
			return l, err
		}
		why = err
	}
	return nil, &rpc.Error{
		Server: "the kept answers of " + network, Err: errors.Join(errors.New("none are of use"), why),
		Hint: "ask a node once with --source evm and the same blocks: every answer is kept",
	}
}

func open(ctx context.Context, a rpc.Asker, replayed bool, network string, o Options) (*Ledger, error) {
	n, ok := Lookup(network)
	if !ok {
		return nil, fmt.Errorf("no account ledger %q", network)
	}
	o.Scan, o.Chunk = cmp.Or(o.Scan, DefaultScan), cmp.Or(o.Chunk, DefaultChunk)
	if o.From < 0 || o.To < 0 || o.Confirmations < Final || o.Scan < 0 || o.Chunk < 1 || o.Chunk&(o.Chunk-1) != 0 {
		return nil, errors.New("blocks are 0 or more, a chunk of them a power of two")
	}
	l := &Ledger{
		client: client{by: a, replayed: replayed}, Network: n, o: o, chunk: o.Chunk,
		heads: map[int64]*header{}, logs: map[logKey][]*transfer{}, coins: map[Account][]*transfer{},
		books: map[bookKey]*book{}, infos: map[Account]tamga.Asset{}, single: map[int64]map[Account][]*transfer{}, span: tamga.Range{From: o.From, To: -1},
	}
	if k, ok := a.(*rpc.Keeper); ok {
		k.Height = func() int64 { return l.span.To }
	}
	var id quantity
	if found, err := l.call(ctx, &id, "eth_chainId"); err != nil || !found {
		return nil, l.wrong("eth_chainId", cmp.Or(err, errors.New("no answer: no node of an account ledger")))
	}
	if id.Cmp(big.NewInt(n.ChainID)) != 0 {
		return nil, &rpc.Error{
			Server: a.Origin(), Asked: "eth_chainId", Err: fmt.Errorf("it holds %s, not %s", byID(id.Int), n.Name),
			Hint: "ask a node of " + n.Name + ", or say --network",
		}
	}
	return l, l.settle(ctx)
}

// settle finds the end of the range.
func (l *Ledger) settle(ctx context.Context) error {
	final, err := l.block(ctx, "finalized", false)
	switch {
	case err == nil:
	case l.o.Confirmations == Final && l.o.To == 0:
		return &rpc.Error{
			Server: l.Origin(), Asked: "the finalized block", Err: err,
			Hint: "this node does not tell what is final: say --confirmations N, or --to-block",
		}
	case !fault(err) && !errors.Is(err, rpc.ErrNotKept):
		return err
	}
	to := l.o.To
	if to == 0 && l.o.Confirmations == Final {
		to = final.height()
	} else if to == 0 {
		last, err := l.block(ctx, "latest", false)
		if err != nil {
			return err
		}
		to = max(last.height()-l.o.Confirmations, 0)
	}
	if to < l.o.From {
		return fmt.Errorf("the range ends at block %d and begins at %d", to, l.o.From)
	}
	h, err := l.head(ctx, to)
	if err != nil {
		return err
	}
	l.span.To, l.span.Block, l.span.Final = to, l.hash(*h.Hash), err == nil && final != nil && final.height() >= to
	return nil
}

// Range is what of the ledger is looked at.
func (l *Ledger) Range() tamga.Range { return l.span }

// head is a block's header, asked once.
func (l *Ledger) head(ctx context.Context, height int64) (*header, error) {
	if h := l.heads[height]; h != nil {
		return h, nil
	}
	b, err := l.block(ctx, tag(height), false)
	if err != nil {
		return nil, err
	}
	return l.checked(&b.header, height)
}

// checked takes a header that has the number asked for, its own hash, and is the
// parent or child of those at hand beside it.
func (l *Ledger) checked(h *header, height int64) (*header, error) {
	asked := fmt.Sprintf("block %d", height)
	if h.height() != height {
		return nil, l.wrong(asked, rpc.Lie("it is block %d", h.height()))
	}
	if err := h.check(l.Network); err != nil {
		return nil, l.wrong(asked, err)
	}
	if old := l.heads[height]; old != nil {
		if *old.Hash != *h.Hash {
			return nil, l.wrong(asked, errReorg)
		}
		return old, nil
	}
	if p := l.heads[height-1]; p != nil && *p.Hash != h.Parent {
		return nil, l.wrong(asked, errReorg)
	}
	if c := l.heads[height+1]; c != nil && c.Parent != *h.Hash {
		return nil, l.wrong(asked, errReorg)
	}
	h.Uncles, h.State, h.Bloom, h.Extra, h.Mix, h.Nonce = nil, nil, nil, nil, nil, nil // only its hash needed them
	l.heads[height] = h
	return h, nil
}

// steady asks again for the end of a range that is not final: where it is another
// block by now, what was answered in between is of two states of the chain.
func (l *Ledger) steady(ctx context.Context) error {
	if l.span.Final {
		return nil
	}
	b, err := l.block(ctx, tag(l.span.To), false)
	if err != nil {
		return err
	}
	_, err = l.checked(&b.header, l.span.To)
	return err
}

// errReorg says that two answers are of two states of the chain.
var errReorg = errors.New("the chain changed between two answers; ask again, with more --confirmations")

// book returns an account's book of an asset.
func (l *Ledger) book(ctx context.Context, a Account, of asset) (*book, error) {
	key := bookKey{a, of}
	if b := l.books[key]; b != nil {
		return b, nil
	}
	var all []*transfer
	var err error
	if of.standard == coin {
		all, err = l.coinsOf(ctx, a)
	} else {
		all, err = l.tokensOf(ctx, a, of.contract)
	}
	if err != nil {
		return nil, err
	}
	b := &book{account: a, asset: of}
	opening, closing, err := l.balances(ctx, a, of)
	if err != nil {
		return nil, err
	}
	b.opening = opening
	if of.standard == unique { // there is one of it: who gave it away first had it
		b.opening = new(big.Int)
		i := slices.IndexFunc(all, func(t *transfer) bool { return t.asset == of })
		if i >= 0 && !all[i].made && all[i].from == a {
			b.opening.SetInt64(1)
		}
	}
	b.lay(all, closing)
	l.books[key] = b
	return b, nil
}

// balances are an account's before the range and at its end, nil where the node
// cannot tell.
func (l *Ledger) balances(ctx context.Context, a Account, of asset) (before, after *big.Int, err error) {
	ask := func(height int64) (*big.Int, error) {
		switch of.standard {
		case coin:
			n, ok, err := l.number(ctx, "eth_getBalance", "0x"+hex.EncodeToString(a[:]), tag(height))
			if !ok {
				return nil, err
			}
			return n, err
		case fungible:
			return l.word(ctx, of.contract, height, "balanceOf(address)", a[:])
		case multi:
			id, _ := new(big.Int).SetString(of.id, 10)
			return l.word(ctx, of.contract, height, "balanceOf(address,uint256)", a[:], id.Bytes())
		}
		return nil, nil
	}
	if of.standard == coin && l.tron {
		return nil, nil, errors.New("TRX itself is not followed: TRON's Ethereum dialect does not tell its transfers whole")
	}
	switch {
	case l.span.From > 0:
		before, err = ask(l.span.From - 1)
	case of.standard == coin:
		before, err = ask(0) // what the first block allots
	default:
		before = new(big.Int) // there was no contract yet
	}
	if err == nil {
		after, err = ask(l.span.To)
	}
	return before, after, err
}

// word calls a contract for a number, nil where it does not answer one. It is the
// contract's own word.
func (l *Ledger) word(ctx context.Context, contract Account, height int64, signature string, args ...[]byte) (*big.Int, error) {
	id := keccak([]byte(signature))
	input := append([]byte{}, id[:4]...)
	for _, a := range args {
		input = append(append(input, make([]byte, 32-len(a))...), a...)
	}
	out, ok, err := l.read(ctx, contract, input, tag(height))
	if err != nil || !ok || len(out) != 32 {
		return nil, err
	}
	return new(big.Int).SetBytes(out), nil
}
