package delivery

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hostile is an alert of a page that tries to be a command, an option and a variable.
const hostile = `{"key":"demo","subject":"$(touch pwned); --help; $HOME \u0000 <script>"}`

func script(t *testing.T, body string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "receive")
	if err := os.WriteFile(p, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TAMGA_SESSION_PASSPHRASE", "a secret")
	t.Setenv("http_proxy", "a proxy")
	ok := script(t, `cat > "$1/in"; env > "$1/env"; pwd > "$1/pwd"; echo "$#" > "$1/argc"`)
	if err := (Command{Argv: []string{ok, dir, "a b; c"}}).Send(t.Context(), []byte(hostile)); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got := read("in"); got != hostile+"\n" {
		t.Errorf("standard input %q", got)
	}
	if got := read("env"); strings.Contains(got, "secret") || strings.Contains(got, "proxy") || !strings.Contains(got, "LANG=C.UTF-8") {
		t.Errorf("environment %q", got)
	}
	if read("pwd") != "/\n" || read("argc") != "2\n" {
		t.Errorf("folder %q, %q arguments", read("pwd"), read("argc"))
	}

	err := Command{Argv: []string{script(t, "echo \"not today\nsorry\"; head -c 9999999 /dev/zero; exit 3")}}.Send(t.Context(), []byte(hostile))
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || len(err.Error()) > 2000 {
		t.Errorf("a command that fails: %.3000v", err)
	}
	if err := (Command{Argv: []string{"receive"}}).Send(t.Context(), nil); err == nil {
		t.Error("a command without a path was run")
	}
	if err := (Command{Argv: []string{script(t, "exit 0")}}).Send(t.Context(), []byte(strings.Repeat("x", 1<<20))); err != nil {
		t.Errorf("a command that does not read: %v", err)
	}
}

// What hangs is ended with its children, and so is what an interruption meets.
func TestCommandEnds(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	hang := script(t, `sleep 600 & echo $! > "$1"; wait`)
	err := Command{Argv: []string{hang, pid}, Timeout: 300 * time.Millisecond}.Send(t.Context(), []byte(hostile))
	if err == nil || !strings.Contains(err.Error(), "not done in") {
		t.Errorf("a command that hangs: %v", err)
	}
	b, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); alive(strings.TrimSpace(string(b))); {
		if time.Now().After(end) {
			t.Fatal("its child is still there")
		}
		time.Sleep(10 * time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Command{Argv: []string{hang, pid}}).Send(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// alive tells whether a process is there and no zombie.
func alive(pid string) bool {
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func TestFile(t *testing.T) {
	p := filepath.Join(t.TempDir(), "alerts.jsonl")
	f := File{p}
	send := func(s string) {
		t.Helper()
		if err := f.Send(t.Context(), []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	send(`{"n":1}`)
	send(`{"n":2}`)
	whole, _ := os.ReadFile(p)
	if err := os.WriteFile(p, append(whole, `{"n":3,"cu`...), 0o600); err != nil { // a crash
		t.Fatal(err)
	}
	send(`{"n":3}`)
	if b, _ := os.ReadFile(p); string(b) != "{\"n\":1}\n{\"n\":2}\n{\"n\":3,\"cu\n{\"n\":3}\n" {
		t.Errorf("%q", b)
	}
	if info, err := os.Stat(p); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := (File{"/dev/null"}).Send(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("a device: %v", err)
	}
	if err := (File{filepath.Join(p, "x")}).Send(t.Context(), nil); err == nil {
		t.Error("a file under a file")
	}
}

func TestWebhook(t *testing.T) {
	status, got := http.StatusNoContent, ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(b)
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		io.WriteString(w, strings.Repeat("x", 1<<20))
	}))
	defer s.Close()
	for _, address := range []string{s.URL + "/hook", strings.Replace(s.URL, "127.0.0.1", "localhost", 1) + "/hook"} {
		got = ""
		w, err := NewWebhook(address, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Send(t.Context(), []byte(hostile)); err != nil || got != "POST /hook application/json "+hostile {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	w, _ := NewWebhook(s.URL+"/hook", "", 0)
	for _, status = range []int{302, 404, 500} {
		got = ""
		if err := w.Send(t.Context(), []byte(hostile)); err == nil || strings.Contains(got, "elsewhere") {
			t.Errorf("status %d: %v, asked for %q", status, err, got)
		}
	}
	s.Close()
	if err := w.Send(t.Context(), nil); err == nil {
		t.Error("nobody there, and it was delivered")
	}
}

// Off this machine nothing is dialled but the proxy, which gets the name.
func TestWebhookProxy(t *testing.T) {
	for address, why := range map[string]string{
		"https://receiver.example/":  "there is no proxy",
		"ftp://127.0.0.1/":           "http or https",
		"http://user:pw@127.0.0.1/":  "user",
		"http://127.0.0.1.example/":  "there is no proxy",
		"http://0.0.0.0/":            "there is no proxy",
		"127.0.0.1:80":               "",
		"http://localhost.example/x": "there is no proxy",
	} {
		if _, err := NewWebhook(address, "", 0); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", address, err, why)
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for address, why := range map[string]string{"http://receiver.example/": "only https", "https://10.0.0.1/": "private", "https://169.254.1.1/": "private"} {
		if _, err := NewWebhook(address, ln.Addr().String(), 0); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", address, err, why)
		}
	}
	asked := make(chan string, 1)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b := make([]byte, 512)
		c.Read(b) // methods
		c.Write([]byte{5, 2})
		c.Read(b) // user, password
		c.Write([]byte{1, 0})
		n, _ := c.Read(b) // connect (RFC 1928 §4): version, command, 0, type, length, name
		asked <- string(b[3:n])
		c.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0})
	}()
	w, err := NewWebhook("https://receiver.example/hook", ln.Addr().String(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Send(t.Context(), []byte(hostile)); err == nil {
		t.Error("unreachable, and it was delivered")
	}
	if got := <-asked; got != "\x03\x10receiver.example\x01\xbb" {
		t.Errorf("the proxy was asked for %q", got)
	}
}
