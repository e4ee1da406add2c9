package evm

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"tamga"
	"tamga/chain"
)

// TraceOptions say how to trace. The zero value follows forward by FIFO without
// any limit.
type TraceOptions struct {
	Direction string   // chain.Forward (default) or chain.Backward
	Method    string   // chain.FIFO (default), chain.Haircut or chain.Poison
	Assets    []string // as Transfer.Asset has them; none: every asset of the subject

	Hops     int       // transfers from the subject; 0 is no limit
	MinValue *big.Int  // less of the subject's value, in base units, is not followed; nil is no limit
	Fanout   int       // accounts with more payments of the asset in the range are not passed through; 0 is no limit
	Since    time.Time // transfers before are not followed; zero is no limit
	Until    time.Time // transfers after are not followed; zero is no limit

	// Stop, where set, is asked about every account but the subject before it is
	// passed through, and returns chain.EndTag, chain.EndMix or "" to go on.
	Stop func(address string) (string, *tamga.Tag)
}

// Trace follows the value of a subject: an account (all that came to it), a
// transaction (all its transfers) or one transfer by a log (TXID:N). What the
// methods do in an account is written down in docs/heuristics.md.
//
// Hops are sorted by depth, then in ledger order; ends by account, asset, credit
// and reason.
func (l *Ledger) Trace(ctx context.Context, subject string, o TraceOptions) (tamga.AccountTrace, error) {
	o.Direction, o.Method = cmp.Or(o.Direction, chain.Forward), cmp.Or(o.Method, chain.FIFO)
	fail := func(err error) (tamga.AccountTrace, error) {
		return tamga.AccountTrace{}, fmt.Errorf("trace %s: %w", subject, err)
	}
	if o.Direction != chain.Forward && o.Direction != chain.Backward {
		return fail(fmt.Errorf("no direction %q", o.Direction))
	}
	t := &tracer{
		l: l, o: o, back: o.Direction == chain.Backward, own: map[bookKey]bool{},
		points: map[place]*point{}, states: map[bookKey]*state{}, ends: map[endKey]*end{}, stops: map[Account]stopped{},
	}
	if err := t.seed(ctx, subject); err != nil {
		return fail(err)
	}
	var err error
	switch o.Method {
	case chain.FIFO:
		err = t.fifo(ctx)
	case chain.Haircut, chain.Poison:
		err = t.spread(ctx)
	default:
		err = fmt.Errorf("no method %q", o.Method)
	}
	if err != nil {
		return fail(err)
	}
	tr, err := t.result(ctx, subject)
	if err != nil {
		return fail(err)
	}
	return tr, nil
}

// point is what is known of the subject's value in a transfer.
type point struct {
	*transfer
	has   parts // FIFO
	depth int
}

type hop struct {
	depth  int
	out    *transfer
	in     *transfer // the credit; nil where the method or the book tells none
	payer  Account
	before *big.Int // balance, where in is nil
	amount *big.Int
}

// endKey has the place of the credit, or none.
type endKey struct {
	key    bookKey
	credit place
	reason string
}

type end struct {
	credit *transfer
	amount *big.Int // nil where unknown
	why    string
	tag    *tamga.Tag
}

type stopped struct {
	reason string
	tag    *tamga.Tag
}

// tracer is one run of Trace.
type tracer struct {
	l      *Ledger
	o      TraceOptions
	back   bool
	own    map[bookKey]bool // the subject's own books: all in them is its value
	seeds  []*transfer
	points map[place]*point
	states map[bookKey]*state
	hops   []hop
	ends   map[endKey]*end
	stops  map[Account]stopped
}

