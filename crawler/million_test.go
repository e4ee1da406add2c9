package crawler

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestMillion fills a frontier through pages full of links, in a process of its
// own, and reads how much memory that took at most (VmHWM of proc_pid_status(5)).
// TAMGA_FULL fills it with a million URLs.
func TestMillion(t *testing.T) {
	const perPage, limit = 500, 300 << 10 // KiB
	pages := 60
	if os.Getenv("TAMGA_FULL") != "" {
		pages = 2000
	}
	if raceEnabled {
		t.Skip("the race detector has its own memory")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("no /proc: ", err)
	}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/list/"))
		if err != nil && r.URL.Path != "/" {
			return
		}
		var b bytes.Buffer
		for k := 1; r.URL.Path == "/" && k < pages; k++ { // found before the items, so fetched before them
			fmt.Fprintf(&b, "<a href='/list/%d'>list</a>", k)
		}
		for i := n * perPage; i < (n+1)*perPage; i++ {
			fmt.Fprintf(&b, "<a href='/category/of/demo/goods/item-%d?ref=list'>item</a>", i)
		}
		w.Write(b.Bytes())
	}))
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childSeed+"="+s.URL, childPages+"="+strconv.Itoa(pages))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	peak, err := strconv.Atoi(strings.TrimSpace(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	c, err := openFrontier(t, openDB(t, filepath.Join(dir, "t.db"))).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := c.Ready + c.Leased + c.Done + c.Dead
	t.Logf("%d URLs, %d of them fetched; %d MiB at most", total, c.Done, peak>>10)
	if total < int64(pages*perPage) || peak > limit {
		t.Errorf("%d URLs, want %d; %d MiB, at most %d", total, pages*perPage, peak>>10, limit>>10)
	}
}

// peakMemory of this process, in KiB.
func peakMemory() string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	kib, _, _ := strings.Cut(rest, "kB")
	return strings.TrimSpace(kib)
}
