package bitcoin

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"tamga/chain/chaintest"
)

// limited is how TestMemory cuts: layers of 4 MiB, so that a chain of 48 MB has ten.
var limited = Options{MemoryLimit: 112 << 20, Workers: 2, cut: cutRules{rows: 1 << 16, fan: 4, settle: 12}}

const childMemory = "TAMGA_TEST_PEAK"

// TestMemoryProcess builds within a limit and prints its peak.
func TestMemoryProcess(t *testing.T) {
	blocks := os.Getenv(childMemory)
	if blocks == "" {
		t.Skip("part of TestMemory")
	}
	if _, err := Build(context.Background(), os.Getenv(childDir), blocks, limited); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Printf("peak=%s\n", strings.Fields(after)[0])
}

// TestMemory: a build within little memory keeps to it and makes the same bytes; one
// that cannot says how much it needs.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 48 MB of blocks")
	}
	ctx := context.Background()
	size := int64(48 << 20)
	if raceEnabled {
		size /= 6
	}
	blocks, made := synthetic(t, chaintest.Synthetic{Seed: 3, Size: size, BlockSize: 400_000, FileSize: 8 << 20})
	dir := t.TempDir()
	cmd := child(t, dir, "", childMemory+"="+blocks)
	cmd.Args[1] = "-test.run=^TestMemoryProcess$"
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, after, ok := bytes.Cut(out, []byte("peak=")); ok && !raceEnabled {
		kb, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.SplitN(after, []byte("\n"), 2)[0])), 10, 64)
		if err != nil || kb<<10 > limited.MemoryLimit {
			t.Fatalf("peak of %d KiB with a limit of %d: %v", kb, limited.MemoryLimit>>10, err)
		}
		t.Logf("peak of %d MiB with a limit of %d, blocks of %d MB", kb>>10, limited.MemoryLimit>>20, made.Bytes>>20)
	}
	ample := limited
	ample.MemoryLimit, ample.Workers = 0, 1
	equalsWhole(t, dir, blocks, ample)

	scarce := limited
	scarce.MemoryLimit = 80 << 20
	if _, err := Build(ctx, t.TempDir(), blocks, scarce); err == nil || !strings.Contains(err.Error(), "memory limit of 80 MiB is too small") {
		t.Fatalf("%v", err)
	}
}
