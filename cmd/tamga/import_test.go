package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// export is a Telegram export of n invented messages.
func export(t testing.TB, n int) string {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`{"name":"Demo","type":"private_channel","id":1000000003,"messages":[`)
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `{"id":%d,"type":"message","date_unixtime":"%d","from":"Shop","from_id":"user1","text":"offer %d, write to @demo_shop_%d"}`, i+1, 1700000000+i, i, i%7)
	}
	b.WriteString("]}")
	p := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(p, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestKillImport kills an import at random moments: carried on, it has sealed each
// message once, every one can be found, and the evidence verifies.
func TestKillImport(t *testing.T) {
	const messages = 3000
	file, c := export(t, messages), newCLI(t)
	rng := rand.New(rand.NewPCG(5, 6))
	for range 8 {
		cmd := c.command("import", file, "--json")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(100+rng.IntN(400)) * time.Millisecond)
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
	}
	var sum struct{ Captured, Records, Known int64 }
	if err := json.Unmarshal(c.run("import", file, "--json"), &sum); err != nil || sum.Records != messages || sum.Captured+sum.Known != messages {
		t.Fatalf("the last import: %+v %v", sum, err)
	}
	for u, n := range captured(c) {
		if n != 1 {
			t.Errorf("%s was sealed %d times", u, n)
		}
	}
	if n := len(c.hits("", "--kind", "post")); n != messages {
		t.Errorf("%d posts, want %d", n, messages)
	}
	var report struct{ OK bool }
	if err := json.Unmarshal(c.run("verify", "--json"), &report); err != nil || !report.OK {
		t.Errorf("verify: %+v %v", report, err)
	}
}

// importPeak is what an import may take, in bytes, whatever the length of the file.
const importPeak = 256 << 20

// TestImportMemory takes in an export and looks at what the process had resident
// at its peak.
func TestImportMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes memory of its own; make test runs this without it too")
	}
	n := 10_000
	if testing.Short() {
		n = 2000
	}
	file, c := export(t, n), newCLI(t)
	_, peak, err := peakOf(t, c.command("import", file, "--json"))
	if err != nil {
		t.Fatal(err)
	}
	if peak > importPeak {
		t.Errorf("%d messages took %d MiB", n, peak>>20)
	}
}

// TestImportPages takes in real saved pages as a folder, where they are there.
func TestImportPages(t *testing.T) {
	dir := filepath.Join(dataDir(t), "markets", "apollon")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skip("no such pages")
	}
	c := newCLI(t)
	out, _, _ := c.try("import", "--base-url", "http://demo.example.onion/", dir, "--json")
	var sum struct {
		Captured, Records int64
		Problems          []any
	}
	if err := json.Unmarshal(out, &sum); err != nil || sum.Captured == 0 || sum.Captured != sum.Records {
		t.Fatalf("%d entries: %s", len(entries), out)
	}
	for u := range captured(c) {
		if !strings.HasPrefix(u, "http") {
			t.Errorf("a page without an address")
		}
	}
	var again struct{ Captured int64 }
	out, _, _ = c.try("import", "--base-url", "http://demo.example.onion/", dir, "--json")
	if err := json.Unmarshal(out, &again); err != nil || again.Captured != 0 {
		t.Errorf("again: %s", out)
	}
}
