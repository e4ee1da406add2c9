package chain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tamga"
)

// Directions of a trace.
const (
	Forward  = "forward"
	Backward = "backward"
)

// Methods of a trace. FIFO maps the satoshis of the inputs, in input order, onto
// the outputs in output order, the fee last (Clayton's case, 1816; Anderson and
// others 2018). Haircut spreads a transaction's taint over its outputs in
// proportion. Poison taints every output of a transaction with a tainted input.
const (
	FIFO    = "fifo"
	Haircut = "haircut"
	Poison  = "poison"
)

// Reasons why a trace stopped at an outpoint.
const (
	EndUnspent  = "unspent"  // nothing spent it, as far as the source knows
	EndHops     = "hops"     // Options.Hops
	EndValue    = "value"    // Options.MinValue, or no satoshi of it to follow
	EndTime     = "time"     // Options.Since, Options.Until
	EndFanout   = "fanout"   // Options.Fanout
	EndTag      = "tag"      // Options.Stop
	EndMix      = "mix"      // Options.StopMix, or Options.Stop
	EndUnknown  = "unknown"  // what is needed to go on is not in the source
	EndCoinbase = "coinbase" // newly made here
	EndFee      = "fee"      // a part of it was paid as fee by the transaction that spent it
)

// Options say how to trace. The zero value follows forward by FIFO without any
// limit.
type Options struct {
	Direction string // Forward (default) or Backward
	Method    string // FIFO (default), Haircut or Poison
	Hops      int    // transactions from the subject, or hops between wallets where Wallet is set; 0 is no limit

	MinValue int64     // outpoints with less of the subject's value (satoshis) are not followed; 0 is no limit
	Fanout   int       // transactions with more outputs are not passed through; 0 is no limit
	Since    time.Time // transactions before are not passed through; zero is no limit
	Until    time.Time // transactions after are not passed through; zero is no limit

	// Stop, where set, is asked about every outpoint before it is followed and
	// returns EndTag, EndMix or "" to go on.
	Stop func(tx *tamga.Tx, out tamga.TxOut) string

	// Wallet, where set, names the wallet of an address: hops inside of one do not
	// count against Hops. The trace itself is the same.
	Wallet func(address string) string

	Mix     Mixer    // what tells a mix; the trace names those it met
	StopMix bool     // what Mix tells is not passed through
	Assume  []string // txids of mixes that are passed through all the same
}

// Mixer says what a transaction of several owners was taken for, nil where
// nothing says that it is one.
type Mixer func(*tamga.Tx) *tamga.Mix

// Trace follows the value of a subject: an address (all its outputs), a
// transaction (all its outputs) or an output (TXID:N).
//
// A hop is one transaction that moves value from one of its inputs to one of
// its outputs. Its depth is one more than that of the outpoint it came from
// (going backward: the outpoint it went to), and an outpoint reached along
// several paths has the least depth of them. Hops are sorted by depth, height,
// txid, input and output; ends by depth, outpoint and reason. The result is the
// same for every order in which a source answers.
//
// Memory grows with the hops that the trace finds.
func Trace(ctx context.Context, src Source, subject string, o Options) (tamga.Trace, error) {
	o.Direction, o.Method = cmp.Or(o.Direction, Forward), cmp.Or(o.Method, FIFO)
	if o.Direction != Forward && o.Direction != Backward {
		return tamga.Trace{}, fmt.Errorf("trace %s: no direction %q", subject, o.Direction)
	}
	if !slices.Contains([]string{FIFO, Haircut, Poison}, o.Method) {
		return tamga.Trace{}, fmt.Errorf("trace %s: no method %q", subject, o.Method)
	}
	if o.Direction == Forward && src.Can()&CanSpender == 0 {
		return tamga.Trace{}, fmt.Errorf("trace %s: this source does not tell what spent an output", subject)
	}
	t := &tracer{
		src: src, o: o, points: map[tamga.Outpoint]*point{}, hops: map[hopKey]*hop{}, cache: map[string]*tamga.Tx{},
		mixes: map[string]*tamga.Mix{},
	}
	if err := t.seed(ctx, subject); err != nil {
		return tamga.Trace{}, fmt.Errorf("trace %s: %w", subject, err)
	}
	if err := t.run(ctx); err != nil {
		return tamga.Trace{}, fmt.Errorf("trace %s: %w", subject, err)
	}
	if o.Method == Haircut {
		t.haircut()
	}
	return t.result(subject), nil
}

// result renders what was found in a fixed order.
func (t *tracer) result(subject string) tamga.Trace {
	keys := make([]hopKey, 0, len(t.hops))
	for k := range t.hops {
		if t.hops[k].amount > 0 {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b hopKey) int {
		x, y := t.hops[a], t.hops[b]
		return cmp.Or(
			cmp.Compare(t.depth(a, x), t.depth(b, y)),
			compareHeight(x.height, y.height),
			cmp.Compare(a.txid, b.txid),
			cmp.Compare(a.in, b.in),
			cmp.Compare(a.out, b.out),
		)
	})
	tr := tamga.Trace{
		Subject: subject, Direction: t.o.Direction, Method: t.o.Method,
		Hops: make([]tamga.Hop, 0, len(keys)), Ends: []tamga.End{},
	}
	for _, k := range keys {
		h := t.hops[k]
		hop := tamga.Hop{
			Depth: t.depth(k, h), TxID: k.txid, In: h.from, Out: h.to,
			Amount: tamga.NewAmount(h.amount, h.to.Value.Asset),
		}
		if h.height >= 0 {
			hop.Height = &h.height
		}
		if !h.time.IsZero() {
			hop.Time = &h.time
		}
		tr.Hops = append(tr.Hops, hop)
	}
	for out, p := range t.points {
		for _, reason := range p.ends() {
			tr.Ends = append(tr.Ends, tamga.End{TxID: out.TxID, Vout: out.Vout, Reason: reason})
		}
	}
	tr.Mixes = t.met(tr.Hops)
	depth := func(e tamga.End) int { return t.points[tamga.Outpoint{TxID: e.TxID, Vout: e.Vout}].depth }
	slices.SortFunc(tr.Ends, func(a, b tamga.End) int {
		return cmp.Or(
			cmp.Compare(depth(a), depth(b)),
			cmp.Compare(a.TxID, b.TxID),
			cmp.Compare(a.Vout, b.Vout),
			cmp.Compare(a.Reason, b.Reason),
		)
	})
	return tr
}

// compareHeight puts unknown heights (-1) last.
func compareHeight(a, b int64) int { return cmp.Compare(uint64(a), uint64(b)) }

// depth is that of a hop: one more than of the outpoint nearer to the subject.
func (t *tracer) depth(k hopKey, h *hop) int {
	if t.o.Direction == Forward {
		return t.points[h.prev].depth + 1
	}
	return t.points[tamga.Outpoint{TxID: k.txid, Vout: k.out}].depth + 1
}
