package evidence

import "hash/maphash"

// holders tells of each payload, by the start of its digest, which capture holds it. It
// takes 36 to 45 bytes a payload where a map takes up to 84: an archive of millions of pages is
// opened on a laptop. The zero value is empty.
//
// It is cut into parts, so that growing moves one of them and not all. Where a key
// belongs is under a secret seed: no site can choose payloads that are slow to look up.
type holders struct {
	seed  maphash.Seed
	parts *[256]holderPart
}

// holderPart is a hash table with linear probing.
type holderPart struct {
	slots []holderSlot
	used  int
}

// holderSlot has the number of an entry, plus one, with the lowest byte first; 0 is free.
type holderSlot struct {
	key key
	seq [5]byte
}

// maxHolder is the last entry that a slot can name. Their offsets alone would then take
// 8 TiB of memory.
const maxHolder = 1<<40 - 2

func (s *holderSlot) get() int64 {
	n := int64(0)
	for i := len(s.seq) - 1; i >= 0; i-- {
		n = n<<8 | int64(s.seq[i])
	}
	return n - 1
}

func (s *holderSlot) set(k key, seq int64) {
	s.key = k
	for i, n := 0, seq+1; i < len(s.seq); i, n = i+1, n>>8 {
		s.seq[i] = byte(n)
	}
}

func (s *holderSlot) free() bool { return s.seq == [5]byte{} }

// home is where a key belongs: its part, and a number that is scaled to the part's size.
func (h *holders) home(k key) (p *holderPart, at uint64) {
	if h.parts == nil {
		h.seed, h.parts = maphash.MakeSeed(), new([256]holderPart)
	}
	sum := maphash.Bytes(h.seed, k[:])
	return &h.parts[sum>>56], sum & (1<<32 - 1)
}

// find returns the slot of a key, or the free one where it would go. There is one.
func (p *holderPart) find(k key, at uint64) int {
	i := int(at * uint64(len(p.slots)) >> 32)
	for !p.slots[i].free() && p.slots[i].key != k {
		if i++; i == len(p.slots) {
			i = 0
		}
	}
	return i
}

// get returns the capture that holds a payload.
func (h *holders) get(k key) (seq int64, ok bool) {
	if h.parts == nil {
		return 0, false
	}
	p, at := h.home(k)
	if p.used == 0 {
		return 0, false
	}
	s := &p.slots[p.find(k, at)]
	return s.get(), !s.free()
}

// put says which capture holds a payload. seq is from 0 to maxHolder.
func (h *holders) put(k key, seq int64) {
	p, at := h.home(k)
	if p.used >= len(p.slots)/5*4 {
		h.grow(p)
	}
	s := &p.slots[p.find(k, at)]
	if s.free() {
		p.used++
	}
	s.set(k, seq)
}

func (h *holders) grow(p *holderPart) {
	old := p.slots
	p.slots = make([]holderSlot, max(20, (len(old)+len(old)/4)/5*5))
	for i := range old {
		if s := &old[i]; !s.free() {
			_, at := h.home(s.key)
			p.slots[p.find(s.key, at)] = *s
		}
	}
}

// remove forgets a payload. What stands behind it moves up where it may, so that no
// search ends too early.
func (h *holders) remove(k key) {
	if _, ok := h.get(k); !ok {
		return
	}
	p, at := h.home(k)
	i := p.find(k, at)
	p.used--
	n := len(p.slots)
	for j := (i + 1) % n; !p.slots[j].free(); j = (j + 1) % n {
		_, at := h.home(p.slots[j].key)
		want := int(at * uint64(n) >> 32)
		if (j-want+n)%n >= (j-i+n)%n {
			p.slots[i] = p.slots[j]
			i = j
		}
	}
	p.slots[i] = holderSlot{}
}
