package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// watching is a `tamga watch` that runs.
type watching struct {
	t   *testing.T
	cmd *exec.Cmd

	mu    sync.Mutex
	log   strings.Builder
	lines chan string
}

func (c *cli) watch(t *testing.T, args ...string) *watching {
	t.Helper()
	w := &watching{t: t, cmd: exec.Command(c.bin, append([]string{"watch", "--local"}, args...)...), lines: make(chan string, 10000)}
	w.cmd.Env = append(append(os.Environ(), "TAMGA_WORKSPACE="+c.ws), c.env...)
	r, err := w.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.cmd.Process.Kill() })
	go func() {
		defer close(w.lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			w.mu.Lock()
			w.log.WriteString(s.Text() + "\n")
			w.mu.Unlock()
			w.lines <- s.Text()
		}
	}()
	return w
}

// until waits for a line of the log that holds each of the words.
func (w *watching) until(words ...string) {
	w.t.Helper()
	late := time.After(time.Minute)
next:
	for {
		select {
		case line, ok := <-w.lines:
			if !ok {
				w.t.Fatalf("ended before %q:\n%s", words, w.log.String())
			}
			for _, word := range words {
				if !strings.Contains(line, word) {
					continue next
				}
			}
			return
		case <-late:
			w.mu.Lock()
			defer w.mu.Unlock()
			w.t.Fatalf("no line with %q in a minute:\n%s", words, w.log.String())
		}
	}
}

// end sends a signal and returns the exit code; -1 where it was killed.
func (w *watching) end(s syscall.Signal) int {
	w.t.Helper()
	w.cmd.Process.Signal(s)
	for range w.lines {
	}
	w.cmd.Wait()
	return w.cmd.ProcessState.ExitCode()
}

// slowTree serves n pages, each slowly, and counts how often each was asked for.
func slowTree(t *testing.T, n int, pause time.Duration, at func(path string)) (*httptest.Server, func() map[string]int) {
	var mu sync.Mutex
	asked := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		mu.Unlock()
		if at != nil {
			at(r.URL.Path)
		}
		time.Sleep(pause)
		i := 0
		fmt.Sscanf(r.URL.Path, "/p/%d", &i)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<html><body><p>demo page %d</p>", i)
		for _, k := range []int{2*i + 1, 2*i + 2} {
			if k < n {
				fmt.Fprintf(w, "<a href='/p/%d'>page %d</a>", k, k)
			}
		}
		io.WriteString(w, "</body></html>")
	}))
	t.Cleanup(s.Close)
	return s, func() map[string]int { mu.Lock(); defer mu.Unlock(); return asked }
}

