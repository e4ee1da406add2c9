package chain

import (
	"slices"

	"tamga"
)

// ways are the hops of a trace that bring most to each outpoint.
type ways struct {
	back bool
	best map[tamga.Outpoint]*tamga.Hop
}

func waysOf(tr tamga.Trace) ways {
	w := ways{tr.Direction == Backward, map[tamga.Outpoint]*tamga.Hop{}}
	for i := range tr.Hops {
		h := &tr.Hops[i]
		_, far := w.ends(h)
		if b := w.best[far]; b == nil || h.Amount.Cmp(b.Amount) > 0 {
			w.best[far] = h
		}
	}
	return w
}

// ends of a hop: the outpoint nearer to the subject, and the other.
func (w ways) ends(h *tamga.Hop) (near, far tamga.Outpoint) {
	if w.back {
		return output(*h), input(*h)
	}
	return input(*h), output(*h)
}

// to is one way to an outpoint, in the order in which value moved. It comes to an
// end: each hop goes back in time, or on.
func (w ways) to(out tamga.Outpoint) (path []tamga.Hop) {
	for h := w.best[out]; h != nil; h = w.best[out] {
		path = append(path, *h)
		out, _ = w.ends(h)
		if h.Depth <= 1 { // what the subject holds came from nowhere
			break
		}
	}
	if !w.back {
		slices.Reverse(path)
	}
	return path
}
