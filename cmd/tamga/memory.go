package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Memory of a verb that writes, in bytes: a crawl or a watch stays within 300 MiB with
// what the program and its libraries have mapped.
const (
	memoryTarget = 136 << 20 // of the collector, with everything a small workspace holds
	memoryRoom   = 96 << 20  // of it for what reading leaves behind, whatever the workspace holds
	memoryMapped = 80 << 20  // resident of mapped files, the program among them
)

// boundMemory asks the collector to keep what reading leaves behind within a bound, so
// that a run of huge pages costs time and not memory. It is a target for garbage, not a
// limit on what is in use. GOMEMLIMIT overrides it.
func (a *app) boundMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	target := a.memory
	if target == 0 {
		target = garbageTarget()
	}
	debug.SetMemoryLimit(target)
}

// garbageTarget is the bound for the workspace that is open: a large one keeps more in
// memory for good, and a collector that was asked for less than that would do nothing
// else.
func garbageTarget() int64 {
	runtime.GC()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 {
		return memoryTarget
	}
	return max(memoryTarget, int64(live[0].Value.Uint64())+memoryRoom)
}
