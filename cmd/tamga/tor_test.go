package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"tamga/internal/demo"
	"tamga/internal/torlab"
)

// TestTor crawls the demo market and, where the data is, a real one as onions
// through a private Tor network, in a network namespace that has nothing but
// loopback: the captures are those of a direct crawl, payload by payload.
func TestTor(t *testing.T) {
	if testing.Short() {
		t.Skip("no Tor network with -short")
	}
	if err := torlab.Available(); err != nil {
		t.Skipf("Tor not run: %v", err)
	}
	inside, err := torlab.Isolated()
	if err != nil {
		t.Fatal(err)
	}
	if !inside {
		bin, err := binary() // needs the module cache, not the network
		if err != nil {
			t.Fatal(err)
		}
		cmd, err := torlab.Isolate(os.Args[0], "-test.run=^TestTor$", "-test.v")
		if err != nil {
			t.Skipf("no network namespace here: %v", err)
		}
		cmd.Env = append(cmd.Env, "TAMGA_TEST_BIN="+bin)
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Fatal(err)
		}
		return
	}

	sites := map[string]http.Handler{"demo": demo.New().Handler()}
	if dir := realData(); dir != "" {
		sites["agora"] = folder(filepath.Join(dir, "agora", "mirror"))
	} else {
		t.Log("a real market not run through Tor: the data is not there")
	}
	names := slices.Sorted(maps.Keys(sites))
	var services []torlab.Service
	for _, name := range names {
		services = append(services, torlab.Service{Handler: sites[name]})
	}
	var probed atomic.Int64
	own := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { probed.Add(1) }))
	defer own.Close()
	services = append(services, torlab.Service{Handler: scriptShop(own.URL)})
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	lab, err := torlab.Start(ctx, torlab.Options{Dir: t.TempDir(), Services: services})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	t.Run("doctor", func(t *testing.T) { examineTor(t, lab) })
	t.Run("render", func(t *testing.T) {
		drawShop(t, "http://"+lab.Onions[len(names)]+"/", true, "--proxy", lab.SOCKS)
		if probed.Load() != 0 {
			t.Error("the page reached another service of this machine")
		}
	})
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			direct := httptest.NewServer(sites[name])
			defer direct.Close()
			compareRoutes(t, direct.URL, lab.Onions[i], lab.SOCKS)
		})
	}
	if out, err := exec.Command("ip", "route", "show", "default").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("the namespace has a way out: %s %v", out, err)
	}
}

// examineTor has the doctor look at a Tor that is well.
func examineTor(t *testing.T, lab *torlab.Net) {
	t.Setenv("TAMGA_CRAWL_PROXY", lab.SOCKS)
	t.Setenv("TAMGA_CRAWL_CONTROL", lab.Control)
	got := decodeJSON[struct {
		OK     bool
		Checks []check
	}](t, newCLI(t).run("doctor", "--json"))
	state := map[string]string{}
	for _, c := range got.Checks {
		state[c.Name] = c.Status
	}
	for _, name := range []string{"tor-proxy", "tor-control", "tor-bootstrap", "tor-version", "tor-isolation", "tor-errors", "tor-clock"} {
		if state[name] != checkOK {
			t.Errorf("%s: %q among %+v", name, state[name], got.Checks)
		}
	}
	if !got.OK {
		t.Errorf("%+v", got.Checks)
	}
}

// compareRoutes crawls a site directly and as an onion.
func compareRoutes(t *testing.T, url, onion, socks string) {
	near, far := newCLI(t), newCLI(t)
	near.run("crawl", "--local", url+"/", "--json")
	sum := decodeJSON[crawlSummary](t, far.run("crawl", "http://"+onion+"/", "--proxy", socks, "--delay", "0s", "--parallel", "8", "--json"))
	want, got := payloads(near), payloads(far)
	if len(want) < 200 || len(got) != len(want) {
		t.Errorf("%d captures through Tor, %d direct", len(got), len(want))
	}
	for path, digest := range want {
		if got[path] != digest {
			t.Errorf("%s: %q through Tor, %q direct", path, got[path], digest)
		}
	}
	t.Logf("%d captures in %.1f s", sum.Captured, sum.Seconds)
}

// payloads are the digests of a workspace's captures by path.
func payloads(c *cli) map[string]string {
	out := map[string]string{}
	for _, h := range c.hits("", "--kind", "capture") {
		out[path(h.Fields["url"].(string))] = fmt.Sprint(h.Capture, " ", h.Fields["outcome"])
	}
	return out
}
