package bitcoin

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"tamga/chain/chaintest"
)

// walletsAlone names the folder of an index to TestWalletsAlone.
const walletsAlone = "TAMGA_TEST_WALLETS"

// TestWalletsAlone builds wallets in a process that does nothing else, for
// BenchmarkWallets: the peak of its resident memory is the build's.
func TestWalletsAlone(t *testing.T) {
	dir := os.Getenv(walletsAlone)
	if dir == "" {
		t.Skip("runs as a part of BenchmarkWallets")
	}
	memory, _ := strconv.ParseInt(os.Getenv("TAMGA_TEST_MEMORY"), 10, 64)
	start := time.Now()
	if err := BuildWallets(context.Background(), dir, &Options{MemoryLimit: memory}); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, after, _ := bytes.Cut(status, []byte("VmHWM:"))
	line, _, _ := bytes.Cut(after, []byte("kB"))
	t.Logf("peak=%s\nnanoseconds=%d\n", bytes.TrimSpace(line), time.Since(start))
}

// BenchmarkWallets builds the wallets of synthetic chains of 30 MB and of ten and,
// where TAMGA_BENCH_INDEX=100 asks, a hundred times as much, each in a process of its
// own, and prints the speed against the blocks' bytes and against that of 30 MB in the
// same run, and the peak resident memory, mapped files included. TAMGA_BENCH_MEMORY is
// the memory setting in MiB.
func BenchmarkWallets(b *testing.B) {
	most := envInt(b, "TAMGA_BENCH_INDEX", 10)
	memory := envInt(b, "TAMGA_BENCH_MEMORY", 0) << 20
	base := 0.0
	for times := int64(1); times <= most; times *= 10 {
		b.Run(strconv.FormatInt(times, 10)+"x", func(b *testing.B) {
			size := times * 30 << 20
			needs(b, 3*size)
			blocks, made := synthetic(b, chaintest.Synthetic{Seed: 1, Size: size})
			var took time.Duration
			var peak int64
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				dir := b.TempDir()
				if _, err := Build(context.Background(), dir, blocks, Options{}); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				p, d := walletsIn(b, dir, memory)
				took, peak = took+d, max(peak, p)
			}
			seconds := took.Seconds() / float64(b.N)
			speed := float64(made.Bytes) / 1e6 / seconds
			if times == 1 {
				base = speed
			}
			b.ReportMetric(speed, "MB/s")
			b.ReportMetric(float64(made.Transactions)/1e3/seconds, "ktx/s")
			if base > 0 {
				b.ReportMetric(speed/base, "speed/1x")
			}
			b.ReportMetric(float64(peak)/1024, "peak-MiB")
		})
	}
}

func walletsIn(b *testing.B, dir string, memory int64) (peak int64, took time.Duration) {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestWalletsAlone$", "-test.v")
	cmd.Env = append(os.Environ(), walletsAlone+"="+dir, "TAMGA_TEST_MEMORY="+strconv.FormatInt(memory, 10))
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	number := func(name string) int64 {
		_, after, _ := bytes.Cut(out, []byte(name+"="))
		digits, _, _ := bytes.Cut(after, []byte("\n"))
		n, err := strconv.ParseInt(string(digits), 10, 64)
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		return n
	}
	return number("peak"), time.Duration(number("nanoseconds"))
}
