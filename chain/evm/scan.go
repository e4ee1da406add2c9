package evm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"tamga/chain"
	"tamga/chain/rpc"
)

// rpcTx is a transaction as a node prints it: what it pays, and what its hash is
// made of.
type rpcTx struct {
	Hash      hash     `json:"hash"`
	BlockHash *hash    `json:"blockHash"`
	Number    quantity `json:"blockNumber"`
	Index     quantity `json:"transactionIndex"`
	From      Account  `json:"from"`
	To        *Account `json:"to"`
	Value     quantity `json:"value"`
	signed
}

// coinsOf are the transfers of the coin from or to an account, in ledger order. A
// node has no index of them: the blocks of the range are read once.
func (l *Ledger) coinsOf(ctx context.Context, a Account) ([]*transfer, error) {
	if l.tron {
		return nil, errors.New("TRX itself is not followed: TRON's Ethereum dialect does not tell its transfers whole")
	}
	if !l.scanned {
		if n := l.span.To - l.span.From + 1; n > l.o.Scan {
			return nil, &rpc.Error{
				Server: l.Origin(), Asked: "transfers of " + l.Coin,
				Err:  fmt.Errorf("a node has no index of them, and the range has %d blocks to read, more than %d", n, l.o.Scan),
				Hint: "narrow it with --from-block and --to-block, allow more with --scan, or name tokens with --asset",
			}
		}
		if err := l.scan(ctx); err != nil {
			return nil, err
		}
		l.scanned = true
	}
	return l.coins[a], nil
}

func (l *Ledger) scan(ctx context.Context) error {
	if err := l.readiness(ctx); err != nil {
		return err
	}
	total := l.span.To - l.span.From + 1
	for h := l.span.From; h <= l.span.To; h++ {
		if err := l.scanBlock(ctx, h); err != nil {
			return err
		}
		if l.o.Progress != nil {
			l.o.Progress(h-l.span.From+1, total)
		}
	}
	for a, all := range l.coins {
		l.coins[a] = sorted(all)
	}
	return nil
}

// readiness finds out, once, whether calls are traced.
func (l *Ledger) readiness(ctx context.Context) (err error) {
	switch {
	case l.tried:
		return nil
	case l.o.NoInternal:
		l.noTrace = "calls inside transactions were not asked for (--no-internal)"
	default:
		err = l.tryTraces(ctx)
	}
	l.tried = err == nil
	return err
}

// note keeps a transfer of the coin with both its accounts.
func (l *Ledger) note(t *transfer) {
	if t.amount.Sign() == 0 {
		return
	}
	t.asset, t.log = asset{}, -1
	if !t.made {
		l.coins[t.from] = append(l.coins[t.from], t)
	}
	if !t.gone && (t.made || t.to != t.from) {
		l.coins[t.to] = append(l.coins[t.to], t)
	}
}

var gwei = big.NewInt(1e9)

// scanBlock notes what a block moved.
func (l *Ledger) scanBlock(ctx context.Context, height int64) error {
	asked := fmt.Sprintf("block %d", height)
	b, err := l.block(ctx, tag(height), true)
	if err != nil {
		return err
	}
	said := l.evidence()
	h, err := l.checked(&b.header, height)
	if err != nil {
		return err
	}
	base := transfer{place: place{height: height}, block: *h.Hash, time: seconds(h.Timestamp), evidence: said}
	if err := l.withdrawn(h, b.Withdrawals); err != nil {
		return l.wrong(asked, err)
	}
	for i, w := range b.Withdrawals {
		t := base
		t.place.tx, t.seq, t.kind, t.made, t.to = afterAll, int64(i), KindWithdrawal, true, w.Address
		t.amount = new(big.Int).Mul(w.Amount.or0(), gwei)
		l.note(&t)
	}
	txs := make([]rpcTx, len(b.Transactions))
	for i, raw := range b.Transactions {
		tx := &txs[i]
		if err := json.Unmarshal(raw, tx); err != nil {
			return l.wrong(asked, fmt.Errorf("transaction %d: %w", i, err))
		}
		if tx.Number.height() != height || tx.Index.height() != int64(i) || !tx.Value.known() {
			return l.wrong(asked, rpc.Lie("transaction %d is not in its place", i))
		}
	}
	if err := l.proven(h, txs); err != nil {
		return l.wrong(asked, err)
	}
	if len(txs) == 0 {
		return nil
	}
	receipts, told, err := l.receipts(ctx, height, txs)
	if err != nil {
		return err
	}
	if err := l.settled(h, txs, receipts); err != nil {
		return l.wrong(asked, err)
	}
	tips := new(big.Int)
	for i := range txs {
		tx, r := &txs[i], &receipts[i]
		if r.TxHash != tx.Hash || r.BlockHash != *h.Hash || r.Index.height() != int64(i) || r.From != tx.From || !r.GasUsed.known() || !r.GasPrice.known() {
			return l.wrong(asked, rpc.Lie("transaction %d: its receipt is another one's", i))
		}
		if !r.Status.known() {
			return &rpc.Error{
				Server: l.Origin(), Asked: asked, Err: errors.New("its receipts do not tell whether a transaction failed, as before Byzantium (block 4,370,000)"),
				Hint: "begin later with --from-block",
			}
		}
		fee := base
		fee.place.tx, fee.kind, fee.tx, fee.from, fee.gone, fee.evidence = int64(i), KindFee, tx.Hash, tx.From, true, told[i]
		fee.amount = new(big.Int).Mul(r.GasUsed.Int, r.GasPrice.Int)
		tip := new(big.Int).Sub(r.GasPrice.Int, h.BaseFee.or0())
		tips.Add(tips, tip.Mul(tip, r.GasUsed.Int))
		if r.BlobGas.known() {
			fee.amount.Add(fee.amount, new(big.Int).Mul(r.BlobGas.Int, r.BlobGasPrice.or0()))
		}
		l.note(&fee)
		if r.Status.Sign() == 0 {
			continue // it failed: it moves nothing but the fee
		}
		to := tx.To
		if to == nil {
			if to = r.Contract; to == nil {
				return l.wrong(asked, rpc.Lie("transaction %d makes a contract, and its receipt names none", i))
			}
		}
		v := base
		v.place.tx, v.seq, v.kind, v.tx, v.from, v.to, v.amount = int64(i), 1, KindValue, tx.Hash, tx.From, *to, tx.Value.Int
		l.note(&v)
	}
	if len(h.Miner) == 20 {
		t := base
		t.place.tx, t.seq, t.kind, t.made, t.to, t.amount = afterAll, -1, KindTip, true, Account(h.Miner), tips
		l.note(&t)
	}
	if l.noTrace != "" {
		return nil
	}
	return l.traceBlock(ctx, h, txs, receipts, base)
}

