package chain

import (
	"cmp"
	"container/heap"
	"slices"

	"tamga"
)

// way is edges from an outpoint of the first subject to one of the second.
type way struct {
	cost  float64
	edges []pathEdge
}

// costed is an outpoint with a cost: an entry of a queue. last leads back along
// the way that it was reached by.
type costed struct {
	cost, rank float64 // rank is cost and what is still to come
	out        tamga.Outpoint
	edge       *pathEdge
	last       *costed
}

// costs is a queue of outpoints, the cheapest first.
type costs []costed

func (q *costs) push(c costed) { heap.Push((*costHeap)(q), c) }
func (q *costs) pop() costed   { return heap.Pop((*costHeap)(q)).(costed) }

type costHeap []costed

func (q costHeap) Len() int { return len(q) }
func (q costHeap) Less(i, j int) bool {
	a, b := &q[i], &q[j]
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.cost, b.cost), compareOutpoints(a.out, b.out)) < 0
}
func (q costHeap) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *costHeap) Push(x any)   { *q = append(*q, x.(costed)) }
func (q *costHeap) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// kBest counts out the k cheapest ways over the edges that are known.
func (p *pathFinder) kBest() (best []way) {
	leaving, coming := map[tamga.Outpoint][]*pathEdge{}, map[tamga.Outpoint][]*pathEdge{}
	keys := make([]hopKey, 0, len(p.edges))
	for k := range p.edges {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b hopKey) int {
		return cmp.Or(cmp.Compare(a.txid, b.txid), cmp.Compare(a.in, b.in), cmp.Compare(a.out, b.out))
	})
	for _, k := range keys {
		e := p.edges[k]
		leaving[e.from] = append(leaving[e.from], &e)
		coming[e.to] = append(coming[e.to], &e)
	}
	rest := p.rest(coming)
	var q costs
	for _, out := range sortedOutpoints(p.sides[0].subject) {
		if r, ok := rest[out]; ok {
			q.push(costed{rank: r, out: out})
		}
	}
	times := map[tamga.Outpoint]int{}
	for len(q) > 0 && len(best) < p.o.K {
		at := q.pop()
		if times[at.out]++; times[at.out] > p.o.K {
			continue
		}
		if _, there := p.sides[1].subject[at.out]; there {
			best = append(best, at.way())
			continue
		}
		for _, e := range leaving[at.out] {
			if r, ok := rest[e.to]; ok {
				q.push(costed{cost: at.cost + e.cost, rank: at.cost + e.cost + r, out: e.to, edge: e, last: &at})
			}
		}
	}
	return best
}

// rest is the cost from each outpoint to the second subject, where it leads there.
func (p *pathFinder) rest(coming map[tamga.Outpoint][]*pathEdge) map[tamga.Outpoint]float64 {
	rest := map[tamga.Outpoint]float64{}
	var q costs
	for out := range p.sides[1].subject {
		rest[out] = 0
		q.push(costed{out: out})
	}
	for len(q) > 0 {
		at := q.pop()
		if at.cost > rest[at.out] {
			continue
		}
		for _, e := range coming[at.out] {
			cost := at.cost + e.cost
			if c, seen := rest[e.from]; !seen || cost < c {
				rest[e.from] = cost
				q.push(costed{cost: cost, rank: cost, out: e.from})
			}
		}
	}
	return rest
}

func (c *costed) way() way {
	w := way{cost: c.cost}
	for at := c; at.edge != nil; at = at.last {
		w.edges = append(w.edges, *at.edge)
	}
	slices.Reverse(w.edges)
	return w
}
