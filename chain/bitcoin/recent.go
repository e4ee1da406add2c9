package bitcoin

import (
	"cmp"
	"sync"
)

// maxRecent bounds the bytes of transactions kept at hand. A trace asks for most
// of them several times: as a spender, as itself, and as what others spend.
const maxRecent = 32 << 20

// recent keeps transactions that were read, by number. They are not changed once
// they are in it. Its zero value is ready.
type recent struct {
	mu   sync.Mutex
	by   map[uint32]*stored
	size int
	most int // maxRecent where 0
}

// recall is load for what is likely to be asked for again.
func (x *Index) recall(num uint32) (*stored, error) {
	r := &x.recent
	r.mu.Lock()
	s := r.by[num]
	r.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := x.load(num)
	if err != nil {
		return nil, err
	}
	size := len(s.tx.raw) + 512 // and what goes with it
	for _, p := range s.prev {
		size += 48 + len(p.out.script)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil || r.size+size > cmp.Or(r.most, maxRecent) {
		r.by, r.size = map[uint32]*stored{}, 0
	}
	if r.by[num] == nil {
		r.by[num] = s
		r.size += size
	}
	return s, nil
}
