package bitcoin

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tamga/chain/chaintest"
)

// BenchmarkBuild indexes the real blocks, each an island of its own, and prints
// how the index's size compares with theirs.
func BenchmarkBuild(b *testing.B) {
	var file []byte
	for _, raw := range realBlocks(b) {
		file = append(file, 0xf9, 0xbe, 0xb4, 0xd9)
		file = append(binary.LittleEndian.AppendUint32(file, uint32(len(raw))), raw...)
	}
	blocks := b.TempDir()
	if err := os.WriteFile(filepath.Join(blocks, "blk00000.dat"), file, 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	var s Summary
	for b.Loop() {
		var err error
		if s, err = Build(context.Background(), b.TempDir(), blocks, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(s.IndexBytes)/float64(s.SourceBytes), "index/blocks")
}

// BenchmarkIndex indexes synthetic chains of 30 MB and of ten and, where
// TAMGA_BENCH_INDEX=100 asks, a hundred times as much, from blocks that are in the page
// cache. It prints the speed against that of 30 MB in the same run, the size of the index
// against the blocks, the peak resident memory of a process that does nothing else, and the
// speed by the processor time of all workers, for machines that do other things.
// TAMGA_BENCH_MEMORY is the memory setting in MiB, TAMGA_BENCH_UNDO=1 writes rev*.dat too.
// Blocks and indexes are in the folder for temporary files (TMPDIR), which must be a disk.
func BenchmarkIndex(b *testing.B) {
	most := envInt(b, "TAMGA_BENCH_INDEX", 10)
	memory := envInt(b, "TAMGA_BENCH_MEMORY", 0) << 20
	base := 0.0 // MB a second at 1x
	for times := int64(1); times <= most; times *= 10 {
		b.Run(fmt.Sprintf("%dx", times), func(b *testing.B) {
			size := times * 30 << 20
			needs(b, 2*size)
			blocks, made := synthetic(b, chaintest.Synthetic{Seed: 1, Size: size, Undo: os.Getenv("TAMGA_BENCH_UNDO") != ""})
			b.SetBytes(made.Bytes)
			dir := filepath.Join(b.TempDir(), "index")
			var s Summary
			used := -cpu(b)
			b.ResetTimer()
			for range b.N {
				var err error
				if s, err = Build(context.Background(), dir, blocks, Options{MemoryLimit: memory}); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				used += cpu(b)
				if err := os.RemoveAll(dir); err != nil {
					b.Fatal(err)
				}
				used -= cpu(b)
				b.StartTimer()
			}
			b.StopTimer()
			used += cpu(b)
			b.ReportMetric(float64(made.Bytes)*float64(b.N)/1e6/used, "MB/cpu-s")
			speed := float64(made.Bytes) * float64(b.N) / 1e6 / b.Elapsed().Seconds()
			if times == 1 {
				base = speed
			}
			b.ReportMetric(float64(s.IndexBytes)/float64(made.Bytes), "index/blocks")
			if base > 0 {
				b.ReportMetric(speed/base, "speed/1x")
			}
			b.ReportMetric(float64(peakOfBuild(b, blocks, memory))/(1<<20), "peak-MiB")
		})
	}
}

func envInt(b *testing.B, name string, or int64) int64 {
	s := os.Getenv(name)
	if s == "" {
		return or
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		b.Fatalf("%s=%s: %v", name, s, err)
	}
	return n
}

// needs skips a benchmark for which the disk has no room.
func needs(b *testing.B, size int64) {
	var fs unix.Statfs_t
	if err := unix.Statfs(os.TempDir(), &fs); err != nil {
		b.Fatal(err)
	}
	if free := int64(fs.Bavail) * int64(fs.Bsize); free < size+size/4 {
		b.Skipf("%d MB free in %s, this needs %d", free>>20, os.TempDir(), size>>20)
	}
}

// peakOfBuild indexes once more in a process of its own.
func peakOfBuild(b *testing.B, blocks string, memory int64) int64 {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestBuildAlone$", "-test.v")
	cmd.Env = append(os.Environ(), buildAlone+"="+blocks, "TAMGA_TEST_MEMORY="+strconv.FormatInt(memory, 10))
	out, err := cmd.CombinedOutput()
	_, after, found := bytes.Cut(out, []byte("peak="))
	number, _, _ := bytes.Cut(after, []byte("\n"))
	peak, perr := strconv.ParseInt(string(number), 10, 64)
	if err != nil || !found || perr != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return peak
}

const buildAlone = "TAMGA_TEST_BUILD_ALONE"

// TestBuildAlone is the process whose memory BenchmarkIndex measures. What the kernel
// counts of a process that was started begins at its parent's size, so it looks itself.
func TestBuildAlone(t *testing.T) {
	blocks := os.Getenv(buildAlone)
	if blocks == "" {
		t.Skip("part of BenchmarkIndex")
	}
	memory, err := strconv.ParseInt(os.Getenv("TAMGA_TEST_MEMORY"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Build(context.Background(), t.TempDir(), blocks, Options{MemoryLimit: memory}); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(after)
	kb, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("peak=%d\n", kb<<10)
}
