package remote

import (
	"tamga/chain/rpc"

	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tamga/chain/chaintest"
)

// socks is a SOCKS5 proxy (RFC 1928) that notes what it is asked for and connects
// to one server whatever that is.
type socks struct {
	to string

	mu    sync.Mutex
	hosts []string
	users []string
}

func (s *socks) start(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return l.Addr().String()
}

func (s *socks) serve(c net.Conn) {
	defer c.Close()
	take := func(n int) []byte {
		b := make([]byte, n)
		io.ReadFull(c, b)
		return b
	}
	take(int(take(2)[1]))
	c.Write([]byte{5, 2}) // user and password (RFC 1929)
	user := string(take(int(take(2)[1])))
	take(int(take(1)[0]))
	c.Write([]byte{1, 0})
	kind := take(4)[3]
	host := "an address"
	if kind == 3 {
		host = string(take(int(take(1)[0])))
	}
	port := take(2)
	s.mu.Lock()
	s.hosts, s.users = append(s.hosts, host), append(s.users, user)
	s.mu.Unlock()
	_ = port
	out, err := net.Dial("tcp", s.to)
	if err != nil {
		c.Write([]byte{5, 1, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	defer out.Close()
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	go io.Copy(out, c)
	io.Copy(c, out)
}

// TestProxy: a server elsewhere is asked through the proxy, which gets its name;
// one of this machine is not.
func TestProxy(t *testing.T) {
	b, _, _ := synthetic(t)
	here := serve(t, b.Esplora())
	p := &socks{to: strings.TrimPrefix(here, "http://")}
	addr := p.start(t)
	for _, server := range []string{"http://explorer.example", "http://demoexplorer.onion"} {
		o := quick()
		var err error
		if o.Transport, err = rpc.NewTransport(server, addr, false); err != nil {
			t.Fatal(err)
		}
		if _, err := Esplora(t.Context(), server, o); err != nil {
			t.Fatal(err)
		}
	}
	p.mu.Lock()
	hosts, users := strings.Join(p.hosts, " "), strings.Join(p.users, " ")
	p.mu.Unlock()
	if hosts != "explorer.example demoexplorer.onion" || users != "ledger-explorer.example ledger-demoexplorer.onion" {
		t.Errorf("the proxy was asked for %q by %q", hosts, users)
	}
	o := quick()
	var err error
	if o.Transport, err = rpc.NewTransport(here, addr, false); err != nil {
		t.Fatal(err)
	}
	if _, err := Esplora(t.Context(), here, o); err != nil || len(p.hosts) != 2 {
		t.Errorf("%v; the proxy was asked for %q", err, p.hosts)
	}
}

// TestClosed: without a proxy nothing leaves this machine unless the settings say
// so, and a proxy that is gone is not gone around.
func TestClosed(t *testing.T) {
	for _, c := range []struct {
		server, proxy string
		direct, ok    bool
	}{
		{"http://127.0.0.1:8332", "", false, true},
		{"http://localhost:8332", "", false, true},
		{"http://[::1]:8332", "", false, true},
		{"https://explorer.example/api", "", false, false},
		{"http://192.0.2.7:8332", "", false, false},
		{"http://10.0.0.7:8332", "", false, false},
		{"http://0.0.0.0:8332", "", false, false},
		{"http://localhost.example", "", false, false},
		{"http://127.0.0.1.example", "", false, false},
		{"https://explorer.example/api", "", true, true},
		{"http://demoexplorer.onion", "", true, false},
		{"http://demoexplorer.onion", "127.0.0.1:9050", true, true},
		{"explorer.example", "127.0.0.1:9050", false, false},
	} {
		_, err := rpc.NewTransport(c.server, c.proxy, c.direct)
		var e *rpc.Error
		if (err == nil) != c.ok || err != nil && (!errors.As(err, &e) || e.Hint == "") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	l.Close()
	o := quick()
	if o.Transport, err = rpc.NewTransport("http://explorer.example", gone, false); err != nil {
		t.Fatal(err)
	}
	var e *rpc.Error
	if _, err = Esplora(t.Context(), "http://explorer.example", o); !errors.As(err, &e) || !e.Down {
		t.Error(err)
	}
	if !rpc.Public("https://explorer.example") || rpc.Public("http://127.0.0.1:3000") || rpc.Public("http://localhost:3000") {
		t.Error("who is public")
	}
}

// TestLogin: user and password, of the options, the address or the cookie file,
// are sent where nobody else reads them, and stand in no error.
func TestLogin(t *testing.T) {
	b := chaintest.New("login")
	b.Mine("a")
	core := b.Core(chaintest.Indexes{Tx: true})
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "unit" || password != "hunter2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		core.ServeHTTP(w, r)
	}))
	cookie := filepath.Join(t.TempDir(), ".cookie")
	if err := os.WriteFile(cookie, []byte("unit:hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := strings.TrimPrefix(server, "http://")
	for name, c := range map[string]struct {
		url  string
		set  func(*rpc.Options)
		want string // of the error
	}{
		"options":        {server, func(o *rpc.Options) { o.User, o.Password = "unit", "hunter2" }, ""},
		"address":        {"http://unit:hunter2@" + at, func(*rpc.Options) {}, ""},
		"cookie":         {server, func(o *rpc.Options) { o.Cookie = cookie }, ""},
		"none":           {server, func(*rpc.Options) {}, "401"},
		"wrong":          {"http://unit:secret8@" + at, func(*rpc.Options) {}, "401"},
		"no cookie":      {server, func(o *rpc.Options) { o.Cookie = cookie + "x" }, "cookie"},
		"in the clear":   {"http://unit:secret8@explorer.example", func(*rpc.Options) {}, "in the clear"},
		"no address":     {"unit:secret8@" + at, func(*rpc.Options) {}, "not an http"},
		"no address two": {"ftp://unit:secret8@" + at, func(*rpc.Options) {}, "not an http"},
	} {
		o := quick()
		keep, err := rpc.OpenAnswers(t.TempDir(), instant)
		if err != nil {
			t.Fatal(err)
		}
		o.Keep = keep
		c.set(&o)
		src, err := Node(t.Context(), c.url, o)
		if c.want == "" {
			if err != nil || strings.Contains(src.Origin(), "hunter2") {
				t.Errorf("%s: %v", name, err)
			}
			for _, k := range keep.Origins() {
				if k.Origin != server {
					t.Errorf("%s: kept under %q", name, k.Origin)
				}
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret8") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
