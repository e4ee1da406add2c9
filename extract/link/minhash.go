package link

// The shape of a MinHash sketch: bins, cut for the search into bands of rows. Two
// texts are found with probability 1−(1−s^rows)^bands at a likeness of s: .5 at
// s = .4, .98 at s = .6.
const (
	bins  = 128
	rows  = 4
	bands = bins / rows
)

// minHash is a sketch of a set of features by one-permutation hashing (Li, Owen
// and Zhang 2012): a bin is the least hash that fell into it. Empty bins borrow
// from the next full one to their right, with an offset that keeps two borrowers
// of one bin apart (Shrivastava and Li 2014). It is nil for an empty set.
type minHash *[bins]uint64

func newMinHash(features []uint64) minHash {
	if len(features) == 0 {
		return nil
	}
	const empty = ^uint64(0)
	var m [bins]uint64
	for i := range m {
		m[i] = empty
	}
	for _, f := range features {
		i, v := f%bins, f/bins
		m[i] = min(m[i], v)
	}
	last, away := empty, uint64(0)
	for i := 2*bins - 1; i >= 0; i-- { // twice round, so the last bins find the first
		v := &m[i%bins]
		switch {
		case *v != empty && *v>>57 == 0: // f/bins has 57 bits; a borrowed bin has more
			last, away = *v, 0
		case last != empty && *v == empty:
			away++
			*v = last | away<<57
		default:
			away++
		}
	}
	return &m
}

// likeness estimates the Jaccard index of two sets, with a standard error of at
// most 1/√128.
func likeness(a, b minHash) float64 {
	if a == nil || b == nil {
		return 0
	}
	same := 0
	for i := range a {
		if a[i] == b[i] {
			same++
		}
	}
	return float64(same) / bins
}

// bandKeys are the keys under which a sketch is found.
func bandKeys(m minHash) (keys [bands]uint64) {
	for i := range keys {
		h := uint64(i) + 1
		for _, v := range m[i*rows : (i+1)*rows] {
			h = mix(h*0x9E3779B97F4A7C15 ^ v)
		}
		keys[i] = h
	}
	return keys
}

func clip(s string) string { return s[:min(len(s), maxText)] }
