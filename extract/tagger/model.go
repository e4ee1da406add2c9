package tagger

// Model is a trained tagger. It is safe for concurrent use.
type Model struct {
	sieve []uint64 // a bit for the head of each key: most unknown features are known for such at once
	table []slot   // open addressing, a power of two long, at most half full
	mask  uint32
	rows  []int8 // of width each
	scale float32
	next  [registers][labels + 1][labels]float32
	words []string
}

type slot struct {
	key uint32
	row int32 // 0 for none
}

// A row of the model is the weights of a feature in talk, in news, and for the
// register itself.
const (
	rowTalk   = 0
	rowNews   = 1 + 4
	rowManner = rowNews + labels
	width     = rowManner + 1
)

var rowAt = [registers]int{Talk: rowTalk, News: rowNews}

// limit of a weight; a larger one is cut when the model is packed.
const maxWeight = 6

// pack makes a model of the mean of the weights.
func pack(keys []uint32, t *trainer, n float32, manner map[uint32]float32) *Model {
	m := &Model{scale: maxWeight / 127.0}
	values := make([][width]int8, 0, len(keys))
	var kept []uint32
	for id, k := range keys {
		var v [width]int8
		row := t.sum[id*stride : id*stride+stride]
		for r := range registers {
			for y := range used[r] {
				v[rowAt[r]+y] = quantum((row[y]+row[partAt[r]+y])/n, m.scale)
			}
		}
		v[rowManner] = quantum(manner[k], m.scale)
		if v != ([width]int8{}) {
			kept, values = append(kept, k), append(values, v)
		}
	}
	for r := range t.next {
		for a := range t.next[r].sum {
			for b, w := range t.next[r].sum[a] {
				m.next[r][a][b] = w / n
			}
		}
	}
	m.build(kept, values)
	return m
}

func quantum(w, scale float32) int8 {
	q := w / scale
	switch {
	case q > 127:
		return 127
	case q < -127:
		return -127
	case q < 0:
		return int8(q - 0.5)
	}
	return int8(q + 0.5)
}

// The sieve is small enough for the cache of a processor.
const (
	sieveLog  = 20
	sieveBits = 1 << sieveLog
)

// build makes the table.
func (m *Model) build(keys []uint32, values [][width]int8) {
	size := uint32(2)
	for int(size) < 2*len(keys) {
		size *= 2
	}
	m.table, m.mask = make([]slot, size), size-1
	m.rows = make([]int8, (len(keys)+1)*width) // row 0 is of no feature
	m.sieve = make([]uint64, sieveBits/64)
	for i, k := range keys {
		b := k >> (32 - sieveLog)
		m.sieve[b/64] |= 1 << (b % 64)
		copy(m.rows[(i+1)*width:], values[i][:])
		at := k & m.mask
		for m.table[at].row != 0 {
			at = (at + 1) & m.mask
		}
		m.table[at] = slot{k, int32(i + 1)}
	}
}

// row is the weights of a feature, nil where it has none.
func (m *Model) row(k uint32) []int8 {
	if b := k >> (32 - sieveLog); m.sieve[b/64]&(1<<(b%64)) == 0 {
		return nil
	}
	return m.find(k)
}

func (m *Model) find(k uint32) []int8 {
	for at := k & m.mask; ; at = (at + 1) & m.mask {
		s := m.table[at]
		if s.row == 0 {
			return nil
		}
		if s.key == k {
			return m.rows[int(s.row)*width : int(s.row)*width+width]
		}
	}
}

// Size is how many features the model holds.
func (m *Model) Size() int { return len(m.rows)/width - 1 }

// Words are the words, in small letters, for which a sentence is worth tagging
// whatever else it holds.
func (m *Model) Words() []string { return m.words }
