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

// Free tells how many bytes of the file system that holds dir an ordinary user
// may still write, and how large it is.
func Free(dir string) (free, total int64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize), nil
}

// CheckDisk is ErrDisk where less than keep bytes are free in dir; 0 is the
// default.
func CheckDisk(dir string, keep int64) error {
	free, total, err := Free(dir)
	if err != nil {
		return err
	}
	if keep <= 0 {
		keep = min(defaultFree, total/20)
	}
	if free < keep {
		return fmt.Errorf("%w: %d MiB free in %s, and watch.min_free keeps %d MiB", ErrDisk, free>>20, dir, keep>>20)
	}
	return nil
}

// Memory is what the Go runtime holds of the system's memory, in bytes.
func Memory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

// CheckMemory is ErrMemory where the program holds more than limit bytes even
// after what is not in use was given back.
func CheckMemory(limit int64) error {
	if limit <= 0 || Memory() <= limit {
		return nil
	}
	debug.FreeOSMemory()
	if held := Memory(); held > limit {
		return fmt.Errorf("%w: %d MiB are in use, and watch.memory allows %d MiB", ErrMemory, held>>20, limit>>20)
	}
	return nil
}
