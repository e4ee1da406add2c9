package bitcoin

import "fmt"

// defaultMemory is what a build may use where nobody says.
const defaultMemory = 4 << 30

// What a build needs at least, in bytes.
const (
	fixedMemory  = 72 << 20 // the program, and the buffers of a merge
	workerMemory = 16 << 20 // of each worker: what is read ahead, and a block
	blockMemory  = 320      // of each block found
)

// fits bounds the workers by the memory there is, and refuses where one of them
// has too little.
func (b *builder) fits(blocks int) error {
	// A base layer may have a block's rows more than it needs, and sorting takes room
	// for the largest of its tables, which is about half of it.
	least := int64(fixedMemory) + b.o.cut.rows*hashRow*7/4 + int64(blocks)*blockMemory
	if b.o.MemoryLimit < least+workerMemory {
		return fmt.Errorf("a memory limit of %d MiB is too small: these blocks need %d MiB", b.o.MemoryLimit>>20, (least+workerMemory)>>20+1)
	}
	b.o.Workers = int(min(int64(b.o.Workers), (b.o.MemoryLimit-least)/workerMemory))
	return nil
}
