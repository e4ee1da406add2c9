package risk

import (
	"time"

	"tamga"
)

// arrival is an output of a service that the subject's value reached.
type arrival struct {
	out     tamga.Outpoint
	addr    string
	amount  tamga.Amount
	depth   int
	at      time.Time // zero where unknown
	service *Service
}

// arrivals are those of the trace forward.
func (v *view) arrivals() (all []arrival, err error) {
	w := newWays(v.forward)
	for _, out := range w.order {
		s, err := v.service(v.ctx, w.address(out))
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		h := w.hops[out][0]
		a := arrival{out: out, addr: w.address(out), amount: w.amount(out), depth: h.Depth, service: s}
		if h.Time != nil {
			a.at = *h.Time
		}
		all = append(all, a)
	}
	return all, nil
}

func (a arrival) evidence() Evidence {
	n := a.out.Vout
	return Evidence{
		What: "value reached " + a.service.Name, TxID: a.out.TxID, Vout: &n, Address: a.addr, Amount: &a.amount,
		Time: stamp(a.at), Depth: a.depth, Tag: &a.service.tags[0],
	}
}
