package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"tamga"
)

// Costs of a path.
const (
	CostShare = "share" // −log of the share of the value, by haircut, that takes it
	CostHops  = "hops"  // its transactions
)

// Paths are the best ways that value can have gone from one subject to another
// (claim: each hop is a haircut).
type Paths struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Cost     string `json:"cost"`
	Paths    []Path `json:"paths"`    // the best first
	Explored int    `json:"explored"` // outpoints followed
	Unknown  int    `json:"unknown"`  // of them, those whose way on or back the source does not hold
	Complete bool   `json:"complete"` // the budget sufficed: there are no better ones, or no others
}

// Path is hops that follow each other in time, each spending what the one before
// paid.
type Path struct {
	Share  float64     `json:"share"`             // of the value of the first outpoint, 0 to 1
	AtMost bool        `json:"at_most,omitempty"` // an input on the way is unknown: the share may be less
	Hops   []tamga.Hop `json:"hops"`              // with the amounts that take this way; none where the subjects share an outpoint
	Mixes  []tamga.Mix `json:"mixes,omitempty"`
}

// PathOptions bound the search.
type PathOptions struct {
	K      int    // how many paths; 0 is 1
	Cost   string // CostShare (default) or CostHops
	Budget int    // outpoints to follow; 0 is DefaultBudget

	Fanout       int       // as in Options
	Since, Until time.Time // as in Options
	Mix          Mixer     // as in Options
	StopMix      bool      // as in Options

	// Wallet, where set, names the wallet of an address: hops inside of one cost
	// nothing where hops are what is counted.
	Wallet func(address string) string
}

// DefaultBudget of a path search.
const DefaultBudget = 20_000

// edgesPerPoint bounds the hops kept for each outpoint of the budget, and with them
// memory where transactions have thousands of outputs.
const edgesPerPoint = 50

// FindPaths searches from both subjects at once for the k best paths that lead
// value from the one to the other. A path leaves the outputs of the first for good
// and ends at the first output of the second that it comes to. The graph of
// outpoints has no circles, and time only grows along it: neither side is followed
// past the time of the other.
//
// Each side is followed best first. A path that is not known yet is no better than
// the sum of how far both sides have come, so the search ends when the k-th best is
// (Pohl 1971); the k best of what was found are then counted out (Hart, Nilsson and
// Raphael's A*, each outpoint up to k times).
func FindPaths(ctx context.Context, src Source, from, to string, o PathOptions) (Paths, error) {
	out, err := findPaths(ctx, src, [2][]string{{from}, {to}}, o)
	out.From, out.To = from, to
	return out, err
}

// findPaths searches from several subjects to several others.
func findPaths(ctx context.Context, src Source, subjects [2][]string, o PathOptions) (Paths, error) {
	o.K, o.Cost, o.Budget = max(o.K, 1), cmp.Or(o.Cost, CostShare), cmp.Or(o.Budget, DefaultBudget)
	if o.Cost != CostShare && o.Cost != CostHops {
		return Paths{}, fmt.Errorf("path: no cost %q", o.Cost)
	}
	p := &pathFinder{
		t: &tracer{
			src: src, cache: map[string]*tamga.Tx{}, mixes: map[string]*tamga.Mix{},
			o: Options{Fanout: o.Fanout, Since: o.Since, Until: o.Until, Mix: o.Mix, StopMix: o.StopMix, Wallet: o.Wallet},
		},
		o: o, edges: map[hopKey]pathEdge{},
	}
	for i := range p.sides {
		if err := p.seed(ctx, subjects[i], &p.sides[i]); err != nil {
			return Paths{}, fmt.Errorf("path: %w", err)
		}
	}
	out := Paths{Cost: o.Cost, Paths: []Path{}}
	best, complete, err := p.search(ctx)
	if err != nil {
		return Paths{}, fmt.Errorf("path: %w", err)
	}
	out.Explored, out.Unknown, out.Complete = p.explored, p.unknown, complete
	for _, w := range best {
		path, err := p.path(ctx, w)
		if err != nil {
			return Paths{}, fmt.Errorf("path: %w", err)
		}
		out.Paths = append(out.Paths, path)
	}
	return out, nil
}

type pathFinder struct {
	t        *tracer // reads transactions and applies limits
	o        PathOptions
	sides    [2]side // of the first subject, of the second
	edges    map[hopKey]pathEdge
	explored int
	unknown  int
	back     bool // only the way back can be followed
}

