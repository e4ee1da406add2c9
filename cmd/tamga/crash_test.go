package main

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"tamga/internal/demo"
)

// kills is how often the crawl is killed; scripts/kill9.sh asks for more.
func kills(t *testing.T) int {
	s := os.Getenv("TAMGA_KILLS")
	if s == "" {
		return 50
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("TAMGA_KILLS: %v", err)
	}
	return n
}

// TestKill kills a crawl 50 times at random moments. After the last resume every
// page is captured, none twice, none that was stored was asked for again, and the
// evidence verifies.
func TestKill(t *testing.T) {
	kills := kills(t)
	market := demo.New().Handler()
	var mu sync.Mutex
	served := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		served[r.URL.String()]++
		mu.Unlock()
		time.Sleep(15 * time.Millisecond) // so that there is something left to kill
		market.ServeHTTP(w, r)
	}))
	defer server.Close()

	whole := newCLI(t)
	whole.run("crawl", "--local", server.URL+"/", "--json")
	want := captured(whole)
	if len(want) < 200 {
		t.Fatalf("an undisturbed crawl captured %d pages", len(want))
	}

	asked := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, k := range served {
			n += k
		}
		return n
	}
	before := asked()
	c := newCLI(t)
	rng := rand.New(rand.NewPCG(1, 2))
	args := []string{"crawl", "--local", server.URL + "/", "--json", "--parallel", "1"}
	working := 0
	for round := range kills {
		if round%50 == 49 { // there is nothing left to kill: begin again
			intact(t, c, want, args, asked()-before, min(round, 50))
			c, before = newCLI(t), asked()
		}
		cmd := c.command(args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(10+rng.IntN(120)) * time.Millisecond)
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
		if !cmd.ProcessState.Exited() { // ended by the signal, not before it
			working++
		}
	}
	if working < kills*3/4 {
		t.Errorf("only %d of %d kills met a running crawl", working, kills)
	}
	intact(t, c, want, args, asked()-before, 50)
	t.Logf("%d of %d kills met a running crawl", working, kills)
}

// intact ends a crawl that was killed so often, in which the server was asked so
// many times.
func intact(t *testing.T, c *cli, want map[string]int, args []string, asked, kills int) {
	t.Helper()
	c.run(args...)
	got := captured(c)
	for u, n := range got {
		if n != 1 {
			t.Errorf("%s captured %d times", u, n)
		}
		if want[u] == 0 {
			t.Errorf("%s captured, but not by the undisturbed crawl", u)
		}
	}
	for u := range want {
		if got[u] == 0 {
			t.Errorf("%s was lost", u)
		}
	}
	// One request at a time: a kill loses the one under way, and nothing that was
	// stored is asked for again.
	if asked > len(want)+kills {
		t.Errorf("%d requests for %d pages and %d kills", asked, len(want), kills)
	}
	var report struct{ OK bool }
	if err := json.Unmarshal(c.run("verify", "--json"), &report); err != nil || !report.OK {
		t.Errorf("verify after the kills: %+v %v", report, err)
	}
}

func captured(c *cli) map[string]int {
	out := map[string]int{}
	for _, h := range c.hits("", "--kind", "capture") {
		out[h.Fields["url"].(string)]++
	}
	return out
}

// TestFlips changes one random byte of archive or log, 200 times: verify finds
// each, names the file, and exits with 12.
func TestFlips(t *testing.T) {
	server := httptest.NewServer(demo.New().Handler())
	defer server.Close()
	c := newCLI(t)
	c.run("crawl", "--local", server.URL+"/", "--max-pages", "60", "--json")
	var files []string
	var sizes []int64
	var total int64
	err := filepath.WalkDir(filepath.Join(c.ws, "evidence"), func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > 0 {
			files, sizes, total = append(files, file), append(sizes, info.Size()), total+info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		// Half of the flips go to a random byte, half to a random file, so that
		// small files are not passed over.
		i, at := rng.IntN(len(files)), int64(0)
		if rng.IntN(2) == 0 {
			at = rng.Int64N(total)
			for i = 0; at >= sizes[i]; i++ {
				at -= sizes[i]
			}
		} else {
			at = rng.Int64N(sizes[i])
		}
		flip(t, files[i], at, byte(1+rng.IntN(255)))
		out, code, stderr := c.try("verify", "--json")
		flip(t, files[i], at, 0)
		var report struct {
			OK       bool
			Problems []struct{ File string }
		}
		if err := json.Unmarshal(out, &report); err != nil {
			t.Fatalf("%v: %s", err, stderr)
		}
		named := false
		for _, p := range report.Problems {
			named = named || filepath.Base(p.File) == filepath.Base(files[i])
		}
		if code != exitIntegrity || report.OK || !named {
			t.Errorf("byte %d of %s changed: exit %d, ok %v, problems %v", at, filepath.Base(files[i]), code, report.OK, report.Problems)
		}
	}
	if out, code, _ := c.try("verify", "--json"); code != 0 {
		t.Errorf("with every byte back: exit %d: %s", code, out)
	}
}

var before = map[string]byte{}

// flip changes a byte by xor, or puts it back when xor is 0.
func flip(t *testing.T, file string, at int64, xor byte) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	if xor == 0 {
		b[0] = before[file]
	} else {
		before[file] = b[0]
		b[0] ^= xor
	}
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}
