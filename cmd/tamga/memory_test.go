package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tamga/internal/demo"
)

// memoryLimit bounds a crawl, whatever the pages, in bytes: what it takes to collect
// and read them, the program and its mapped files among it.
const memoryLimit = 300 << 20

// hugeLimit bounds one that meets nothing but pages as large as are read at all, each
// made to take as much as it can.
const hugeLimit = 400 << 20

// peakOf runs a command and returns its output and its peak memory in bytes: VmHWM of
// proc_pid_status(5), as it was seen last. (The peak in the resource usage of a child
// is no less than that of the process that started it.)
func peakOf(t *testing.T, cmd *exec.Cmd) (out string, peak int64, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	status := fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)
	if _, err := os.Stat(status); err != nil {
		t.Cleanup(func() { cmd.Process.Kill() })
		t.Skipf("the memory of a process cannot be told here: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for tick := time.NewTicker(2 * time.Millisecond); ; {
		select {
		case err = <-ended:
			tick.Stop()
			if err != nil {
				t.Logf("%v: %s", err, stderr.Bytes())
			}
			return stdout.String(), peak, err
		case <-tick.C:
		}
		b, _ := os.ReadFile(status) // gone with the process
		if _, rest, ok := strings.Cut(string(b), "VmHWM:"); ok {
			if f := strings.Fields(rest); len(f) > 0 {
				if n, err := strconv.ParseInt(f[0], 10, 64); err == nil {
					peak = max(peak, n<<10)
				}
			}
		}
	}
}

// TestMemoryOfCrawl crawls a whole site as a process of its own: a real market's where
// the data is there, and pages of the worst kind.
func TestMemoryOfCrawl(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("whole sites are not crawled with -short; make test runs this without the race detector")
	}
	within := func(t *testing.T, server *httptest.Server, limit, least int64, args ...string) {
		t.Helper()
		c := newCLI(t)
		c.env = []string{"TAMGA_CRAWL_ATTEMPTS=1"}
		out, peak, err := peakOf(t, c.command(append([]string{"crawl", "--local", server.URL + "/", "--json"}, args...)...))
		if _, incomplete := err.(*exec.ExitError); err != nil && !incomplete {
			t.Fatal(err)
		}
		sum := decodeJSON[crawlSummary](t, []byte(out))
		t.Logf("peak %d MiB for %d captures, %.1f MB", peak>>20, sum.Captured, float64(sum.Bytes)/1e6)
		if peak > limit || peak < 16<<20 {
			t.Errorf("peak of %d MiB, want at most %d", peak>>20, limit>>20)
		}
		if sum.Captured < least {
			t.Errorf("%d captures, want at least %d", sum.Captured, least)
		}
		c.run("verify", "--json")
	}
	t.Run("market", func(t *testing.T) {
		within(t, serveFolder(t, filepath.Join(dataDir(t), "agora", "mirror")), memoryLimit, 5000)
	})
	// Pages of 8 MiB, as much as is read of one, and many of them in a row: of elements
	// and cells, of references, of white space, of open elements.
	t.Run("huge pages", func(t *testing.T) {
		const size = 8 << 20
		units := []string{"word  \n", "<p><b>x</b> y", "&amp;&lt;", "<tr><td>x<td>y", "<div>", `<input value="somethinglong">`}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			var n int
			if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err != nil || n >= len(units) {
				for i := range units {
					fmt.Fprintf(w, `<a href="/%d">page</a> `, i)
				}
				return
			}
			fmt.Fprintf(w, "<!DOCTYPE html><title>%d</title>", n)
			w.Write(bytes.Repeat([]byte(units[n]), size/len(units[n])))
		}))
		defer server.Close()
		within(t, server, hugeLimit, int64(len(units))+1)
	})
	t.Run("hostile", func(t *testing.T) {
		server := httptest.NewServer(demo.Hostile())
		defer server.Close()
		within(t, server, memoryLimit, 10, "--max-pages", "40", "--scope", "regex:/(big|bomb|nested|deep|attribute|koi8|loop|reset|short)")
	})
}
