package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tamga/internal/calendarlab"
	"tamga/internal/config"
	"tamga/internal/tsalab"
)

// custody writes settings behind those of the workspace.
func (c *cli) configure(text string, a ...any) {
	c.t.Helper()
	f, err := os.OpenFile(filepath.Join(c.ws, config.FileName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = fmt.Fprintf(f, "\n"+strings.TrimSpace(text)+"\n", a...)
	if err := errors.Join(err, f.Close()); err != nil {
		c.t.Fatal(err)
	}
}

// withCustody is a workspace with a few captures and a [custody] table.
func withCustody(t *testing.T, custody string, a ...any) *cli {
	t.Helper()
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Set-Cookie", "session=demosecret")
		fmt.Fprintf(w, `<html><title>Page %s</title><a href="/a">a</a><a href="/b">b</a><p>fictional</p>`, r.URL.Path)
	}))
	t.Cleanup(pages.Close)
	c := newCLI(t)
	c.configure("[custody]\n"+custody, a...)
	c.run("crawl", "--local", pages.URL+"/", "--json")
	return c
}

func authority(t *testing.T) *tsalab.Authority {
	t.Helper()
	a, err := tsalab.Start(t.TempDir(), tsalab.Options{})
	if errors.Is(err, tsalab.ErrMissing) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

type verifyReport struct {
	OK         bool
	Captures   int64
	Recovered  []string
	Problems   []struct{ File, What string }
	Timestamps []struct {
		File, Kind, By, What string
		Head                 int64
		Trusted              bool
		Time                 *time.Time
	}
}

func TestSeal(t *testing.T) {
	good, down := authority(t), httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no", http.StatusServiceUnavailable)
	}))
	defer down.Close()
	c := withCustody(t, "tsa = [%q, %q]\nroots = %q\ntimeout = '5s'", good.URL, down.URL+"/tsr", good.Root)

	// One authority answers: that is enough, and the other is asked again later.
	r := decodeJSON[sealed](t, c.run("seal", "--json"))
	if len(r.Stamped) != 1 || len(r.Queued) != 1 || r.Head == 0 {
		t.Fatalf("%+v", r)
	}
	v := decodeJSON[verifyReport](t, c.run("verify", "--json"))
	if !v.OK || len(v.Recovered) > 0 || len(v.Timestamps) != 1 || !v.Timestamps[0].Trusted || v.Timestamps[0].Head != r.Head {
		t.Errorf("%+v", v)
	}
	// Nothing new: nobody is asked but who has not answered yet.
	asked := good.Asked()
	if r := decodeJSON[sealed](t, c.run("seal", "--json")); len(r.Stamped) != 0 || len(r.Queued) != 1 || good.Asked() != asked {
		t.Errorf("%+v, asked %d times", r, good.Asked()-asked)
	}
	other := authority(t)
	if _, code, _ := c.try("verify", "--roots", other.Root); code != exitIntegrity {
		t.Errorf("under another root: exit %d", code)
	}
	// A changed byte of the token.
	token := filepath.Join(c.ws, "evidence", "log", "timestamps", r.Stamped[0].File)
	b := must(os.ReadFile(token))
	b[len(b)/2] ^= 1
	if err := os.WriteFile(token, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, code, stderr := c.try("verify", "--json")
	if v := decodeJSON[verifyReport](t, out); code != exitIntegrity || len(v.Problems) != 1 || !strings.HasSuffix(v.Problems[0].File, r.Stamped[0].File) {
		t.Errorf("exit %d %+v %s", code, v, stderr)
	}
}

