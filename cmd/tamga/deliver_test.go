//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestDeliverKilled: a receiver that kills the program before it can note what was
// taken gets the same alert again, and no other twice.
func TestDeliverKilled(t *testing.T) {
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	var pass atomic.Int32
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wallet := []string{"1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1BitcoinEaterAddressDontSendf59kuE"}[pass.Load()]
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<title>DemoChef vendor profile</title><h1>DemoChef</h1><p>Vendor since 2020, rating 4.9, 120 sales</p><p>Bitcoin wallet: ` + wallet + `</p>`))
	}))
	defer site.Close()
	dir := t.TempDir()
	ws, got, receiver := filepath.Join(dir, "ws"), filepath.Join(dir, "got"), filepath.Join(dir, "receive")
	run := func(args ...string) error {
		cmd := exec.CommandContext(t.Context(), bin, append([]string{"-w", ws}, args...)...)
		out, err := cmd.CombinedOutput()
		t.Logf("%v: %v\n%s", args, err, out)
		return err
	}
	write := func(file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := exec.CommandContext(t.Context(), bin, "init", ws).Run(); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(ws, "tamga.toml"), "[[source]]\nname = \"shop\"\nkind = \"market\"\nurl = \""+site.URL+"/\"\n[[alert]]\nname = \"all\"\ncommand = [\""+receiver+"\", \""+got+"\"]\n")
	write(receiver, "#!/bin/sh\ncat >> \"$1\"\nif [ ! -e \"$1.killed\" ]; then : > \"$1.killed\"; kill -9 $PPID; fi\n")
	if err := run("crawl", "--local", "--json", "shop"); err != nil {
		t.Fatal(err)
	}
	pass.Store(1)
	if err := run("crawl", "--local", "--json", "shop"); err == nil {
		t.Fatal("it was not killed")
	}
	for range 2 {
		if err := run("alerts", "--deliver", "--json"); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 2 || lines[0] != lines[1] {
		t.Fatalf("%d alerts:\n%s", len(lines), b)
	}
	var x struct{ Key, Rule string }
	if err := json.Unmarshal([]byte(lines[0]), &x); err != nil || x.Key == "" || x.Rule != "wallet-changed" {
		t.Errorf("%+v, %v", x, err)
	}
	if err := run("verify"); err != nil {
		t.Error(err)
	}
}
