package chain

import (
	"cmp"
	"context"
	"slices"

	"tamga"
)

// Bounds is Trace with, for every outpoint that any method reaches, the
// subject's value there under each of the three: a run each, with the same
// limits. Haircut and poison reach far more outpoints than FIFO: set a limit.
//
// Poison is the sum of its hops, each as much as can have moved, and no more than
// the outpoint holds. Options.MinValue bears on FIFO alone.
func Bounds(ctx context.Context, src Source, subject string, o Options) (tamga.Trace, error) {
	o.Method = cmp.Or(o.Method, FIFO)
	main, err := Trace(ctx, src, subject, o)
	if err != nil {
		return tamga.Trace{}, err
	}
	merged := map[tamga.Outpoint]*bound{}
	for i, method := range []string{FIFO, Haircut, Poison} {
		tr := main
		if method != o.Method {
			o.Method = method
			if tr, err = Trace(ctx, src, subject, o); err != nil {
				return tamga.Trace{}, err
			}
			o.Method = main.Method
		}
		for out, r := range reached(tr) {
			b := merged[out]
			if b == nil {
				b = &bound{asset: r.asset, depth: r.depth}
				merged[out] = b
			}
			b.by[i], b.depth = r.amount, min(b.depth, r.depth)
		}
	}
	for out, b := range merged {
		main.Bounds = append(main.Bounds, tamga.Bound{
			TxID: out.TxID, Vout: out.Vout,
			FIFO:    tamga.NewAmount(b.by[0], b.asset),
			Haircut: tamga.NewAmount(b.by[1], b.asset),
			Poison:  tamga.NewAmount(b.by[2], b.asset),
		})
	}
	depth := func(b tamga.Bound) int { return merged[tamga.Outpoint{TxID: b.TxID, Vout: b.Vout}].depth }
	slices.SortFunc(main.Bounds, func(a, b tamga.Bound) int {
		return cmp.Or(cmp.Compare(depth(a), depth(b)), cmp.Compare(a.TxID, b.TxID), cmp.Compare(a.Vout, b.Vout))
	})
	return main, nil
}

type bound struct {
	by    [3]int64 // FIFO, Haircut, Poison
	asset string
	depth int
}

// arrival is what hops bring to an outpoint.
type arrival struct {
	amount  int64
	depth   int
	address string
	asset   string

	direct, indirect int64 // of it, by hops from the subject itself, and by others
}

// reached sums the hops of a trace by the outpoint on their far side. What the
// hops of Poison bring is bounded by what the outpoint holds.
func reached(tr tamga.Trace) map[tamga.Outpoint]arrival {
	all := map[tamga.Outpoint]arrival{}
	for _, h := range tr.Hops {
		out, addr, value := tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N}, h.Out.Address, &h.Out.Value
		if tr.Direction == Backward {
			out, addr, value = tamga.Outpoint{TxID: h.In.TxID, Vout: *h.In.Vout}, h.In.Address, h.In.Value
		}
		a, seen := all[out]
		if !seen {
			a = arrival{depth: h.Depth, address: addr, asset: h.Amount.Asset}
		}
		n, _ := h.Amount.Int64()
		a.amount, a.depth = a.amount+n, min(a.depth, h.Depth)
		if h.Depth == 1 {
			a.direct += n
		} else {
			a.indirect += n
		}
		if value != nil {
			if v, ok := value.Int64(); ok && tr.Method == Poison {
				a.amount, a.direct, a.indirect = min(a.amount, v), min(a.direct, v), min(a.indirect, v)
			}
		}
		all[out] = a
	}
	return all
}
