package watch

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall"
)

// Reasons to stop before the machine is in trouble.
var (
	ErrDisk   = errors.New("the disk is nearly full")
	ErrMemory = errors.New("memory has run out")
)

// defaultFree is kept free where nothing is said: that many bytes, or a
// twentieth of the disk where that is less.
const defaultFree = 1 << 30

// Guard knows what a watch may take of its machine.
type Guard struct {
	MinFree int64 // bytes kept free of each disk; 0: 1 GiB, or a twentieth of it where that is less
	Memory  int64 // bytes that the program may hold; 0: no limit

	Free func(dir string) (free, total int64, err error) // nil: Free
	Held func() int64                                    // nil: Memory
}

// Check is ErrDisk where less is free in one of dirs than is kept, and ErrMemory
// where the program holds more than it may, even after what is not in use was given
// back. To begin, there must be a quarter more than what is kept: a watch that has
// stopped for want of room does not begin again only to stop.
func (g Guard) Check(begin bool, dirs ...string) error {
	for _, dir := range dirs {
		if err := g.disk(begin, dir); err != nil {
			return err
		}
	}
	held := g.Held
	if held == nil {
		held = Memory
	}
	if g.Memory <= 0 || held() <= g.Memory {
		return nil
	}
	debug.FreeOSMemory()
	if n := held(); n > g.Memory {
		return fmt.Errorf("%w: %d MiB are in use, and watch.memory allows %d MiB", ErrMemory, n>>20, g.Memory>>20)
	}
	return nil
}

func (g Guard) disk(begin bool, dir string) error {
	look := g.Free
	if look == nil {
		look = Free
	}
	free, total, err := look(dir)
	if err != nil {
		return err
	}
	keep := g.MinFree
	if keep <= 0 {
		keep = min(defaultFree, total/20)
	}
	switch {
	case begin && free < keep+keep/4:
		return fmt.Errorf("%w: %s free in %s, and to begin it takes %s: a quarter more than watch.min_free keeps", ErrDisk, size(free), dir, size(keep+keep/4))
	case free < keep:
		return fmt.Errorf("%w: %s free in %s, and watch.min_free keeps %s", ErrDisk, size(free), dir, size(keep))
	}
	return nil
}

func size(n int64) string {
	if n < 10<<20 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// Free tells how many bytes of the file system that holds dir an ordinary user
// may still write, and how large it is.
func Free(dir string) (free, total int64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}

// Memory is what the Go runtime holds of the system's memory, in bytes.
func Memory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}