func writeSettings(t *testing.T, c *cli, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.ws, "tamga.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

type sourceList struct{ Sources []sourceStatus }

// TestWatchKilledOften kills a watch of three sources at random moments, fifty times a
// workspace: the passes go on as those passes, no page is captured twice or lost, and
// none that was stored is asked for again. scripts/kill9.sh watch asks for more kills.
func TestWatchKilledOften(t *testing.T) {
	const n, sources, a = 150, 3, 50
	deaths := 6
	if s := os.Getenv("TAMGA_WATCH_KILLS"); s != "" {
		deaths = must(strconv.Atoi(s))
	}
	rng := rand.New(rand.NewPCG(9, 10))
	met := 0
	for done := 0; done < deaths; {
		c := newCLI(t)
		settings, asked := "", []func() map[string]int{}
		for i := range sources {
			s, count := slowTree(t, n, 30*time.Millisecond, nil)
			settings += fmt.Sprintf("[[source]]\nname = \"s%d\"\nurl = \"%s/\"\ncadence = \"24h\"\nparallel = 1\n", i, s.URL)
			asked = append(asked, count)
		}
		writeSettings(t, c, settings)
		began := map[string]time.Time{}
		kills := 0
		for ; kills < a && done < deaths; kills, done = kills+1, done+1 {
			w := c.watch(t)
			if rng.IntN(4) > 0 { // else while it starts
				w.until("watching")
			}
			time.Sleep(time.Duration(rng.IntN(250)) * time.Millisecond)
			if w.end(syscall.SIGKILL) == -1 {
				met++
			}
			for _, s := range decodeJSON[sourceList](t, c.run("sources", "--json")).Sources {
				if s.LastPass == nil {
					continue
				}
				if first, ok := began[s.Name]; ok && !first.Equal(s.LastPass.Began) || s.LastPass.Number > sources {
					t.Errorf("%s: the pass of %v became %+v", s.Name, first, s.LastPass)
				}
				began[s.Name] = s.LastPass.Began
			}
		}
		w := c.watch(t)
		w.until("frontier empty")
		for left := true; left; { // a source may not have begun when the frontier was empty first
			left = false
			for _, s := range decodeJSON[sourceList](t, c.run("sources", "--json")).Sources {
				left = left || s.LastPass == nil || s.LastPass.Ended == nil
			}
			if left {
				w.until("pass ends")
			}
		}
		if code := w.end(syscall.SIGTERM); code != 0 {
			t.Errorf("exit %d", code)
		}
		for u, times := range captured(c) {
			if times != 1 {
				t.Errorf("%s captured %d times", u, times)
			}
		}
		if got := len(captured(c)); got != n*sources {
			t.Errorf("%d pages of %d", got, n*sources)
		}
		requests := 0
		for _, count := range asked {
			for _, k := range count() {
				requests += k
			}
		}
		if requests > n*sources+kills*sources {
			t.Errorf("%d requests for %d pages and %d kills", requests, n*sources, kills)
		}
		c.run("verify", "--json")
	}
	t.Logf("%d of %d kills met a running watch", met, deaths)
	if met < deaths*3/4 {
		t.Errorf("only %d of %d kills met a running watch", met, deaths)
	}
}

// TestWatchKilled kills a watch in mid-pass, again and again: the pass goes on,
// and the schedule counts from where it began.
func TestWatchKilled(t *testing.T) {
	const n, deaths = 60, 4
	c := newCLI(t)
	var mu sync.Mutex
	pages, kill := 0, func() {}
	s, _ := slowTree(t, n, 5*time.Millisecond, func(string) {
		mu.Lock()
		defer mu.Unlock()
		if pages++; pages%10 == 0 {
			kill()
		}
	})
	writeSettings(t, c, fmt.Sprintf("[[source]]\nname = \"demo\"\nurl = \"%s/\"\ncadence = \"2h\"\nparallel = 2\n", s.URL))
	var first time.Time
	for range deaths {
		reached := make(chan struct{})
		mu.Lock()
		kill = sync.OnceFunc(func() { close(reached) })
		mu.Unlock()
		w := c.watch(t)
		<-reached
		if code := w.end(syscall.SIGKILL); code != -1 {
			t.Fatalf("exit %d", code)
		}
		list := decodeJSON[sourceList](t, c.run("sources", "--json"))
		pass := list.Sources[0].LastPass
		if pass == nil || !list.Sources[0].Running || pass.Number != 1 {
			continue // killed before the first commit
		}
		if first.IsZero() {
			first = pass.Began
		}
		if !pass.Began.Equal(first) {
			t.Errorf("the pass began anew: %v, %v", first, pass.Began)
		}
	}
	mu.Lock()
	kill = func() {}
	mu.Unlock()
	w := c.watch(t)
	w.until("pass ends", "source=demo")
	w.until("frontier empty")
	if code := w.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d", code)
	}
	src := decodeJSON[sourceList](t, c.run("sources", "--json")).Sources[0]
	if src.Running || src.LastPass.Number != 1 || src.Captured != n || first.IsZero() || src.NextPass == nil || !src.NextPass.Equal(src.LastPass.Began.Add(2*time.Hour)) {
		t.Errorf("%+v, last pass %+v", src, src.LastPass)
	}
	if u := src.Uptime["24h"]; u == nil || u.Checks != 1 {
		t.Errorf("uptime %+v", u)
	}
	got := captured(c)
	for u, times := range got {
		if times != 1 {
			t.Errorf("%s captured %d times", u, times)
		}
	}
	if len(got) != n {
		t.Errorf("%d pages of %d", len(got), n)
	}
	c.run("verify", "--json")
}

// TestWatchReload changes the settings of a running watch.
func TestWatchReload(t *testing.T) {
	const n = 40
	c := newCLI(t)
	a, _ := slowTree(t, n, 20*time.Millisecond, nil)
	b, _ := slowTree(t, 5, 0, nil)
	source := func(name, url string) string {
		return fmt.Sprintf("[[source]]\nname = %q\nurl = \"%s/\"\ncadence = \"1h\"\nparallel = 1\n", name, url)
	}
	writeSettings(t, c, source("first", a.URL))
	w := c.watch(t)
	w.until("pass begins", "source=first")

	writeSettings(t, c, source("first", a.URL)+"[nonsense\n")
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.until("settings not reloaded; the old ones stay")

	writeSettings(t, c, source("first", a.URL)+source("second", b.URL))
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.until("pass ends", "source=second", "captured=5")
	w.until("pass ends", "source=first", fmt.Sprintf("captured=%d", n))

	writeSettings(t, c, source("second", b.URL)+source("third", a.URL))
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.until("pass begins", "source=third")
	writeSettings(t, c, source("second", b.URL))
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.until("source stopped", "source=third", "not configured")
	if code := w.end(syscall.SIGINT); code != exitInterrupted {
		t.Errorf("exit %d", code)
	}
	if list := decodeJSON[sourceList](t, c.run("sources", "--json")); len(list.Sources) != 1 || list.Sources[0].LastPass.Number != 2 {
		t.Errorf("%+v", list)
	}
}

