package bitcoin

import "fmt"

// HeaderAt returns the 80 bytes of the header of the block at a height of the
// best chain; ok is false where the index holds none, or was made of
// transactions as JSON.
func (x *Index) HeaderAt(height int64) (h []byte, ok bool, err error) {
	if x.data != nil || height < 0 {
		return nil, false, nil
	}
	for i := range x.blocks.len() {
		b := x.block(uint32(i))
		if b.height != height {
			continue
		}
		f, err := x.blockFile(b.file)
		if err != nil {
			return nil, false, err
		}
		h := make([]byte, headerSize)
		if _, err := f.ReadAt(h, b.offset); err != nil {
			return nil, false, fmt.Errorf("read block %s: %w", b.id, err)
		}
		unmask(h, x.key, b.offset)
		if header(h).hash() != b.id {
			return nil, false, fmt.Errorf("block %s is not where the index has it: build it again", b.id)
		}
		return h, true, nil
	}
	return nil, false, nil
}
