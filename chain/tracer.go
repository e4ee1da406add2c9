package chain

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tamga"
	"tamga/internal/address"
)

// point is what a trace knows of an outpoint.
//
// The state only ever grows: has gets more satoshis, depth gets less. Each
// satoshi of FIFO has exactly one way on, so following what is new as it comes
// gives the same result in every order, and none is counted twice.
type point struct {
	out    tamga.Outpoint
	depth  int
	has    ranges // satoshis of the subject inside it
	todo   ranges // those of has that were not followed yet
	next   []link // where its hops lead
	wallet int    // least number of hops between wallets, where Options.Wallet tells them
	value  int64  // of the output; meaningless where !known
	known  bool
	height int64

	blocked string // why todo was left, if it was
	fee     bool
	lost    bool // for a part the source lacks what is needed to go on

	fresh, lowered bool // has todo or a lower depth that is not passed on
	queued         bool
	seq            int
}

// link is where a hop leads; step is 0 where it stays in one wallet, else 1.
type link struct {
	out  tamga.Outpoint
	step int
}

func (p *point) ends() (reasons []string) {
	if p.blocked != "" {
		reasons = append(reasons, p.blocked)
	}
	if p.fee {
		reasons = append(reasons, EndFee)
	}
	if p.lost && p.blocked != EndUnknown {
		reasons = append(reasons, EndUnknown)
	}
	return reasons
}

type hopKey struct {
	txid    string
	in, out uint32
}

type hop struct {
	prev   tamga.Outpoint
	from   tamga.HopIn
	to     tamga.HopOut
	amount int64
	whole  int64 // sum of the transaction's inputs, -1 unknown: for haircut
	height int64
	time   time.Time
}

// tracer is one run of Trace.
type tracer struct {
	src    Source
	o      Options
	points map[tamga.Outpoint]*point
	hops   map[hopKey]*hop
	queue  queue
	seq    int
	cache  map[string]*tamga.Tx
	mixes  map[string]*tamga.Mix // by txid; nil for what is none
}

// maxCached bounds the transactions kept at hand between hops.
const maxCached = 1024

func (t *tracer) tx(ctx context.Context, txid string) (*tamga.Tx, error) {
	if tx := t.cache[txid]; tx != nil {
		return tx, nil
	}
	tx, err := t.src.Tx(ctx, txid)
	if err != nil {
		return nil, err
	}
	if len(t.cache) >= maxCached {
		clear(t.cache)
	}
	t.cache[txid] = tx
	return tx, nil
}

// seed turns the subject into outpoints of depth 0.
func (t *tracer) seed(ctx context.Context, subject string) error {
	id, vout, one := strings.Cut(subject, ":")
	if !isTxID(id) {
		return t.seedAddress(ctx, subject)
	}
	tx, err := t.tx(ctx, strings.ToLower(id))
	if err != nil {
		return err
	}
	n := uint64(0)
	if one {
		n, err = strconv.ParseUint(vout, 10, 32)
		if err != nil || n >= uint64(len(tx.Out)) {
			return noOutput(tx)
		}
	}
	for _, out := range tx.Out {
		if !one || out.N == uint32(n) {
			t.seedOutput(tx, out)
		}
	}
	return nil
}

func isTxID(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c|32 < 'a' || c|32 > 'f') {
			return false
		}
	}
	return true
}

func (t *tracer) seedAddress(ctx context.Context, subject string) error {
	if t.src.Can()&CanHistory == 0 {
		return errors.New("this source does not answer for addresses")
	}
	if a, ok := address.Parse(subject); ok {
		if _, err := address.ToScript(a); err != nil {
			return err // an extended key
		}
		subject = a.Value
		tip, err := t.src.Tip(ctx)
		if err != nil {
			return err
		}
		if err := OtherNetwork(a, tip.Network); err != nil {
			return err
		}
	}
	for out, err := range t.src.History(ctx, subject) {
		if err != nil {
			return err
		}
		tx, err := t.tx(ctx, out.TxID)
		if err != nil {
			return err
		}
		if out.Vout >= uint32(len(tx.Out)) {
			return fmt.Errorf("the source names output %s:%d, which is not there", out.TxID, out.Vout)
		}
		t.seedOutput(tx, tx.Out[out.Vout])
	}
	return nil
}

func (t *tracer) seedOutput(tx *tamga.Tx, out tamga.TxOut) {
	value, _ := out.Value.Int64()
	p := t.point(tamga.Outpoint{TxID: tx.TxID, Vout: out.N}, 0, tx.Height)
	p.value, p.known = value, true
	t.reach(p, ranges{{0, value}}, 0, 0)
}

