package render

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// sent closes our copy of what the child has.
func (g *gate) sent() { g.theirs.Close() }

// end kills the browser with its children, which are in its process group or below it.
func end(pid int) {
	if pid <= 0 {
		return
	}
	for _, p := range family(pid) {
		_ = syscall.Kill(p, syscall.SIGKILL)
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
}

// held is the memory in bytes that a browser and its children hold for themselves:
// resident, without what is shared or of a file (proc(5), statm).
func held(pid int) (sum int64) {
	page := int64(os.Getpagesize())
	for _, p := range family(pid) {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p), "statm"))
		if f := bytes.Fields(b); err == nil && len(f) > 2 {
			resident, _ := strconv.ParseInt(string(f[1]), 10, 64)
			shared, _ := strconv.ParseInt(string(f[2]), 10, 64)
			sum += max(0, resident-shared) * page
		}
	}
	return sum
}

// maxFamily bounds the processes of a browser that are looked at.
const maxFamily = 200

// family is a process and all below it.
func family(pid int) []int {
	out := []int{pid}
	for i := 0; i < len(out) && len(out) < maxFamily; i++ {
		threads, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(out[i]), "task", "*", "children"))
		for _, t := range threads {
			b, _ := os.ReadFile(t)
			for _, f := range bytes.Fields(b) {
				if child, err := strconv.Atoi(string(f)); err == nil {
					out = append(out, child)
				}
			}
		}
	}
	return out
}
