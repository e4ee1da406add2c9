package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// reclaimEvery is the time between two looks at what is resident of mapped files.
const reclaimEvery = 25 * time.Millisecond

// boundMapped keeps what is resident of mapped files near limit bytes, until ctx
// ends: an index that grows is merged through mappings of all of its files, and
// their pages count as memory of the program although any of them can be read
// again. It asks the kernel to take back those of files in dir and of the program,
// which is advice that changes no content (MADV_PAGEOUT, Linux 5.4); where it is
// refused, nothing happens.
func boundMapped(ctx context.Context, dir string, limit int64) {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	for tick := time.NewTicker(reclaimEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		if mappedResident() > limit && !pageOut(dir+"/", exe) {
			tick.Stop()
			return
		}
	}
}

// mappedResident are the bytes of mapped files that are resident, 0 where that
// cannot be told.
func mappedResident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	var size, resident, shared int64
	if err != nil {
		return 0
	}
	if _, err := fmt.Sscan(string(b), &size, &resident, &shared); err != nil {
		return 0
	}
	return shared * int64(os.Getpagesize())
}

// pageOut gives back the pages of mapped files whose path begins with one of names;
// false where the kernel does not know how.
func pageOut(names ...string) bool {
	b, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return false
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		line := lines.Text()
		at := strings.IndexByte(line, '/')
		if at < 0 || !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(line[at:], name) }) {
			continue
		}
		var from, to uintptr
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
			return false
		}
		// A file may be unmapped meanwhile, and its place hold other memory: the
		// advice is harmless to that, and an error means no more than that it is gone.
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, from, to-from, unix.MADV_PAGEOUT); errno == syscall.EINVAL {
			return false
		}
	}
	return true
}