// side is one end of the search. Costs grow away from its subject.
type side struct {
	subject map[tamga.Outpoint]int64 // its outpoints with their values
	cost    map[tamga.Outpoint]float64
	queue   costs
	lo, hi  int64 // heights of the subject's outpoints; lo is -1 where one is unknown
}

// pathEdge is a transaction moving value from an input to an output.
type pathEdge struct {
	key      hopKey
	from, to tamga.Outpoint
	cost     float64
	atMost   bool
}

func (p *pathFinder) seed(ctx context.Context, subjects []string, s *side) error {
	p.t.points, p.t.queue = map[tamga.Outpoint]*point{}, nil
	for _, subject := range subjects {
		if err := p.t.seed(ctx, subject); err != nil {
			return fmt.Errorf("%s: %w", subject, err)
		}
	}
	*s = side{
		subject: map[tamga.Outpoint]int64{}, cost: map[tamga.Outpoint]float64{},
		lo: math.MaxInt64, hi: -1,
	}
	for out, pt := range p.t.points {
		s.subject[out] = pt.value
		s.lo, s.hi = min(s.lo, pt.height), max(s.hi, pt.height)
	}
	if s.lo < 0 {
		s.hi = math.MaxInt64
	}
	for _, out := range sortedOutpoints(s.subject) {
		s.reach(out, 0)
	}
	return nil
}

// reach puts an outpoint into the queue where this way to it is the best so far.
func (s *side) reach(out tamga.Outpoint, cost float64) {
	if c, seen := s.cost[out]; !seen || cost < c {
		s.cost[out] = cost
		s.queue.push(costed{cost: cost, rank: cost, out: out})
	}
}

// radius is how far a side has come: what it has not settled costs no less.
func (s *side) radius() float64 {
	for len(s.queue) > 0 && s.queue[0].cost > s.cost[s.queue[0].out] { // a better way came later
		s.queue.pop()
	}
	if len(s.queue) == 0 {
		return math.Inf(1)
	}
	return s.queue[0].cost
}