// seed turns the subject into transfers of depth 0.
func (t *tracer) seed(ctx context.Context, subject string) error {
	wanted := []asset(nil)
	for _, s := range t.o.Assets {
		a, err := t.l.parseAsset(s)
		if err != nil {
			return err
		}
		wanted = append(wanted, a)
	}
	id, n, one := strings.Cut(subject, ":")
	digits := strings.TrimPrefix(strings.ToLower(id), "0x")
	if b, err := hex.DecodeString(digits); err == nil && len(b) == 32 {
		return t.seedTx(ctx, hash(b), n, one, wanted)
	}
	a, err := t.l.ParseAccount(subject)
	if err != nil {
		return err
	}
	if len(wanted) == 0 {
		if wanted, err = t.l.assetsOf(ctx, a); err != nil {
			return err
		}
	}
	for _, of := range wanted {
		b, err := t.l.book(ctx, a, of)
		if err != nil {
			return err
		}
		t.own[bookKey{a, of}] = true
		for _, c := range b.credits {
			t.seeds = append(t.seeds, c.transfer)
		}
	}
	return nil
}

// seedTx takes the transfers of a transaction, or the one that log n tells.
func (t *tracer) seedTx(ctx context.Context, id hash, n string, one bool, wanted []asset) error {
	all, err := t.l.transfersOf(ctx, id, len(wanted) > 0 && !slices.Contains(wanted, asset{}) || t.l.tron)
	if err != nil {
		return err
	}
	at := int64(-1)
	if one {
		v, err := strconv.ParseUint(n, 10, 32)
		if err != nil {
			return fmt.Errorf("%.20q is no index of a log", n)
		}
		at = int64(v)
	}
	for _, x := range all {
		if x.kind != KindFee && (!one || x.log == at) && (len(wanted) == 0 || slices.Contains(wanted, x.asset)) {
			t.seeds = append(t.seeds, x)
		}
	}
	if len(t.seeds) == 0 {
		return errors.New("nothing of that kind is moved by it")
	}
	return nil
}

// at is the point of a transfer, made where it is new.
func (t *tracer) at(x *transfer, depth int) (*point, bool) {
	p := t.points[x.place]
	if p == nil {
		p = &point{transfer: x, depth: depth}
		t.points[x.place] = p
		return p, true
	}
	p.depth = min(p.depth, depth)
	return p, false
}

// end notes that an amount of the subject's value ends in a book.
func (t *tracer) end(key bookKey, credit *transfer, s stopped, amount *big.Int, why string) {
	k := endKey{key: key, reason: s.reason}
	if credit != nil {
		k.credit = credit.place
	}
	e := t.ends[k]
	if e == nil {
		e = &end{credit: credit, amount: new(big.Int), why: why, tag: s.tag}
		t.ends[k] = e
	}
	if amount == nil {
		e.amount = nil
	} else if e.amount != nil {
		e.amount.Add(e.amount, amount)
	}
}

// stop says whether an account may not be passed through.
func (t *tracer) stop(a Account, depth int) stopped {
	if t.o.Stop == nil || depth == 0 {
		return stopped{}
	}
	s, ok := t.stops[a]
	if !ok {
		s.reason, s.tag = t.o.Stop(t.l.Format(a))
		t.stops[a] = s
	}
	return s
}

// outside says whether a transfer is outside of the time asked for.
func (t *tracer) outside(x *transfer) bool {
	return !t.o.Since.IsZero() && x.time.Before(t.o.Since) || !t.o.Until.IsZero() && x.time.After(t.o.Until)
}

// small says whether so much is not worth following.
func (t *tracer) small(n *big.Int) bool {
	return n.Sign() == 0 || t.o.MinValue != nil && n.Cmp(t.o.MinValue) < 0
}

// wide says whether an account pays too many others.
func (t *tracer) wide(b *book) bool {
	n := 0
	for _, d := range b.debits {
		if d.kind != KindFee {
			n++
		}
	}
	if t.back {
		n = len(b.credits)
	}
	return t.o.Fanout > 0 && n > t.o.Fanout
}

