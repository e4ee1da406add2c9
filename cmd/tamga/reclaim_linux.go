package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"tamga/index"
)

// reclaimEvery is the time between two looks at what is resident of mapped files.
const reclaimEvery = 25 * time.Millisecond

// boundMapped keeps what is resident of mapped files near limit bytes, until ctx
// ends: an index that grows is merged through mappings of its files, and their
// pages count as memory of the program although any of them can be read again.
func boundMapped(ctx context.Context, store index.Store, limit int64) {
	s, ok := store.(interface{ ReleaseMapped() error })
	if !ok {
		return
	}
	for tick := time.NewTicker(reclaimEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		if mappedResident() > limit && s.ReleaseMapped() != nil {
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