func (p *pathFinder) search(ctx context.Context) (best []way, complete bool, err error) {
	p.back = p.t.src.Can()&CanSpender == 0
	for next := 64; ; {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		a, b := p.sides[0].radius(), p.sides[1].radius()
		all := math.IsInf(a, 1) || math.IsInf(b, 1) // one side is exhausted
		over := p.explored >= p.o.Budget || len(p.edges) >= edgesPerPoint*p.o.Budget
		if all || p.explored >= next || over {
			best = p.kBest()
			if all || len(best) == p.o.K && best[len(best)-1].cost <= a+b {
				return best, true, nil
			}
			if over {
				return best, false, nil
			}
			next = p.explored + p.explored/2 + 1
		}
		p.explored++
		if p.back || len(p.sides[1].queue) < len(p.sides[0].queue) {
			err = p.backward(ctx)
		} else {
			err = p.forward(ctx)
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// forward follows the nearest outpoint of the first side to what spent it.
func (p *pathFinder) forward(ctx context.Context) error {
	s, other := &p.sides[0], &p.sides[1]
	at := s.queue.pop().out
	if _, there := other.subject[at]; there {
		return nil
	}
	spend, found, err := p.t.src.Spender(ctx, at)
	if errors.Is(err, ErrNotFound) { // how far this side came stays a bound
		s.queue.push(costed{cost: s.cost[at], rank: s.cost[at], out: at})
		p.unknown, p.back = p.unknown+1, true
		return nil
	}
	if err != nil || !found {
		return err
	}
	tx, err := p.read(ctx, spend.TxID)
	if err != nil || tx == nil {
		return err
	}
	if int(spend.Vin) >= len(tx.In) || tx.In[spend.Vin].Prev != at {
		return fmt.Errorf("the source says input %d of %s spent %s:%d, which it did not", spend.Vin, tx.TxID, at.TxID, at.Vout)
	}
	if tx.Height > other.hi { // later than all of the second subject
		return nil
	}
	for j := range tx.Out {
		if e, ok := p.edge(tx, int(spend.Vin), j); ok {
			s.reach(e.to, s.cost[at]+e.cost)
		}
	}
	return nil
}

// backward follows the nearest outpoint of the second side to what was spent for
// it.
func (p *pathFinder) backward(ctx context.Context) error {
	s, other := &p.sides[1], &p.sides[0]
	at := s.queue.pop().out
	if _, there := other.subject[at]; there {
		return nil
	}
	tx, err := p.read(ctx, at.TxID)
	if err != nil || tx == nil {
		return err
	}
	if int(at.Vout) >= len(tx.Out) {
		return fmt.Errorf("%s has no output %d", tx.TxID, at.Vout)
	}
	if tx.Height >= 0 && other.lo >= 0 && tx.Height < other.lo { // earlier than all of the first subject
		return nil
	}
	for i := range tx.In {
		if e, ok := p.edge(tx, i, int(at.Vout)); ok {
			s.reach(e.from, s.cost[at]+e.cost)
		}
	}
	return nil
}

// read returns a transaction that may be passed through, nil where it may not or
// is not at hand.
func (p *pathFinder) read(ctx context.Context, txid string) (*tamga.Tx, error) {
	tx, err := p.t.tx(ctx, txid)
	if errors.Is(err, ErrNotFound) {
		p.unknown++
		return nil, nil
	}
	if err != nil || p.t.pass(tx) != "" {
		return nil, err
	}
	return tx, nil
}

// edge keeps the hop from input i to output j. A path does not come back to the
// first subject, nor go on from the second.
func (p *pathFinder) edge(tx *tamga.Tx, i, j int) (pathEdge, bool) {
	key := hopKey{tx.TxID, uint32(i), tx.Out[j].N}
	if e, ok := p.edges[key]; ok {
		return e, true
	}
	e := pathEdge{key: key, from: tx.In[i].Prev, to: tamga.Outpoint{TxID: tx.TxID, Vout: tx.Out[j].N}, cost: 1}
	_, returns := p.sides[0].subject[e.to]
	_, leaves := p.sides[1].subject[e.from]
	value, whole, atMost := share(tx, j)
	if tx.In[i].Coinbase || returns || leaves || value == 0 {
		return e, false
	}
	if e.atMost = atMost; p.o.Cost == CostShare {
		e.cost = max(0, -math.Log(float64(value)/float64(whole)))
	} else {
		e.cost = float64(p.t.step(tx, i, j))
	}
	p.edges[key] = e
	return e, true
}

// share is what an output has of the whole of a transaction. Where an input is
// unknown, the outputs are the whole that is known: the share is at most that.
func share(tx *tamga.Tx, j int) (value, whole int64, atMost bool) {
	value, _ = tx.Out[j].Value.Int64()
	if whole = inputSum(tx); whole >= 0 {
		return value, whole, false
	}
	whole = 0
	for _, o := range tx.Out {
		n, _ := o.Value.Int64()
		whole += n
	}
	return value, whole, true
}

// path reads the hops of a way.
func (p *pathFinder) path(ctx context.Context, w way) (Path, error) {
	out := Path{Share: 1, Hops: []tamga.Hop{}}
	amount := int64(0)
	for i, e := range w.edges {
		tx, err := p.t.tx(ctx, e.key.txid)
		if err != nil {
			return Path{}, err
		}
		j := slices.IndexFunc(tx.Out, func(o tamga.TxOut) bool { return o.N == e.key.out })
		if i == 0 {
			amount = p.sides[0].subject[e.from]
		}
		value, whole, _ := share(tx, j)
		amount = mulDiv(amount, value, whole)
		out.Share *= min(1, float64(value)/float64(whole))
		out.AtMost = out.AtMost || e.atMost
		in, to := tx.In[e.key.in], tx.Out[j]
		hop := tamga.Hop{
			Depth: i + 1, TxID: tx.TxID, Amount: tamga.NewAmount(amount, to.Value.Asset),
			In:  tamga.HopIn{TxID: in.Prev.TxID, Vout: &in.Prev.Vout, Address: in.Address},
			Out: tamga.HopOut{N: to.N, Address: to.Address, Value: to.Value},
		}
		if in.Known {
			hop.In.Value = &in.Value
		}
		if tx.Height >= 0 {
			hop.Height = &tx.Height
		}
		if !tx.Time.IsZero() {
			hop.Time = &tx.Time
		}
		out.Hops = append(out.Hops, hop)
		if p.o.Mix != nil {
			if m := p.o.Mix(tx); m != nil {
				out.Mixes = append(out.Mixes, *m)
			}
		}
	}
	return out, nil
}

func sortedOutpoints[V any](m map[tamga.Outpoint]V) []tamga.Outpoint {
	keys := make([]tamga.Outpoint, 0, len(m))
	for o := range m {
		keys = append(keys, o)
	}
	slices.SortFunc(keys, compareOutpoints)
	return keys
}

func compareOutpoints(a, b tamga.Outpoint) int {
	return cmp.Or(cmp.Compare(a.TxID, b.TxID), cmp.Compare(a.Vout, b.Vout))
}