// receipts are a block's, in order, with the evidence of each.
func (l *Ledger) receipts(ctx context.Context, height int64, txs []rpcTx) (all []rpcReceipt, told []string, err error) {
	found, err := l.call(ctx, &all, "eth_getBlockReceipts", tag(height))
	if err == nil && found {
		if len(all) != len(txs) {
			return nil, nil, l.wrong(fmt.Sprintf("receipts of block %d", height), rpc.Lie("%d receipts of %d transactions", len(all), len(txs)))
		}
		for range all {
			told = append(told, l.evidence())
		}
		return all, told, nil
	}
	if err != nil && !fault(err) {
		return nil, nil, err
	}
	all = all[:0]
	for i := range txs {
		r, err := l.receipt(ctx, txs[i].Hash)
		if err != nil {
			return nil, nil, err
		}
		all, told = append(all, *r), append(told, l.evidence())
	}
	return all, told, nil
}

// receipt is a transaction's.
func (l *Ledger) receipt(ctx context.Context, id hash) (*rpcReceipt, error) {
	var r rpcReceipt
	found, err := l.call(ctx, &r, "eth_getTransactionReceipt", hexOf(id))
	if err == nil && !found {
		err = l.wrong("transaction "+l.hash(id), chain.ErrNotFound)
	}
	if err == nil && r.TxHash != id {
		err = l.wrong("transaction "+l.hash(id), rpc.Lie("it is the receipt of %s", l.hash(r.TxHash)))
	}
	return &r, err
}

// frame is a call as the tracer "callTracer" of debug_traceBlockByNumber prints it.
type frame struct {
	Type  string   `json:"type"`
	From  Account  `json:"from"`
	To    *Account `json:"to"`
	Value quantity `json:"value"`
	Error string   `json:"error"`
	Calls []frame  `json:"calls"`
}

type tracedTx struct {
	TxHash *hash `json:"txHash"`
	Result frame `json:"result"`
}

// maxCalls bounds the calls of a block.
const maxCalls = 2_000_000

var callTracer = map[string]any{"tracer": "callTracer", "tracerConfig": map[string]bool{"withLog": false}}

// tryTraces finds out whether the node traces calls.
func (l *Ledger) tryTraces(ctx context.Context) error {
	var all []tracedTx
	_, err := l.call(ctx, &all, "debug_traceBlockByNumber", tag(max(l.span.To, 1)), callTracer)
	if err != nil && (fault(err) || errors.Is(err, rpc.ErrNotKept)) {
		l.noTrace = "what calls inside transactions moved: the node does not offer traces (debug_traceBlockByNumber)"
		return nil
	}
	return err
}

func (l *Ledger) traceBlock(ctx context.Context, h *header, txs []rpcTx, receipts []rpcReceipt, base transfer) error {
	asked := fmt.Sprintf("calls of block %d", h.height())
	var all []tracedTx
	if _, err := l.call(ctx, &all, "debug_traceBlockByNumber", tag(h.height()), callTracer); err != nil {
		return err
	}
	if len(all) != len(txs) {
		return l.wrong(asked, rpc.Lie("traces of %d transactions of %d", len(all), len(txs)))
	}
	base.evidence = l.evidence()
	calls := 0
	for i := range all {
		if all[i].TxHash == nil || *all[i].TxHash != txs[i].Hash {
			return l.wrong(asked, rpc.Lie("the trace of transaction %d is another one's", i))
		}
		if receipts[i].Status.Sign() == 0 {
			continue
		}
		base.place.tx, base.tx, base.seq = int64(i), txs[i].Hash, 1
		if err := l.walk(&all[i].Result, "", &base, &calls); err != nil {
			return l.wrong(asked, err)
		}
	}
	return nil
}

// walk notes what the calls under a frame moved, in the order they were made. What
// a failed call did, and all under it, is undone.
func (l *Ledger) walk(f *frame, at string, base *transfer, calls *int) error {
	for i := range f.Calls {
		c := &f.Calls[i]
		if *calls++; *calls > maxCalls {
			return fmt.Errorf("more than %d calls", maxCalls)
		}
		if c.Error != "" {
			continue
		}
		name := strconv.Itoa(i)
		if at != "" {
			name = at + "." + name
		}
		base.seq++
		switch c.Type {
		case "CALL", "CREATE", "CREATE2", "SELFDESTRUCT":
			if c.Value.known() && c.To != nil {
				t := *base
				t.kind, t.trace, t.from, t.to, t.amount = KindInternal, name, c.From, *c.To, c.Value.Int
				l.note(&t)
			}
		}
		if err := l.walk(c, name, base, calls); err != nil {
			return err
		}
	}
	return nil
}