// point returns the state of an outpoint, made with a depth if it is new.
func (t *tracer) point(out tamga.Outpoint, depth int, height int64) *point {
	p := t.points[out]
	if p == nil {
		t.seq++
		p = &point{out: out, depth: depth, wallet: depth, height: height, seq: t.seq, fresh: true}
		t.points[out] = p
		t.push(p)
	}
	return p
}

// reach adds satoshis of the subject to an outpoint.
func (t *tracer) reach(p *point, part ranges, depth, wallet int) {
	if depth < p.depth || wallet < p.wallet {
		p.depth, p.wallet, p.lowered = min(depth, p.depth), min(wallet, p.wallet), true
		p.fresh = p.fresh || p.blocked == EndHops
	}
	if fresh := p.has.add(part); len(fresh) > 0 {
		p.todo.add(fresh)
		p.fresh = true
	}
	if p.fresh || p.lowered {
		t.push(p)
	}
}

// run follows points until nothing is left to follow. The order, by height, is
// for speed only: most points are complete when their turn comes.
func (t *tracer) run(ctx context.Context) error {
	for t.queue.Len() > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := heap.Pop(&t.queue).(queued).p
		p.queued = false
		if p.lowered {
			p.lowered = false
			for _, l := range p.next {
				t.reach(t.points[l.out], nil, p.depth+1, p.wallet+l.step)
			}
		}
		if !p.fresh {
			continue
		}
		p.fresh = false
		step := t.forward
		if t.o.Direction == Backward {
			step = t.backward
		}
		var err error
		if p.blocked, err = step(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// forward follows a point into the transaction that spent it.
func (t *tracer) forward(ctx context.Context, p *point) (blocked string, err error) {
	if reason, err := t.stop(ctx, p); reason != "" || err != nil {
		return reason, err
	}
	spend, found, err := t.src.Spender(ctx, p.out)
	if errors.Is(err, ErrNotFound) {
		return EndUnknown, nil
	}
	if err != nil {
		return "", err
	}
	if !found {
		return EndUnspent, nil
	}
	if reason := t.limit(p); reason != "" {
		return reason, nil
	}
	tx, err := t.tx(ctx, spend.TxID)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return EndUnknown, nil
		}
		return "", err
	}
	if int(spend.Vin) >= len(tx.In) || tx.In[spend.Vin].Prev != p.out {
		return "", fmt.Errorf("the source says input %d of %s spent %s:%d, which it did not", spend.Vin, tx.TxID, p.out.TxID, p.out.Vout)
	}
	if reason := t.pass(tx); reason != "" {
		return reason, nil
	}
	if t.o.Method != FIFO {
		return "", t.spread(p, tx, int(spend.Vin))
	}
	start := int64(0)
	for i := range spend.Vin {
		v, ok := inputValue(tx, i)
		if !ok {
			return EndUnknown, nil // where its satoshis lie in the line cannot be said
		}
		start += v
	}
	line := p.todo.shift(start)
	p.todo = nil
	lo := int64(0)
	for j, out := range tx.Out {
		v, _ := out.Value.Int64()
		if part := line.cut(lo, lo+v); len(part) > 0 {
			q := t.point(tamga.Outpoint{TxID: tx.TxID, Vout: out.N}, p.depth+1, tx.Height)
			q.value, q.known = v, true
			t.move(p, q, tx, int(spend.Vin), j, part.size())
			t.reach(q, part, p.depth+1, p.wallet+t.step(tx, int(spend.Vin), j))
		}
		lo += v
	}
	p.fee = p.fee || len(line.cut(lo, math.MaxInt64)) > 0
	return "", nil
}

