package bitcoin

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
)

// The cut of the ordered chain into layers. It depends on the chain alone, never
// on memory, workers, or how the index came to be.
const (
	// layerRows closes a base layer: at the first end of a block at which its
	// sorted tables have this many rows. 64 MiB of them, some 300 MB of blocks.
	layerRows = 1 << 22

	// layerFan is how many layers of a level make one of the next.
	layerFan = 8

	// settleDepth is how many blocks from the end the last block of a layer must
	// be for it to be merged with others. A reorganisation of fewer blocks touches
	// base layers only.
	settleDepth = 128
)

// cutRules are the numbers that the cut depends on; tests make them small.
type cutRules struct {
	rows        int64
	fan, settle int
}

var defaultCut = cutRules{layerRows, layerFan, settleDepth}

// span is a run of the ordered chain that a layer is about.
type span struct {
	level      int // 0: a base layer, or the rest at the end
	unit       int // number of its first base layer
	first, end int // blocks
	id         string
}

// plan is the cut of a chain.
type plan struct {
	cutRules
	units  []span // the base layers, the rest at the end among them
	layers []span // what the index is made of
}

// cut cuts the ordered chain into layers.
func cut(ordered []placed, r cutRules) *plan {
	p := &plan{cutRules: r}
	h := sha256.New()
	settled, sum, first := 0, int64(0), 0
	var buf []byte
	closeUnit := func(end int) {
		p.units = append(p.units, span{unit: len(p.units), first: first, end: end, id: hex.EncodeToString(h.Sum(nil)[:16])})
		first, sum = end, 0
	}
	for i := range ordered {
		info := ordered[i].info()
		buf = info.bytes(buf[:0])
		h.Write(buf)
		if sum += ordered[i].rows(); sum >= r.rows {
			closeUnit(i + 1)
			if i+1 <= len(ordered)-r.settle {
				settled++
			}
		}
	}
	if first < len(ordered) {
		closeUnit(len(ordered))
	}
	p.layers = r.digits(p.units, settled)
	return p
}

// digits writes the number of settled base layers in base fan: each digit is that
// many layers of the level. What is not settled stays as it is.
func (r cutRules) digits(units []span, settled int) (layers []span) {
	level, size := 0, 1
	for size <= settled/r.fan {
		level, size = level+1, size*r.fan
	}
	at := 0
	for ; level >= 0; level, size = level-1, size/r.fan {
		for ; settled-at >= size; at += size {
			layers = append(layers, spanOf(units[at:at+size], level))
		}
	}
	return append(layers, units[at:]...)
}

func spanOf(units []span, level int) span {
	s := units[len(units)-1]
	s.level, s.unit, s.first = level, units[0].unit, units[0].first
	return s
}

// children are the layers of the level below that make a layer.
func (p *plan) children(s span) []span {
	size := 1
	for range s.level - 1 {
		size *= p.fan
	}
	out := make([]span, 0, p.fan)
	for i := range p.fan {
		out = append(out, spanOf(p.units[s.unit+i*size:s.unit+(i+1)*size], s.level-1))
	}
	return out
}

// numberTxs gives every block the number of its first transaction.
func numberTxs(ordered []placed) (txs int64, err error) {
	for i := range ordered {
		if txs+int64(ordered[i].txs) > math.MaxUint32 {
			return 0, errOverflow
		}
		ordered[i].firstTx = uint32(txs)
		txs += int64(ordered[i].txs)
	}
	return txs, nil
}