// Offline the questions wait, whatever is killed; online they are all put.
func TestSealOffline(t *testing.T) {
	a := authority(t)
	var online atomic.Bool
	a.Before(func(w http.ResponseWriter, r *http.Request) bool {
		if !online.Load() {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	c := withCustody(t, "tsa = [%q]\nroots = %q\ntimeout = '5s'", a.URL, a.Root)
	out, code, stderr := c.try("seal", "--json")
	if r := decodeJSON[sealed](t, out); code != exitIncomplete || len(r.Queued) != 1 || !strings.Contains(stderr, "hint:") {
		t.Errorf("exit %d %+v %s", code, r, stderr)
	}
	first := decodeJSON[sealed](t, out).Head
	c.run("verify")
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>more</html>") }))
	defer pages.Close()
	c.run("crawl", "--local", pages.URL+"/", "--json")
	if _, code, _ := c.try("seal", "--json"); code != exitIncomplete {
		t.Errorf("exit %d", code)
	}
	online.Store(true)
	r := decodeJSON[sealed](t, c.run("seal", "--json"))
	if len(r.Stamped) != 2 || len(r.Queued) != 0 || r.Stamped[0].Head != first || r.Stamped[1].Head <= first {
		t.Errorf("%+v", r)
	}
	if v := decodeJSON[verifyReport](t, c.run("verify", "--json")); !v.OK || len(v.Timestamps) != 2 {
		t.Errorf("%+v", v)
	}
}

// While another program writes to the workspace, seal stamps and leaves the log
// to the next run.
func TestSealWhileLocked(t *testing.T) {
	a := authority(t)
	c := withCustody(t, "tsa = [%q]\nroots = %q", a.URL, a.Root)
	unlock := must((&config.Workspace{Dir: c.ws}).Lock())
	if r := decodeJSON[sealed](t, c.run("seal", "--json")); len(r.Stamped) != 1 {
		t.Errorf("%+v", r)
	}
	v := decodeJSON[verifyReport](t, c.run("verify", "--json"))
	if !v.OK || len(v.Timestamps) != 1 || len(v.Recovered) != 1 {
		t.Errorf("%+v", v)
	}
	unlock()
	c.run("seal", "--json")
	if v := decodeJSON[verifyReport](t, c.run("verify", "--json")); !v.OK || len(v.Timestamps) != 1 || len(v.Recovered) != 0 {
		t.Errorf("%+v", v)
	}
}

func TestSealUnconfigured(t *testing.T) {
	c := newCLI(t)
	if _, code, stderr := c.try("seal"); code != exitFailed || !strings.Contains(stderr, "custody.tsa") {
		t.Errorf("exit %d %s", code, stderr)
	}
	c = withCustody(t, "tsa = ['https://tsa.example/']\ntimeout = '2s'") // not on this machine, and the proxy is not there
	c.env = append(c.env, "TAMGA_CRAWL_PROXY=127.0.0.1:1")
	if _, code, stderr := c.try("seal"); code != exitIncomplete || !strings.Contains(stderr, "hint:") {
		t.Errorf("exit %d %s", code, stderr)
	}
}

// A calendar promises a block, offline at first; the block comes later.
func TestSealOpenTimestamps(t *testing.T) {
	cal := calendarlab.Start()
	defer cal.Close()
	var online atomic.Bool
	cal.Before(func(w http.ResponseWriter, r *http.Request) bool {
		if online.Load() {
			return false
		}
		http.Error(w, "no", http.StatusBadGateway)
		return true
	})
	c := withCustody(t, "calendars = [%q]\ntimeout = '5s'", cal.URL)
	if _, code, _ := c.try("seal", "--json"); code != exitIncomplete {
		t.Errorf("offline: exit %d", code)
	}
	online.Store(true)
	r := decodeJSON[sealed](t, c.run("seal", "--json"))
	if len(r.Stamped) != 1 || len(r.Queued) != 0 || r.Stamped[0].Kind != "ots" {
		t.Fatalf("%+v", r)
	}
	if v := decodeJSON[verifyReport](t, c.run("verify", "--json")); !v.OK || len(v.Timestamps) != 1 || v.Timestamps[0].Trusted || !strings.Contains(v.Timestamps[0].What, "pending") {
		t.Errorf("%+v", v)
	}
	if r := decodeJSON[sealed](t, c.run("seal", "--json")); len(r.Stamped) != 0 {
		t.Errorf("no block yet: %+v", r)
	}
	cal.Mine(812_345)
	r = decodeJSON[sealed](t, c.run("seal", "--json"))
	if len(r.Stamped) != 1 {
		t.Fatalf("%+v", r)
	}
	if r := decodeJSON[sealed](t, c.run("seal", "--json")); len(r.Stamped) != 0 {
		t.Errorf("upgraded again: %+v", r)
	}
	if v := decodeJSON[verifyReport](t, c.run("verify", "--json")); !v.OK || len(v.Timestamps) != 2 || !strings.Contains(v.Timestamps[0].What, "not checked") {
		t.Errorf("%+v", v)
	}
	header := fmt.Sprintf("812345:%x", cal.Blocks[812_345])
	v := decodeJSON[verifyReport](t, c.run("verify", "--json", "--header", header))
	if !v.OK || !v.Timestamps[0].Trusted || v.Timestamps[0].Time == nil {
		t.Errorf("%+v", v)
	}
	cal.Blocks[812_345][40] ^= 1 // a header of other transactions, with work of its own
	for n := byte(0); !hasWork(cal.Blocks[812_345]); n++ {
		cal.Blocks[812_345][76] = n
	}
	if _, code, _ := c.try("verify", "--header", fmt.Sprintf("812345:%x", cal.Blocks[812_345])); code != exitIntegrity {
		t.Errorf("another block: exit %d", code)
	}
	if _, code, _ := c.try("verify", "--header", "1:00"); code != exitUsage {
		t.Errorf("no header: exit %d", code)
	}
	// The proof by itself, beside its head.
	proof := filepath.Join(c.ws, "evidence", "log", "timestamps", r.Stamped[0].File)
	f := decodeJSON[verifyReport](t, c.run("verify", proof, "--json", "--header", header))
	if !f.OK || len(f.Timestamps) != 1 || !f.Timestamps[0].Trusted {
		t.Errorf("%+v", f)
	}
}

// A token that some other program asked for, beside its data.
func TestVerifyToken(t *testing.T) {
	a := authority(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "report.pdf")
	if err := os.WriteFile(data, []byte("a fictional report"), 0o600); err != nil {
		t.Fatal(err)
	}
	query, err := exec.Command("openssl", "ts", "-query", "-data", data, "-sha512", "-cert").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(data+".tsr", must(a.Reply(t.Context(), query)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &cli{t: t, bin: newCLI(t).bin, ws: filepath.Join(dir, "none")}
	r := decodeJSON[verifyReport](t, c.run("verify", "--json", "--roots", a.Root, data+".tsr"))
	if !r.OK || len(r.Timestamps) != 1 || !r.Timestamps[0].Trusted {
		t.Errorf("%+v", r)
	}
	if out := c.run("verify", data+".tsr"); !strings.Contains(string(out), "no roots were given") {
		t.Errorf("%s", out)
	}
	if _, code, _ := c.try("verify", "--roots", authority(t).Root, data+".tsr"); code != exitIntegrity {
		t.Errorf("another root: exit %d", code)
	}
	if err := os.WriteFile(data, []byte("another report"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, code, _ := c.try("verify", data+".tsr"); code != exitIntegrity {
		t.Errorf("other data: exit %d", code)
	}
	os.Remove(data)
	if _, code, stderr := c.try("verify", data+".tsr"); code != exitFailed || !strings.Contains(stderr, "hint:") {
		t.Errorf("no data: exit %d %s", code, stderr)
	}
}

// Killed at any moment: no question is lost, no token is asked for twice and kept
// twice, and the evidence verifies.
func TestSealKilled(t *testing.T) {
	a, cal := authority(t), calendarlab.Start()
	defer cal.Close()
	c := withCustody(t, "tsa = [%q]\ncalendars = [%q]\nroots = %q", a.URL, cal.URL, a.Root)
	for i := range 12 {
		cmd := c.command("seal", "--json")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(10+12*i) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		if _, code, stderr := c.try("verify", "--json"); code != exitOK {
			t.Fatalf("kill %d: exit %d %s", i, code, stderr)
		}
	}
	if r := decodeJSON[sealed](t, c.run("seal", "--json")); len(r.Queued) != 0 {
		t.Errorf("%+v", r)
	}
	v := decodeJSON[verifyReport](t, c.run("verify", "--json"))
	if !v.OK || len(v.Recovered) != 0 || len(v.Timestamps) != 2 {
		t.Errorf("%+v", v)
	}
	if left := must(filepath.Glob(filepath.Join(c.ws, "outbox", "*.json"))); len(left) > 0 {
		t.Errorf("left in the outbox: %v", left)
	}
}