// backward follows a point into the transaction that made it.
func (t *tracer) backward(ctx context.Context, p *point) (blocked string, err error) {
	tx, err := t.tx(ctx, p.out.TxID)
	if errors.Is(err, ErrNotFound) {
		return EndUnknown, nil
	}
	if err != nil {
		return "", err
	}
	if int(p.out.Vout) >= len(tx.Out) {
		return "", fmt.Errorf("%s has no output %d", tx.TxID, p.out.Vout)
	}
	if len(tx.In) == 0 || tx.In[0].Coinbase {
		return EndCoinbase, nil
	}
	if reason, err := t.stop(ctx, p); reason != "" || err != nil {
		return reason, err
	}
	if reason := cmp.Or(t.limit(p), t.pass(tx)); reason != "" {
		return reason, nil
	}
	if t.o.Method != FIFO {
		return "", t.gather(p, tx)
	}
	start := int64(0)
	for _, out := range tx.Out[:p.out.Vout] {
		v, _ := out.Value.Int64()
		start += v
	}
	line := p.todo.shift(start)
	p.todo = nil
	lo := int64(0)
	for i := range tx.In {
		v, ok := inputValue(tx, uint32(i))
		hi := lo + v
		switch last := i == len(tx.In)-1; {
		case !ok && !last:
			p.lost = p.lost || len(line.cut(lo, math.MaxInt64)) > 0
			return "", nil
		case !ok: // what the earlier inputs do not hold, the last one does
			hi = math.MaxInt64
		}
		if part := line.cut(lo, hi); len(part) > 0 {
			q := t.point(tx.In[i].Prev, p.depth+1, tx.Height)
			q.value, q.known = v, ok
			t.move(p, q, tx, i, int(p.out.Vout), part.size())
			t.reach(q, part, p.depth+1, p.wallet+t.step(tx, i, int(p.out.Vout)))
		}
		lo = hi
	}
	p.lost = p.lost || len(line.cut(lo, math.MaxInt64)) > 0
	return "", nil
}

func inputValue(tx *tamga.Tx, i uint32) (int64, bool) {
	in := tx.In[i]
	if !in.Known {
		return 0, false
	}
	return in.Value.Int64()
}

// stop asks Options.Stop about a point that is not the subject itself.
func (t *tracer) stop(ctx context.Context, p *point) (string, error) {
	if t.o.Stop == nil || p.depth == 0 {
		return "", nil
	}
	tx, err := t.tx(ctx, p.out.TxID)
	if err != nil || int(p.out.Vout) >= len(tx.Out) {
		return "", err
	}
	return t.o.Stop(tx, tx.Out[p.out.Vout]), nil
}

// limit applies the limits that a point itself can exceed.
func (t *tracer) limit(p *point) string {
	switch {
	case t.o.Hops > 0 && p.distance(t.o.Wallet != nil) >= t.o.Hops:
		return EndHops
	case p.known && (p.value == 0 || t.o.Method == FIFO && p.has.size() < t.o.MinValue):
		return EndValue
	}
	return ""
}

func (p *point) distance(byWallet bool) int {
	if byWallet {
		return p.wallet
	}
	return p.depth
}

// step is how many hops between wallets input i and output j of a transaction are.
func (t *tracer) step(tx *tamga.Tx, i, j int) int {
	if t.o.Wallet != nil && tx.In[i].Address != "" && t.o.Wallet(tx.In[i].Address) == t.o.Wallet(tx.Out[j].Address) {
		return 0
	}
	return 1
}

// pass applies the limits of the transaction that would be passed through.
func (t *tracer) pass(tx *tamga.Tx) string {
	switch {
	case t.o.Fanout > 0 && len(tx.Out) > t.o.Fanout:
		return EndFanout
	case t.mix(tx):
		return EndMix
	case tx.Time.IsZero():
		return ""
	case !t.o.Since.IsZero() && tx.Time.Before(t.o.Since), !t.o.Until.IsZero() && tx.Time.After(t.o.Until):
		return EndTime
	}
	return ""
}

// move adds an amount to the hop from p to q, which input i and output j of a
// transaction make.
func (t *tracer) move(p, q *point, tx *tamga.Tx, i, j int, amount int64) *hop {
	key := hopKey{tx.TxID, uint32(i), tx.Out[j].N}
	h := t.hops[key]
	if h == nil {
		in, out := tx.In[i], tx.Out[j]
		vout := in.Prev.Vout
		h = &hop{
			prev: in.Prev, height: tx.Height, time: tx.Time, whole: -1,
			from: tamga.HopIn{TxID: in.Prev.TxID, Vout: &vout, Address: in.Address},
			to:   tamga.HopOut{N: out.N, Address: out.Address, Value: out.Value},
		}
		if in.Known {
			h.from.Value = &in.Value
		}
		t.hops[key] = h
		p.next = append(p.next, link{q.out, t.step(tx, i, j)})
	}
	h.amount += amount
	return h
}

// queue orders points by the height of their transaction, from the subject on.
type queued struct {
	p   *point
	key int64
}

type queue []queued

func (t *tracer) push(p *point) {
	if p.queued {
		return
	}
	p.queued = true
	key := p.height
	switch {
	case key < 0:
		key = math.MaxInt64 // unknown
	case t.o.Direction == Backward:
		key = -key
	}
	heap.Push(&t.queue, queued{p, key})
}

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].key != q[j].key {
		return q[i].key < q[j].key
	}
	return q[i].p.seq < q[j].p.seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(queued)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
