package remote

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/rpc"
	"tamga/internal/address"
)

// server is one dialect in which questions about a ledger are asked. What it
// returns is as the server says; Source checks it.
type server interface {
	genesis(ctx context.Context) (string, error)
	can(ctx context.Context) (chain.Capability, error)
	best(ctx context.Context) (hash string, err error)

	// header is a block's header in its 80 bytes, and its height; stale is true
	// where the best chain does not hold the block. height is -1 where the
	// dialect does not tell it with the header.
	header(ctx context.Context, hash string) (raw []byte, height int64, stale bool, err error)

	// tx is a transaction in its bytes and as the server prints it (nil where that
	// tells no more), and the block that holds it. An unknown one is
	// chain.ErrNotFound.
	tx(ctx context.Context, txid string) (printed []byte, raw []byte, block string, height int64, err error)
	raw(ctx context.Context, txid string) ([]byte, error)

	// use is everything that the best chain did with a script.
	use(ctx context.Context, s *Source, script []byte) (*bitcoin.Use, error)

	// spender is the transaction of the best chain that spent an output, empty
	// where none did.
	spender(ctx context.Context, s *Source, out tamga.Outpoint) (txid string, err error)
}

// Bounds of what a source remembers, in entries where they do not say bytes.
const (
	rememberTxs    = 4096
	rememberPlaces = 16384
	rememberUses   = 1024
	rememberPaid   = 1 << 20  // outputs of the scripts together
	rememberBytes  = 64 << 20 // of transactions, in bytes
)

// Source is a ledger asked of one server. It is a chain.Source. It is not safe
// for use by several goroutines.
type Source struct {
	asker rpc.Asker
	server
	network string
	able    chain.Capability
	tip     chain.Tip
	txs     map[string]*tamga.Tx
	raws    map[string][]byte
	held    int // bytes in raws
	paid    int // outputs in uses
	places  map[string]bitcoin.Place
	uses    map[string]*bitcoin.Use
}

var _ chain.Source = (*Source)(nil)

