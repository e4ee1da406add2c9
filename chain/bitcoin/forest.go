package bitcoin

// forest is a union-find structure over numbered scripts. The root of a set is
// its smallest member, so it does not depend on the order of the unions.
type forest struct {
	parent []uint32
	size   []uint32 // of the set, at its root
}

func newForest(n int) *forest {
	f := &forest{parent: make([]uint32, n), size: make([]uint32, n)}
	for i := range f.parent {
		f.parent[i], f.size[i] = uint32(i), 1
	}
	return f
}

// find returns the root of i, halving the path to it.
func (f *forest) find(i uint32) uint32 {
	for f.parent[i] != i {
		f.parent[i] = f.parent[f.parent[i]]
		i = f.parent[i]
	}
	return i
}

// union joins the sets of two roots.
func (f *forest) union(a, b uint32) {
	a, b = min(a, b), max(a, b)
	f.parent[b] = a
	f.size[a] += f.size[b]
}

// flatten makes every parent a root.
func (f *forest) flatten() {
	for i := range f.parent { // a parent is smaller: it is flat already
		f.parent[i] = f.parent[f.parent[i]]
	}
}