// TestWatchMetrics reads the figures and what systemd would hear.
func TestWatchMetrics(t *testing.T) {
	c := newCLI(t)
	s, _ := slowTree(t, 7, 0, nil)
	writeSettings(t, c, fmt.Sprintf("[[source]]\nname = \"demo\"\nurl = \"%s/\"\ncadence = \"1h\"\n", s.URL))
	socket := filepath.Join(t.TempDir(), "notify")
	notified, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notified.Close()
	c.env = []string{"NOTIFY_SOCKET=" + socket, "WATCHDOG_USEC=400000"}
	heard := func(want string) {
		t.Helper()
		b := make([]byte, 1000)
		for {
			notified.SetReadDeadline(time.Now().Add(time.Minute))
			n, err := notified.Read(b)
			if err == nil && string(b[:n]) == "WATCHDOG=1\n" && want != "WATCHDOG=1\n" {
				continue // it comes all the time
			}
			if err != nil || !regexp.MustCompile("^"+want+"$").Match(b[:n]) {
				t.Errorf("systemd hears %q, %v; want %s", b[:n], err, want)
			}
			return
		}
	}
	w := c.watch(t, "--metrics", "127.0.0.1:0")
	heard("READY=1\nSTATUS=watching 1 sources\n")
	heard("WATCHDOG=1\n")
	var address string
	for line := range w.lines {
		if _, rest, ok := strings.Cut(line, "url="); ok && strings.Contains(line, "msg=metrics") {
			address = rest
		}
		if strings.Contains(line, "frontier empty") {
			break
		}
	}
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text := string(must(io.ReadAll(r.Body)))
	if families, err := exposition(text); err != nil || len(families) < 15 {
		t.Errorf("%d families, %v:\n%s", len(families), err, text)
	}
	away := must(http.NewRequest("GET", address, nil))
	away.Host = "site.example"
	if r, err := http.DefaultClient.Do(away); err != nil || r.StatusCode != http.StatusForbidden {
		t.Errorf("asked by the name of another site: %v %v", r.Status, err)
	} else {
		r.Body.Close()
	}
	w.cmd.Process.Signal(syscall.SIGHUP)
	heard("RELOADING=1\nMONOTONIC_USEC=[0-9]+\n")
	heard("READY=1\nSTATUS=watching 1 sources\n")
	for _, want := range []string{
		"tamga_up 1\n", `tamga_captures_total{source="demo"} 7`, `tamga_passes_total{source="demo",outcome="ok"} 1`, `tamga_source_up{source="demo"} 1`,
		`tamga_frontier_urls{state="done"} `, "tamga_log_entries 8\n", "tamga_disk_free_bytes ", `tamga_next_pass_timestamp_seconds{source="demo"} `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	w.cmd.Process.Signal(syscall.SIGTERM)
	heard("STOPPING=1\n")
	if code := w.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// TestWatchStopsBeforeFull: with room for what is kept free the watch runs, it stops
// while some is left, does not begin again without a quarter more, and goes on when
// there is.
func TestWatchStopsBeforeFull(t *testing.T) {
	if err := exec.Command("unshare", "-Urm", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt").Run(); err != nil {
		t.Skipf("no small disk: %v", err)
	}
	const n = 600
	server := noisyChain(n)
	defer server.Close()
	c := newCLI(t)
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unshare", "-Urm", "sh", "-c", `set -e
mount -t tmpfs -o size=160m none "$DISK"
export TAMGA_WORKSPACE="$DISK/ws"
$BIN init "$DISK/ws" > /dev/null
printf '%s' "$SETTINGS" > "$DISK/ws/tamga.toml"
head -c 124000000 /dev/zero > "$DISK/filler"
set +e
$BIN watch --local 2> "$DISK/../log"; echo "code $?"
echo "free $(( $(stat -f -c '%a * %S' "$DISK") ))"
free=$(( $(stat -f -c '%a * %S' "$DISK") / 1024 ))
TAMGA_WATCH_MIN_FREE=$(( free * 9 / 10 ))KiB $BIN watch --local 2> "$DISK/../log2"; echo "code $?"
$BIN verify --json > /dev/null; echo "verify $?"
rm "$DISK/filler"
timeout 90 $BIN crawl --local --json; echo "code $?"
`)
	cmd.Env = append(os.Environ(), "DISK="+disk, "BIN="+c.bin, fmt.Sprintf("SETTINGS=[watch]\nmin_free = \"24MiB\"\n[[source]]\nname = \"demo\"\nurl = \"%s/\"\ncadence = \"1h\"\n", server.URL))
	out, err := cmd.Output()
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	log2, _ := os.ReadFile(filepath.Join(dir, "log2"))
	lines := strings.Split(string(out), "\n")
	if err != nil || len(lines) < 6 || lines[5] != "code 0" || lines[0] != "code 3" || lines[2] != "code 3" || lines[3] != "verify 0" {
		t.Fatalf("%v\n%s\n%s\n%s", err, out, log, log2)
	}
	free := 0
	if fmt.Sscanf(lines[1], "free %d", &free); free < 12<<20 {
		t.Errorf("it stopped with %d bytes free", free)
	}
	if !strings.Contains(string(log), "the disk is nearly full") || !strings.Contains(string(log), "hint: make room") || !strings.Contains(string(log2), "a quarter more than watch.min_free keeps") {
		t.Errorf("logs:\n%s\n%s", log, log2)
	}
	if sum := decodeJSON[crawlResult](t, []byte(lines[4])); sum.Failed != 0 || !sum.Empty {
		t.Errorf("it went on to %+v", sum)
	}
}

// noisyChain serves n pages of 16 KiB that cannot be compressed, one leading to the
// next.
func noisyChain(n int) *httptest.Server {
	rng := rand.New(rand.NewPCG(5, 6))
	noise := make([]byte, 12<<10)
	var mu sync.Mutex
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		for i := range noise {
			noise[i] = byte(rng.Uint32())
		}
		text := base64.StdEncoding.EncodeToString(noise)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		i := 0
		fmt.Sscanf(r.URL.Path, "/p/%d", &i)
		fmt.Fprintf(w, "<html><body><a href='/p/%d'>next</a><p>demo page %d</p><p>%s</p></body></html>", min(i+1, n-1), i, text)
	}))
}

// TestWatchDiskFull fills a small disk under a watch: it stops cleanly with a
// message, and goes on when there is room again.
func TestWatchDiskFull(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a small disk is made with tmpfs in a mount namespace")
	}
	if err := exec.Command("unshare", "-Urm", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt").Run(); err != nil {
		t.Skipf("no mount namespace here: %v", err)
	}
	const n = 300
	server := noisyChain(n)
	defer server.Close()
	c := newCLI(t)
	settings := fmt.Sprintf("[watch]\nmin_free = \"1KiB\"\n[[source]]\nname = \"demo\"\nurl = \"%s/\"\ncadence = \"1h\"\n", server.URL)
	script := `set -e
mount -t tmpfs -o size=24m none "$DISK"
tamga="$BIN"
export TAMGA_WORKSPACE="$DISK/ws"
$tamga init "$DISK/ws" > /dev/null
printf '%s' "$SETTINGS" > "$DISK/ws/tamga.toml"
head -c "$FILL" /dev/zero > "$DISK/filler"
set +e
$tamga watch --local 2> "$DISK/../log"
echo "code $?"
rm "$DISK/filler"
$tamga verify --json > "$DISK/../verify" ; echo "verify $?"
$tamga watch --local 2> "$DISK/../log2" & pid=$!
for i in $(seq 600); do
	if grep -q 'frontier empty' "$DISK/../log2"; then break; fi
	sleep 0.1
done
kill $pid; wait $pid; echo "again $?"
$tamga verify --json > "$DISK/../verify2" ; echo "verify $?"
$tamga sources --json
`
	for _, fill := range []int{21 << 20, 22 << 20, 23<<20 + 300<<10} {
		dir := t.TempDir()
		disk := filepath.Join(dir, "disk")
		if err := os.Mkdir(disk, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("unshare", "-Urm", "sh", "-c", script)
		cmd.Env = append(os.Environ(), "DISK="+disk, "BIN="+c.bin, "SETTINGS="+settings, fmt.Sprintf("FILL=%d", fill))
		out, err := cmd.Output()
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		log2, _ := os.ReadFile(filepath.Join(dir, "log2"))
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, out, log)
		}
		if !strings.HasPrefix(string(out), "code 3\nverify 0\nagain 0\nverify 0\n") || !strings.Contains(string(log), "everything sealed is kept") || !strings.Contains(string(log), "hint: make room") {
			t.Fatalf("with %d bytes filled:\n%s\nlog\n%s\nlog of the second\n%s", fill, out, log, log2)
		}
		_, doc, _ := strings.Cut(string(out), "{")
		src := decodeJSON[sourceList](t, []byte("{"+doc)).Sources[0]
		if src.Running || src.Captured != n || src.Failed != 0 {
			t.Errorf("with %d bytes filled, after it: %+v\n%s\n%s", fill, src, log, log2)
		}
	}
}
