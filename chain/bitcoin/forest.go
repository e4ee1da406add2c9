package bitcoin

// forest is a union-find structure over numbered scripts. The root of a set is
// its smallest member, so it does not depend on the order of the unions; numbers
// follow a hash, so linking by them keeps paths as short as linking by a random
// rank does (Goel and others 2014). A node is 8 bytes: parent and size are asked
// for together and share a cache line.
type forest []node

type node struct {
	parent uint32
	size   uint32 // of the set, at its root
}

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = node{uint32(i), 1}
	}
	return f
}

// find returns the root of i, halving the path to it.
func (f forest) find(i uint32) uint32 {
	for {
		p := f[i].parent
		if p == i {
			return i
		}
		g := f[p].parent
		if g == p {
			return p
		}
		f[i].parent = g
		i = g
	}
}

// union joins the sets of two roots and returns the root of both.
func (f forest) union(a, b uint32) uint32 {
	a, b = min(a, b), max(a, b)
	f[b].parent = a
	f[a].size += f[b].size
	return a
}

// flatten makes every parent a root.
func (f forest) flatten() {
	for i := range f { // a parent is smaller: it is flat already
		f[i].parent = f[f[i].parent].parent
	}
}

// touch reads where some scripts stand, so that the processor fetches them side
// by side and not one after the other when they are joined.
func (f forest) touch(ms []merge) (sum uint32) {
	for i := range ms {
		sum += f[ms[i].a].parent + f[ms[i].b].parent
	}
	return sum
}