// open opens a source over whoever answers: a live server, or kept answers.
func open(ctx context.Context, a rpc.Asker, network string, speak func(rpc.Asker) server) (*Source, error) {
	s := &Source{
		asker: a, server: speak(a), network: network, tip: chain.Tip{Network: network, Height: -1},
		txs: map[string]*tamga.Tx{}, raws: map[string][]byte{}, places: map[string]bitcoin.Place{},
		uses: map[string]*bitcoin.Use{},
	}
	if k, ok := a.(*rpc.Keeper); ok {
		k.Height = func() int64 { return s.tip.Height }
	}
	want := bitcoin.Genesis(network)
	if want == "" {
		return nil, fmt.Errorf("no network %q", network)
	}
	got, err := s.server.genesis(ctx)
	if err != nil {
		return nil, err
	}
	if got != want {
		is := bitcoin.NetworkOf(got)
		hint := "ask a server of the network " + network
		if is == "" {
			is = "a network whose first block is " + fmt.Sprintf("%.64q", got)
		} else {
			hint += ", or say --network " + is
		}
		return nil, s.wrong("the first block", fmt.Errorf("it holds %s, not %s", is, network), hint)
	}
	if s.able, err = s.server.can(ctx); err != nil {
		return nil, err
	}
	if _, err := s.Tip(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Source) wrong(asked string, err error, hint string) error {
	var e *rpc.Error
	if errors.As(err, &e) || errors.Is(err, context.Canceled) {
		return err
	}
	return &rpc.Error{Server: s.asker.Origin(), Asked: asked, Err: err, Hint: hint}
}

// Origin is the server's address without credentials.
func (s *Source) Origin() string { return s.asker.Origin() }

// Can says what the server was found able to answer.
func (s *Source) Can() chain.Capability { return s.able }

// Tip is the server's last block when it was first asked: one run is about one
// state of the chain, as far as a server keeps still.
func (s *Source) Tip(ctx context.Context) (chain.Tip, error) {
	if s.tip.Hash != "" {
		return s.tip, nil
	}
	hash, err := s.best(ctx)
	if err != nil {
		return chain.Tip{}, err
	}
	at, err := s.where(ctx, hash, -1)
	if err != nil {
		return chain.Tip{}, err
	}
	if at.Block == "" {
		return chain.Tip{}, s.wrong("its last block", rpc.Lie("it does not count block %s to its best chain", hash), "")
	}
	s.tip.Hash, s.tip.Height, s.tip.Time = hash, at.Height, stampTime(at.Time)
	return s.tip, nil
}

// where is a block's place, checked against its header; the zero place for a
// block that the best chain does not hold.
func (s *Source) where(ctx context.Context, hash string, height int64) (bitcoin.Place, error) {
	if p, ok := s.places[hash]; ok {
		return p, nil
	}
	raw, told, stale, err := s.server.header(ctx, hash)
	if err != nil {
		return bitcoin.Place{}, err
	}
	got, stamp, err := bitcoin.ParseHeader(raw)
	if err == nil && got != hash {
		err = rpc.Lie("the header of block %s is that of %s", hash, got)
	}
	if told >= 0 {
		height = told
	}
	if err == nil && !stale && (height < 0 || height > 1<<31-1) {
		err = rpc.Lie("block %s at height %d", hash, height)
	}
	if err != nil {
		return bitcoin.Place{}, s.wrong("block "+hash, err, "")
	}
	p := bitcoin.Place{Block: hash, Height: height, Time: stamp}
	if stale {
		p = bitcoin.Place{}
	}
	if len(s.places) >= rememberPlaces {
		clear(s.places)
	}
	s.places[hash] = p
	return p, nil
}

// Tx returns a transaction whose bytes have the id that was asked for.
func (s *Source) Tx(ctx context.Context, txid string) (*tamga.Tx, error) {
	if tx := s.txs[txid]; tx != nil {
		return tx, nil
	}
	printed, raw, block, height, err := s.server.tx(ctx, txid)
	if err != nil {
		return nil, err
	}
	if err := s.hold(txid, raw); err != nil {
		return nil, err
	}
	at := bitcoin.Place{}
	if block != "" {
		if at, err = s.where(ctx, block, height); err != nil {
			return nil, err
		}
	}
	tx, err := bitcoin.FromRaw(raw, printed, s.network, at,
		func(id string) []byte { return s.raws[id] },
		func(id string) ([]byte, error) {
			b, err := s.bytes(ctx, id)
			if errors.Is(err, chain.ErrNotFound) && !errors.Is(err, rpc.ErrNotKept) {
				return nil, nil
			}
			return b, err
		})
	if err != nil {
		return nil, s.wrong("transaction "+txid, err, "")
	}
	if len(s.txs) >= rememberTxs {
		clear(s.txs)
	}
	s.txs[txid] = tx
	return tx, nil
}

// bytes are a transaction's, checked.
func (s *Source) bytes(ctx context.Context, txid string) ([]byte, error) {
	if b := s.raws[txid]; b != nil {
		return b, nil
	}
	b, err := s.server.raw(ctx, txid)
	if err != nil {
		return nil, err
	}
	return b, s.hold(txid, b)
}

// hold remembers the bytes of a transaction that have its id.
func (s *Source) hold(txid string, raw []byte) error {
	got, err := bitcoin.TxID(raw)
	if err == nil && got != txid {
		err = rpc.Lie("the bytes are those of transaction %s", got)
	}
	if err != nil {
		return s.wrong("transaction "+txid, err, "this server's answers cannot be trusted; ask another one")
	}
	if s.held += len(raw); len(s.raws) >= rememberTxs || s.held > rememberBytes {
		clear(s.raws)
		s.held = len(raw)
	}
	s.raws[txid] = raw
	return nil
}

// Spender returns the input of the best chain that spent an output. The server
// names the transaction; that it spends the output is checked.
func (s *Source) Spender(ctx context.Context, out tamga.Outpoint) (chain.Spend, bool, error) {
	txid, err := s.server.spender(ctx, s, out)
	if err != nil || txid == "" {
		return chain.Spend{}, false, err
	}
	tx, err := s.Tx(ctx, txid)
	if err != nil {
		return chain.Spend{}, false, err
	}
	for i, in := range tx.In {
		if in.Prev == out && !in.Coinbase {
			return chain.Spend{TxID: txid, Vin: uint32(i)}, true, nil
		}
	}
	return chain.Spend{}, false, s.wrong(fmt.Sprintf("what spent %s:%d", out.TxID, out.Vout),
		rpc.Lie("transaction %s does not spend it", txid), "this server's answers cannot be trusted; ask another one")
}

// History yields the outputs that paid an address in chain order.
func (s *Source) History(ctx context.Context, addr string) iter.Seq2[tamga.Outpoint, error] {
	return func(yield func(tamga.Outpoint, error) bool) {
		u, err := s.history(ctx, addr)
		if err != nil {
			yield(tamga.Outpoint{}, err)
			return
		}
		for _, out := range u.Paid() {
			if !yield(out, nil) {
				return
			}
		}
	}
}

func (s *Source) history(ctx context.Context, addr string) (*bitcoin.Use, error) {
	a, ok := address.Parse(addr)
	if !ok {
		return nil, chain.NoAddress(addr)
	}
	script, err := address.ToScript(a)
	if err != nil {
		return nil, err
	}
	return s.used(ctx, script)
}

// used is what the best chain did with a script.
func (s *Source) used(ctx context.Context, script []byte) (*bitcoin.Use, error) {
	if u := s.uses[string(script)]; u != nil {
		return u, nil
	}
	u, err := s.server.use(ctx, s, script)
	if err != nil {
		return nil, err
	}
	if s.paid += len(u.Paid()); len(s.uses) >= rememberUses || s.paid > rememberPaid {
		clear(s.uses)
		s.paid = len(u.Paid())
	}
	s.uses[string(script)] = u
	return u, nil
}
