package handover

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tamga/internal/chromium"
)

// TestWayOut opens a page through a SOCKS server that records what it is asked: the
// name goes there unresolved, and so does what the page wants of this machine.
func TestWayOut(t *testing.T) {
	if _, err := chromium.Find(""); err != nil {
		t.Skip("way out not run: ", err)
	}
	var direct atomic.Int64
	own := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { direct.Add(1) }))
	defer own.Close()
	asked := make(chan string, 100)
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	page := fmt.Sprintf(`<img src="%s/probe"><script>localStorage.setItem("k","v"); document.cookie="sid=1"; new RTCPeerConnection({iceServers:[{urls:"stun:192.0.2.1:3478"}]}).createDataChannel("x")</script>`, own.URL)
	go func() {
		for {
			c, err := proxy.Accept()
			if err != nil {
				return
			}
			go answer(c, page, asked)
		}
	}()
	done := make(chan struct{})
	seen := map[string]bool{}
	go func() {
		defer close(done)
		for limit := time.After(30 * time.Second); ; {
			select {
			case a := <-asked:
				seen[a] = true
				if seen["demo.example:80"] && seen[own.Listener.Addr().String()] {
					time.Sleep(2 * look) // the page may go on trying
					return
				}
			case <-limit:
				return
			}
		}
	}()
	got, err := Open(t.Context(), Options{URL: "http://demo.example/", Host: "demo.example", Proxy: proxy.Addr().String(), Headless: true, NoSandbox: os.Geteuid() == 0}, done)
	if err != nil {
		t.Fatal(err)
	}
	if !seen["demo.example:80"] || !seen[own.Listener.Addr().String()] || direct.Load() != 0 {
		t.Errorf("the proxy was asked for %v, this machine directly %d times", seen, direct.Load())
	}
	if len(got.Cookies) != 1 || len(got.Storage) != 1 || !strings.Contains(got.UserAgent, "Mozilla") {
		t.Errorf("taken back: %v %v %q", got.Cookies, got.Storage, got.UserAgent)
	}
}

// answer is a SOCKS5 server (RFC 1928) that serves a page itself.
func answer(c net.Conn, page string, asked chan<- string) {
	defer c.Close()
	r := bufio.NewReader(c)
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		return
	}
	_, _ = r.Discard(int(head[1]))
	_, _ = c.Write([]byte{5, 0})
	head = make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return
	}
	size := map[byte]int{1: 4, 4: 16}[head[3]]
	if head[3] == 3 {
		b, _ := r.ReadByte()
		size = int(b)
	}
	b := make([]byte, size+2)
	if _, err := io.ReadFull(r, b); err != nil {
		return
	}
	host := string(b[:size])
	if head[3] != 3 {
		host = net.IP(b[:size]).String()
	}
	asked <- net.JoinHostPort(host, fmt.Sprint(int(b[size])<<8|int(b[size+1])))
	_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	for {
		if _, err := http.ReadRequest(r); err != nil {
			return
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(page), page)
	}
}

// TestRefused: where there is no proxy, no browser is started.
func TestRefused(t *testing.T) {
	if _, err := chromium.Find(""); err != nil {
		t.Skip("refusal not run: ", err)
	}
	if _, err := Open(t.Context(), Options{URL: "http://demo.example/", Host: "demo.example", Proxy: "127.0.0.1:1"}, nil); !errors.Is(err, ErrProxy) {
		t.Errorf("error %v", err)
	}
	if _, err := Open(t.Context(), Options{Exec: "no-such-browser"}, nil); err == nil {
		t.Error("no browser, and no error")
	}
}
