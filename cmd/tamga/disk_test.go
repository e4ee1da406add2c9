package main

import (
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tamga/internal/demo"
)

// fullRounds is how often the disk is full in a test.
const fullRounds = 6

// A file that may not grow any more, at a random size, stops the crawl cleanly;
// with room again it goes on and lacks nothing.
func TestFileLimit(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	fullThenRoom(t, t.TempDir(), func(c *cli, args []string) (string, error) {
		blocks := strconv.Itoa(40 + rng.IntN(600)) // of 512 bytes or 1 KiB, as the shell has it
		cmd := exec.Command("sh", append([]string{"-c", `ulimit -f "$0" && exec "$@"`, blocks}, c.command(args...).Args...)...)
		cmd.Env = c.command(args...).Env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}, func() {})
}

// The same of a whole disk: a tmpfs, which only root may mount.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m", "tamga-test", dir).CombinedOutput(); err != nil {
		t.Skipf("no small disk: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmount: %v: %s", err, out)
		}
	})
	size := func(kib int) {
		if out, err := exec.Command("mount", "-o", "remount,size="+strconv.Itoa(kib)+"k", dir).CombinedOutput(); err != nil {
			t.Fatalf("remount: %v: %s", err, out)
		}
	}
	rng := rand.New(rand.NewPCG(7, 8))
	fullThenRoom(t, dir, func(c *cli, args []string) (string, error) {
		size(700 + rng.IntN(2500))
		out, err := c.command(args...).CombinedOutput()
		return string(out), err
	}, func() { size(1 << 17) })
}

func fullThenRoom(t *testing.T, dir string, full func(*cli, []string) (string, error), room func()) {
	server := httptest.NewServer(demo.New().Handler())
	defer server.Close()
	whole := newCLI(t)
	whole.run("crawl", "--local", server.URL+"/", "--json")
	want := captured(whole)
	stopped := 0
	for round := range fullRounds {
		room()
		c := &cli{t: t, bin: whole.bin, ws: filepath.Join(dir, "ws"+strconv.Itoa(round))}
		c.run("init", c.ws)
		args := []string{"crawl", "--local", server.URL + "/", "--json"}
		out, err := full(c, args)
		if err != nil {
			stopped++
			if strings.Contains(out, "panic") || strings.Contains(out, "goroutine ") || !strings.Contains(out, "hint: make room") {
				t.Errorf("stopped with %v: %s", err, out)
			}
		}
		room()
		c.run(args...)
		got := captured(c)
		for u, n := range got {
			if n != 1 {
				t.Errorf("%s captured %d times", u, n)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d captures, want %d", len(got), len(want))
		}
		var report struct{ OK bool }
		if err := json.Unmarshal(c.run("verify", "--json"), &report); err != nil || !report.OK {
			t.Errorf("verify: %+v %v", report, err)
		}
		if err := os.RemoveAll(c.ws); err != nil {
			t.Fatal(err)
		}
	}
	if stopped < fullRounds/2 {
		t.Errorf("only %d of %d crawls met a full disk", stopped, fullRounds)
	}
}
