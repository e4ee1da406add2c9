package bitcoin

import "sort"

// numbered is a table of all layers whose rows are asked for by number.
type numbered struct {
	first []int // number of the first row of each part
	parts []*segment
	n     int
}

func (t *numbered) add(s *segment) {
	t.first = append(t.first, t.n)
	t.parts = append(t.parts, s)
	t.n += s.len()
}

func (t *numbered) len() int { return t.n }

func (t *numbered) at(i int) []byte {
	part := sort.Search(len(t.first), func(k int) bool { return t.first[k] > i }) - 1
	return t.parts[part].at(i - t.first[part])
}

// sure says whether a row is as it was written.
func (t *numbered) sure(i int) error {
	part := sort.Search(len(t.first), func(k int) bool { return t.first[k] > i }) - 1
	return t.parts[part].sure(i - t.first[part])
}

// keyed is a table of all layers whose rows are asked for by key. The parts are in
// chain order.
type keyed []*segment

// lookup calls f for every row with a key, in chain order, until it returns false.
func (t keyed) lookup(key uint64, f func(a, b uint32) bool) error {
	for _, s := range t {
		if more, err := s.lookup(key, f); err != nil || !more {
			return err
		}
	}
	return nil
}
