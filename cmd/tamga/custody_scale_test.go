package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"tamga"
	"tamga/evidence"
)

// scaled fills a workspace with n captures of two shops, every tenth a page that
// was there before.
func scaled(t *testing.T, c *cli, n int) {
	t.Helper()
	a, err := evidence.Open(filepath.Join(c.ws, "evidence"), evidence.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Hour)
	for i := range n {
		word := i
		if i%10 == 0 {
			word = i / 100
		}
		body := fmt.Appendf(nil, "<html><title>Offer %d</title><h1>Fictional offer %d</h1><p>%x</p></html>", word, word, uint64(word)*0x9e3779b97f4a7c15)
		if _, err := a.Put(t.Context(), &tamga.Exchange{
			URL: fmt.Sprintf("http://shop%d.example/p/%d", i%2, i), Source: fmt.Sprintf("shop%d", i%2), Route: tamga.RouteTor, Requested: at.Add(time.Duration(i) * time.Millisecond),
			RequestHead: fmt.Appendf(nil, "GET /p/%d HTTP/1.1\r\nHost: shop%d.example\r\nCookie: sid=demo\r\n\r\n", i, i%2),
			Status:      200, ResponseHead: fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n", len(body)),
			Body: body, Outcome: tamga.OutcomeOK, Tool: "tamga/test",
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCustodyScale runs what custody does over as many captures as
// TAMGA_CUSTODY_CAPTURES says, each verb as a process of its own, and prints time
// and peak memory of each.
func TestCustodyScale(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("TAMGA_CUSTODY_CAPTURES"))
	if err != nil {
		t.Skip("TAMGA_CUSTODY_CAPTURES is not set")
	}
	tsa := authority(t)
	c := newCLI(t)
	c.configure("[custody]\ntsa = [%q]\nroots = %q\n[[source]]\nname = \"shop0\"\nurl = \"http://shop0.example/\"\nretention = \"1s\"\nroute = \"clear\"\n[[source]]\nname = \"shop1\"\nurl = \"http://shop1.example/\"\nroute = \"clear\"", tsa.URL, tsa.Root)
	scaled(t, c, n)
	file := filepath.Join(t.TempDir(), "all.wacz")
	rest := filepath.Join(t.TempDir(), "rest.wacz")
	for _, args := range [][]string{
		{"reindex"}, {"seal"}, {"verify"}, {"export", "--wacz", file}, {"verify", file}, {"retention"}, {"retention", "--apply"}, {"verify"},
		{"export", "--wacz", rest}, {"verify", rest}, {"verify", file},
	} {
		cmd := c.command(append(args, "--json")...)
		began := time.Now()
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v %.300s", args, err, out)
		}
		rss := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
		t.Logf("%-20v %7.1f s  %4d MiB", args[:min(len(args), 2)], time.Since(began).Seconds(), rss)
		if args[0] != "reindex" && !(args[0] == "retention" && len(args) > 1) && rss > 300 {
			t.Errorf("%v took %d MiB", args, rss)
		}
	}
}
