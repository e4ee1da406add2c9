package risk

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tamga"
	"tamga/chain"
)

// Report is who could be asked about a subject (claim): the services that its
// value reached or, backward, came from.
type Report struct {
	Subject   string    `json:"subject"`
	Direction string    `json:"direction"`
	Method    string    `json:"method"`
	Services  []Reached `json:"services"` // the one with most of the value first
	Unnamed   int       `json:"unnamed"`  // ends of the trace that lead to no named service

	Deposit *Deposit `json:"deposit,omitempty"` // the subject itself is a customer's address at a service
}

// Reached is a service with what leads there.
type Reached struct {
	Service
	Amount   tamga.Amount `json:"amount"` // of the subject's value, by the trace's method
	Tags     []tamga.Tag  `json:"tags"`   // that say so
	Arrivals []Arrival    `json:"arrivals"`
}

// Arrival is an output of a service that the subject's value reached (backward:
// came from).
type Arrival struct {
	TxID    string       `json:"txid"`
	Vout    uint32       `json:"vout"`
	Address string       `json:"address"`
	Amount  tamga.Amount `json:"amount"`
	Height  *int64       `json:"height,omitempty"`
	Time    *time.Time   `json:"time,omitempty"`
	Deposit *Deposit     `json:"deposit,omitempty"` // the customer's address there, where one was found
	Path    []tamga.Hop  `json:"path"`              // one way there, from the subject on, of the largest amounts
}

// VASPs follows a subject to the services that could name who is behind it. The
// trace goes no further than the first service on each way.
func (f *Facts) VASPs(ctx context.Context, subject string, o chain.Options) (*Report, error) {
	tr, err := f.follow(ctx, subject, o)
	if err != nil {
		return nil, err
	}
	r := &Report{Subject: tr.Subject, Direction: tr.Direction, Method: tr.Method, Services: []Reached{}}
	if !strings.Contains(subject, ":") && len(tr.Hops) > 0 && tr.Direction == chain.Forward && tr.Hops[0].In.Address == subject {
		if r.Deposit, err = f.Deposit(ctx, subject); err != nil {
			return nil, err
		}
	}
	by := map[string]*Reached{}
	deposits := map[string]*Deposit{}
	seen := map[[4]string]bool{}
	ways := newWays(tr)
	named := map[tamga.Outpoint]bool{}
	for _, out := range ways.order {
		addr := ways.address(out)
		s, err := f.service(ctx, addr)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		named[out] = true
		g := by[s.key()]
		if g == nil {
			g = &Reached{Service: *s, Tags: []tamga.Tag{}}
			by[s.key()] = g
		}
		a := Arrival{TxID: out.TxID, Vout: out.Vout, Address: addr, Amount: ways.amount(out), Path: ways.path(out)}
		last := a.Path[len(a.Path)-1]
		if tr.Direction == chain.Forward {
			a.Height, a.Time = last.Height, last.Time
			d, known := deposits[last.In.Address]
			if !known {
				if d, err = f.Deposit(ctx, last.In.Address); err != nil {
					return nil, err
				}
				deposits[last.In.Address] = d
			}
			a.Deposit = d
		}
		if g.Amount, err = g.Amount.Add(a.Amount); err != nil {
			return nil, err
		}
		for _, t := range s.tags {
			if k := [4]string{s.key(), t.Address, t.Label, t.Source}; !seen[k] {
				seen[k] = true
				g.Tags = append(g.Tags, t)
			}
		}
		g.Confidence = max(g.Confidence, s.Confidence)
		g.Arrivals = append(g.Arrivals, a)
	}
	for _, e := range tr.Ends {
		if !named[tamga.Outpoint{TxID: e.TxID, Vout: e.Vout}] && e.Reason != chain.EndFee {
			r.Unnamed++
		}
	}
	for _, g := range by {
		r.Services = append(r.Services, *g)
	}
	slices.SortFunc(r.Services, func(a, b Reached) int {
		return cmp.Or(b.Amount.Cmp(a.Amount), strings.Compare(a.key(), b.key()))
	})
	return r, nil
}

// follow traces a subject up to services.
func (f *Facts) follow(ctx context.Context, subject string, o chain.Options) (tamga.Trace, error) {
	var failed error
	before := o.Stop
	o.Mix = f.Mix
	o.Stop = func(tx *tamga.Tx, out tamga.TxOut) string {
		if before != nil {
			if reason := before(tx, out); reason != "" {
				return reason
			}
		}
		s, err := f.service(ctx, out.Address)
		if err != nil && failed == nil {
			failed = err
		}
		if s != nil {
			return chain.EndTag
		}
		return ""
	}
	tr, err := chain.Trace(ctx, f.Source, subject, o)
	return tr, cmp.Or(err, failed)
}

// ways are the hops of a trace by the outpoint they lead to.
type ways struct {
	forward bool
	hops    map[tamga.Outpoint][]tamga.Hop
	order   []tamga.Outpoint
}

func newWays(tr tamga.Trace) *ways {
	w := &ways{forward: tr.Direction == chain.Forward, hops: map[tamga.Outpoint][]tamga.Hop{}}
	for _, h := range tr.Hops {
		out := w.far(h)
		if w.hops[out] == nil {
			w.order = append(w.order, out)
		}
		w.hops[out] = append(w.hops[out], h)
	}
	return w
}

// far is the outpoint of a hop that lies away from the subject, near the other.
func (w *ways) far(h tamga.Hop) tamga.Outpoint {
	if w.forward {
		return tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N}
	}
	return input(h)
}

func (w *ways) near(h tamga.Hop) tamga.Outpoint {
	if w.forward {
		return input(h)
	}
	return tamga.Outpoint{TxID: h.TxID, Vout: h.Out.N}
}

func input(h tamga.Hop) tamga.Outpoint {
	if h.In.Vout == nil {
		return tamga.Outpoint{TxID: h.In.TxID}
	}
	return tamga.Outpoint{TxID: h.In.TxID, Vout: *h.In.Vout}
}

func (w *ways) address(out tamga.Outpoint) string {
	if w.forward {
		return w.hops[out][0].Out.Address
	}
	return w.hops[out][0].In.Address
}

// amount is what the hops bring to an outpoint.
func (w *ways) amount(out tamga.Outpoint) (sum tamga.Amount) {
	for _, h := range w.hops[out] {
		sum, _ = sum.Add(h.Amount) // of one asset: one ledger
	}
	return sum
}

// path is one way to an outpoint, each time by the largest hop.
func (w *ways) path(out tamga.Outpoint) (path []tamga.Hop) {
	for len(w.hops[out]) > 0 {
		h := slices.MaxFunc(w.hops[out], func(a, b tamga.Hop) int { return a.Amount.Cmp(b.Amount) })
		path = append(path, h)
		if h.Depth <= 1 {
			break
		}
		out = w.near(h)
	}
	slices.Reverse(path)
	return path
}