// result renders what was found in a fixed order.
func (t *tracer) result(ctx context.Context, subject string) (tamga.AccountTrace, error) {
	n := t.l.Network
	tr := tamga.AccountTrace{
		Subject: subject, Direction: t.o.Direction, Method: t.o.Method, Network: n.Name, Range: t.l.span,
		Hops: []tamga.AccountHop{}, Ends: []tamga.AccountEnd{}, Assets: []tamga.Asset{}, Unseen: t.l.Unseen(),
	}
	slices.SortStableFunc(t.hops, func(a, b hop) int {
		return cmp.Or(cmp.Compare(a.depth, b.depth), a.out.compare(b.out.place), compareIn(a.in, b.in))
	})
	var used []asset
	for _, h := range t.hops {
		if h.amount.Sign() == 0 {
			continue
		}
		used = append(used, h.out.asset)
		name := n.asset(h.out.asset)
		v := tamga.AccountHop{
			Depth: h.depth, Kind: h.out.kind, Asset: name, Amount: tamga.AmountOf(h.amount, name), Height: h.out.height, Time: h.out.time, Evidence: h.out.evidence,
			In:  tamga.AccountIn{Address: n.Format(h.payer)},
			Out: tamga.AccountOut{N: h.out.n(), Item: int(h.out.item), Trace: h.out.trace, Value: tamga.AmountOf(h.out.amount, name)},
		}
		if h.out.tx != (hash{}) {
			v.TxID = n.hash(h.out.tx)
		}
		if !h.out.gone {
			v.Out.Address = n.Format(h.out.to)
		}
		switch {
		case h.in != nil:
			value := tamga.AmountOf(h.in.amount, name)
			v.In.N, v.In.Item, v.In.Trace, v.In.Value = h.in.n(), int(h.in.item), h.in.trace, &value
			if h.in.tx != (hash{}) {
				v.In.TxID = n.hash(h.in.tx)
			}
		case h.before != nil:
			value := tamga.AmountOf(h.before, name)
			v.In.Value = &value
		}
		if h.out.asset.standard == unique || h.out.asset.standard == multi {
			sale, err := t.l.sale(ctx, h.out)
			if err != nil {
				return tr, err
			}
			v.Sale = sale
		}
		tr.Hops = append(tr.Hops, v)
	}
	for k, e := range t.ends {
		used = append(used, k.key.asset)
		name := n.asset(k.key.asset)
		v := tamga.AccountEnd{Address: n.Format(k.key.account), Asset: name, Reason: k.reason, Why: e.why, Tag: e.tag}
		if e.amount != nil {
			amount := tamga.AmountOf(e.amount, name)
			v.Amount = &amount
		}
		if c := e.credit; c != nil {
			v.N, v.Item, v.Trace = c.n(), int(c.item), c.trace
			if c.tx != (hash{}) {
				v.TxID = n.hash(c.tx)
			}
		}
		tr.Ends = append(tr.Ends, v)
	}
	slices.SortFunc(tr.Ends, func(a, b tamga.AccountEnd) int {
		return cmp.Or(
			cmp.Compare(a.Address, b.Address), cmp.Compare(a.Asset, b.Asset), cmp.Compare(a.TxID, b.TxID),
			compareN(a.N, b.N), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Trace, b.Trace), cmp.Compare(a.Reason, b.Reason),
		)
	})
	var err error
	if tr.Assets, err = t.l.describe(ctx, used); err != nil {
		return tr, err
	}
	return tr, t.l.steady(ctx)
}

func compareIn(a, b *transfer) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return a.compare(b.place)
}

func compareN(a, b *uint64) int {
	n := func(p *uint64) int64 {
		if p == nil {
			return -1
		}
		return int64(*p)
	}
	return cmp.Compare(n(a), n(b))
}

// queue hands out transfers in ledger order, or against it.
type queue struct {
	all  []*transfer
	back bool
}

func (q *queue) Len() int { return len(q.all) }
func (q *queue) Less(i, j int) bool {
	if q.back {
		i, j = j, i
	}
	return q.all[i].compare(q.all[j].place) < 0
}
func (q *queue) Swap(i, j int) { q.all[i], q.all[j] = q.all[j], q.all[i] }
func (q *queue) Push(x any)    { q.all = append(q.all, x.(*transfer)) }
func (q *queue) Pop() any {
	n := len(q.all) - 1
	x := q.all[n]
	q.all = q.all[:n]
	return x
}
func (q *queue) put(x *transfer) { heap.Push(q, x) }
func (q *queue) take() *transfer { return heap.Pop(q).(*transfer) }
