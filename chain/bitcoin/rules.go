package bitcoin

import "slices"

// rules are what people say about wallets, while they are joined: pairs of
// scripts that must not meet, and whose tags scripts carry.
type rules struct {
	sets   forest
	apart  []pair
	ends   map[uint32][]uint32 // by root: pairs that have an end in it
	owners map[uint32][]uint32 // by root: different owners that tags name
}

// pair is two scripts that a decision keeps apart.
type pair struct {
	a, b     uint32
	decision int
}

// refusal is a union that a decision stopped.
type refusal struct {
	merge
	decision int
}

func newRules(sets forest) *rules {
	return &rules{sets: sets, ends: map[uint32][]uint32{}, owners: map[uint32][]uint32{}}
}

// keepApart adds a pair; both are roots still.
func (r *rules) keepApart(p pair) {
	n := uint32(len(r.apart))
	r.apart = append(r.apart, p)
	r.ends[p.a] = append(r.ends[p.a], n)
	r.ends[p.b] = append(r.ends[p.b], n)
}

// carries says that a tag names the owner of a script, which is a root still.
func (r *rules) carries(script, owner uint32) {
	if !slices.Contains(r.owners[script], owner) {
		r.owners[script] = append(r.owners[script], owner)
	}
}

// forbids tells whether the union of two roots would bring a pair together, and
// by which decision: the first of them.
func (r *rules) forbids(a, b uint32) (decision int, no bool) {
	list, other := r.ends[a], b
	if len(r.ends[b]) < len(list) {
		list, other = r.ends[b], a
	}
	for _, n := range list {
		p := r.apart[n]
		if r.sets.find(p.a) != other && r.sets.find(p.b) != other {
			continue
		}
		if !no || p.decision < decision {
			decision, no = p.decision, true
		}
	}
	return decision, no
}

// differ tells whether tags name owners of both roots and none of both.
func (r *rules) differ(a, b uint32) bool {
	x, y := r.owners[a], r.owners[b]
	if len(x) == 0 || len(y) == 0 {
		return false
	}
	if len(x) > len(y) {
		x, y = y, x
	}
	for _, o := range x {
		if slices.Contains(y, o) {
			return false
		}
	}
	return true
}

// follow gives what a former root had to the root it went to.
func (r *rules) follow(root, was uint32) {
	if less, ok := r.ends[was]; ok {
		delete(r.ends, was)
		more := r.ends[root]
		if len(more) < len(less) {
			more, less = less, more
		}
		r.ends[root] = append(more, less...)
	}
	if owners, ok := r.owners[was]; ok {
		delete(r.owners, was)
		for _, o := range owners {
			r.carries(root, o)
		}
	}
}
