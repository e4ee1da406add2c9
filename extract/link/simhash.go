package link

import "math/bits"

// SimHash is the 64-bit sketch of a text (Charikar 2002) over runs of three words:
// near-duplicates differ in few bits (Manku, Jain and Das Sarma 2007 take up to 3).
// A text without words has the sketch 0.
func SimHash(text string) uint64 { return simHash(shingles(words(clip(text)), 3)) }

func simHash(features []uint64) (sketch uint64) {
	if len(features) == 0 {
		return 0
	}
	var sum [64]int32
	for _, f := range features {
		for i := range sum {
			sum[i] += int32(f>>i&1)<<1 - 1
		}
	}
	for i, n := range sum {
		if n > 0 {
			sketch |= 1 << i
		}
	}
	return sketch
}

// Distance is the number of bits in which two sketches differ, 0 to 64.
func Distance(a, b uint64) int { return bits.OnesCount64(a ^ b) }

// nearBits is the greatest distance of near-duplicates.
const nearBits = 3

// quarters are four keys of a sketch. Two sketches that differ in nearBits bits or
// fewer share at least one.
func quarters(sketch uint64) (keys [4]uint64) {
	for i := range keys {
		keys[i] = uint64(i)<<16 | sketch>>(16*i)&0xffff
	}
	return keys
}
