package bitcoin

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tamga/chain/chaintest"
)

const (
	childBlocks = "TAMGA_TEST_BUILD"
	childDir    = "TAMGA_TEST_DIR"
	childLimit  = "TAMGA_TEST_FILE_LIMIT"
)

// child runs a build in a process of its own: this test binary, which is told by
// its environment to be that process.
func child(t *testing.T, dir, blocks string, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestBuildProcess$")
	cmd.Env = append(append(os.Environ(), childBlocks+"="+blocks, childDir+"="+dir), env...)
	return cmd
}

// TestBuildProcess is that process.
func TestBuildProcess(t *testing.T) {
	blocks := os.Getenv(childBlocks)
	if blocks == "" {
		t.Skip("part of TestKilled and TestDiskFull")
	}
	if os.Getenv(childLimit) != "" {
		signal.Ignore(syscall.SIGXFSZ) // so that a write fails, as on a full disk
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 6000, Max: 6000}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Build(context.Background(), os.Getenv(childDir), blocks, Options{cut: small}); err != nil {
		t.Fatal(err)
	}
}

// TestKilled kills builds at random moments, twenty times in their work. What is in
// the folder then is the old index, whole, or none; each build goes on where the one
// before was; and the last ends with the bytes of an undisturbed one.
func TestKilled(t *testing.T) {
	ctx := context.Background()
	b := chaintest.New("killed")
	rng := rand.New(rand.NewPCG(4, 4))
	payments(t, b, rng, 60)
	blocks, dir := newBlkFolder(t, 5), t.TempDir()
	blocks.append(t, b, b.Height())
	old, err := Build(ctx, dir, blocks.dir, Options{cut: small})
	if err != nil {
		t.Fatal(err)
	}
	payments(t, b, rng, 240)
	blocks.append(t, b, b.Height())
	clean := t.TempDir()
	if _, err := Build(ctx, clean, blocks.dir, Options{cut: small}); err != nil {
		t.Fatal(err)
	}
	want := contents(t, clean)
	journal := func() int64 {
		info, err := os.Stat(filepath.Join(dir, journalName))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	killed, resumed := 0, 0
	for killed < 20 {
		begin := journal()
		if begin > 0 {
			resumed++
		}
		cmd := child(t, dir, blocks.dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		// Once it has got further by so many bytes of the journal, and then a moment.
		further, moment := 1+rng.Int64N(6000), time.Duration(rng.IntN(3000))*time.Microsecond
		for ended := false; !ended; {
			select {
			case err := <-done:
				done <- err
				ended = true
			case <-time.After(200 * time.Microsecond):
				if journal() < begin+further {
					continue
				}
				time.Sleep(moment)
				cmd.Process.Kill()
				ended = true
			}
		}
		through := <-done == nil
		if !through {
			killed++
		}
		x, err := Open(dir)
		if err != nil {
			t.Fatalf("after kill %d: %v", killed, err)
		}
		if err := x.Verify(ctx); err != nil {
			t.Fatalf("after kill %d: %v", killed, err)
		}
		s := x.Summary()
		x.Close()
		if s.Blocks == old.Blocks {
			continue
		}
		if err := same(contents(t, dir), want); through && err != nil {
			t.Fatal(err)
		}
		// It came to its end: from the beginning again.
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		short := newBlkFolder(t, 5)
		short.append(t, b, int64(old.Blocks-1))
		if old, err = Build(ctx, dir, short.dir, Options{cut: small}); err != nil {
			t.Fatal(err)
		}
	}
	if killed < 20 || resumed < 5 {
		t.Fatalf("%d builds killed, %d resumed", killed, resumed)
	}
	if _, err := Build(ctx, dir, blocks.dir, Options{cut: small}); err != nil {
		t.Fatal(err)
	}
	if err := same(contents(t, dir), want); err != nil {
		t.Fatal(err)
	}
}

// TestInterrupted ends a build after each of its steps: the next one reads nothing
// twice.
func TestInterrupted(t *testing.T) {
	b := chaintest.New("interrupted")
	payments(t, b, rand.New(rand.NewPCG(5, 5)), 120)
	blocks := newBlkFolder(t, 4)
	blocks.append(t, b, b.Height())
	clean, dir := t.TempDir(), t.TempDir()
	full := int64(0)
	if _, err := Build(context.Background(), clean, blocks.dir, Options{cut: small, Progress: func(done, _ int64) { full = done }}); err != nil {
		t.Fatal(err)
	}
	sum, rounds := int64(0), 0
	for ; rounds < 1000; rounds++ {
		ctx, cancel := context.WithCancel(context.Background())
		read := int64(0)
		_, err := Build(ctx, dir, blocks.dir, Options{cut: small, Workers: 1, Progress: func(done, _ int64) {
			read = done
			if done > full/7 {
				cancel()
			}
		}})
		cancel()
		sum += read
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if err := same(contents(t, dir), contents(t, clean)); err != nil {
		t.Fatal(err)
	}
	if rounds < 5 || sum > 3*full {
		t.Fatalf("%d rounds read %d bytes, an undisturbed build %d", rounds, sum, full)
	}
}

// TestDiskFull: a write that fails ends the build with an error that says so; the
// old index stays, and the next build goes on.
func TestDiskFull(t *testing.T) {
	ctx := context.Background()
	b := chaintest.New("full")
	rng := rand.New(rand.NewPCG(6, 6))
	payments(t, b, rng, 10)
	blocks, dir := newBlkFolder(t, 500), t.TempDir()
	blocks.append(t, b, b.Height())
	if _, err := Build(ctx, dir, blocks.dir, Options{cut: small}); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	payments(t, b, rng, 120)
	blocks.append(t, b, b.Height())
	out, err := child(t, dir, blocks.dir, childLimit+"=1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "file too large") {
		t.Fatalf("%v: %s", err, out)
	}
	after := contents(t, dir)
	for name, text := range before {
		if after[name] != text {
			t.Fatalf("%s changed", name)
		}
	}
	x, err := Open(dir)
	if err != nil || x.Verify(ctx) != nil {
		t.Fatal(err)
	}
	x.Close()
	if _, err := Build(ctx, dir, blocks.dir, Options{cut: small}); err != nil {
		t.Fatal(err)
	}
	equalsWhole(t, dir, blocks.dir, Options{cut: small})
}
