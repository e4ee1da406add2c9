package bitcoin

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sync/atomic"
)

// pageSize is how many bytes of a layer have a checksum of their own. A look-up
// that goes by a damaged row could miss what is there, so each page is compared
// with its checksum when it is first looked at.
const pageSize = 16 << 10

// sumSize is how many bytes the checksums of a body take.
func sumSize(body int64) int64 { return (body + pageSize - 1) / pageSize * 4 }

// pages are the checksums (CRC-32C) at the end of a file, and which of its pages
// were compared. They are safe for use by several goroutines.
type pages struct {
	name string
	body []byte
	sums []byte
	seen []atomic.Uint32 // a bit a page
}

// newPages takes a file apart into what it holds and its checksums.
func newPages(name string, file []byte, body int64) *pages {
	p := &pages{name: name, body: file[:body], sums: file[body:]}
	p.seen = make([]atomic.Uint32, (len(p.sums)/4+31)/32)
	return p
}

// check compares the pages that hold the bytes from a place up to another; the
// error is ErrDamaged.
func (p *pages) check(from, to int) error {
	for i := from / pageSize; i*pageSize < to; i++ {
		word, bit := &p.seen[i/32], uint32(1)<<(i%32)
		if word.Load()&bit != 0 {
			continue
		}
		page := p.body[i*pageSize : min((i+1)*pageSize, len(p.body))]
		if crc32.Checksum(page, castagnoli) != binary.LittleEndian.Uint32(p.sums[i*4:]) {
			return fmt.Errorf("%w: %s differs from its checksums at byte %d", ErrDamaged, p.name, i*pageSize)
		}
		word.Or(bit)
	}
	return nil
}

// pageSums makes the checksums of what is written.
type pageSums struct {
	crc  uint32
	n    int // bytes of the page under way
	sums []byte
}

func (p *pageSums) write(b []byte) {
	for len(b) > 0 {
		part := b[:min(len(b), pageSize-p.n)]
		p.crc = crc32.Update(p.crc, castagnoli, part)
		p.n += len(part)
		b = b[len(part):]
		if p.n == pageSize {
			p.close()
		}
	}
}

func (p *pageSums) close() {
	if p.n > 0 {
		p.sums = binary.LittleEndian.AppendUint32(p.sums, p.crc)
		p.crc, p.n = 0, 0
	}
}
