package chain

import (
	"cmp"
	"slices"

	"tamga"
)

// mix asks Options.Mix about a transaction once, and says whether to stop there.
func (t *tracer) mix(tx *tamga.Tx) bool {
	if t.o.Mix == nil {
		return false
	}
	m, asked := t.mixes[tx.TxID]
	if !asked {
		if m = t.o.Mix(tx); m != nil {
			m.Assumed = t.o.StopMix && slices.Contains(t.o.Assume, tx.TxID)
		}
		t.mixes[tx.TxID] = m
	}
	if m == nil || !t.o.StopMix || m.Assumed {
		return false
	}
	m.Stopped = true
	return true
}

// met lists the mixes that the hops of a trace pass through or that ended it, in
// the order of the hops, those that ended it last.
func (t *tracer) met(hops []tamga.Hop) (found []tamga.Mix) {
	seen := map[string]bool{}
	for _, h := range hops {
		if m := t.mixes[h.TxID]; m != nil && !seen[h.TxID] {
			seen[h.TxID] = true
			found = append(found, *m)
		}
	}
	passed := len(found)
	for id, m := range t.mixes {
		if m != nil && m.Stopped && !seen[id] {
			found = append(found, *m)
		}
	}
	slices.SortFunc(found[passed:], func(a, b tamga.Mix) int { return cmp.Compare(a.TxID, b.TxID) })
	return found
}
