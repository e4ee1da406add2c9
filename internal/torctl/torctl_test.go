package torctl

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fakeTor answers commands with a function until it returns "".
func fakeTor(t testing.TB, answer func(command string) string) *Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for r := bufio.NewScanner(c); r.Scan(); {
			a := answer(r.Text())
			if a == "" {
				return
			}
			io.WriteString(c, a)
		}
	}()
	c, err := Dial(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestInfo(t *testing.T) {
	c := fakeTor(t, func(string) string {
		return "650 NOTICE something\r\n" +
			"250+circuit-status=\r\n" +
			`7 BUILT $A~a,$B~b BUILD_FLAGS=IS_INTERNAL PURPOSE=HS_CLIENT_REND REND_QUERY=demo SOCKS_USERNAME="demo.onion" SOCKS_PASSWORD="a \"b\" c-0"` + "\r\n" +
			"8 LAUNCHED BUILD_FLAGS=NEED_CAPACITY PURPOSE=GENERAL\r\n" +
			"..dotted LINE\r\n.\r\n250-version=0.4.9.11\r\n250 OK\r\n"
	})
	got, err := c.Info(t.Context(), "circuit-status", "version")
	if err != nil || got["version"] != "0.4.9.11" || !strings.HasSuffix(got["circuit-status"], "\n.dotted LINE") {
		t.Fatalf("%q, %v", got, err)
	}
	if e, err := c.Event(t.Context()); err != nil || e != "NOTICE something" {
		t.Errorf("event %q, %v", e, err)
	}
	circuits, err := c.Circuits(t.Context())
	if err != nil || len(circuits) != 3 {
		t.Fatalf("%+v, %v", circuits, err)
	}
	want := Circuit{ID: "7", Status: "BUILT", Path: []string{"$A~a", "$B~b"}, Purpose: "HS_CLIENT_REND", Onion: "demo", User: "demo.onion", Password: `a "b" c-0`, Authenticated: true}
	if x := circuits[0]; fmt.Sprint(x) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", x, want)
	}
	if x := circuits[1]; x.Path != nil || x.Authenticated || x.Purpose != "GENERAL" {
		t.Errorf("%+v", x)
	}
}

func TestBootstrapConfStreams(t *testing.T) {
	c := fakeTor(t, func(command string) string {
		switch command {
		case "GETINFO status/bootstrap-phase":
			return `250-status/bootstrap-phase=WARN BOOTSTRAP PROGRESS=14 TAG=handshake SUMMARY="Handshaking with a relay" WARNING="Clock skew 9000 in microdesc"` + "\r\n250 OK\r\n"
		case "GETCONF SocksPort":
			return "250-SocksPort=127.0.0.1:9050 ExtendedErrors\r\n250 SocksPort=9150\r\n"
		case "GETCONF ControlPort":
			return "250 ControlPort\r\n"
		case "GETINFO stream-status":
			return "250-stream-status=4 SUCCEEDED 7 demo.onion:80\r\n250 OK\r\n"
		}
		return "552 Unrecognized key \"x\"\r\n"
	})
	b, err := c.Bootstrap(t.Context())
	if err != nil || b.Progress != 14 || b.Tag != "handshake" || !strings.HasPrefix(b.Warning, "Clock skew") {
		t.Errorf("%+v, %v", b, err)
	}
	if v, err := c.Conf(t.Context(), "SocksPort"); err != nil || !slices.Equal(v, []string{"127.0.0.1:9050 ExtendedErrors", "9150"}) {
		t.Errorf("%q, %v", v, err)
	}
	if v, err := c.Conf(t.Context(), "ControlPort"); err != nil || v != nil {
		t.Errorf("a default: %q, %v", v, err)
	}
	if s, err := c.Streams(t.Context()); err != nil || len(s) != 1 || s[0] != (Stream{"4", "SUCCEEDED", "7", "demo.onion:80"}) {
		t.Errorf("%+v, %v", s, err)
	}
	var refused *Error
	if _, err := c.Info(t.Context(), "x"); !errors.As(err, &refused) || refused.Code != 552 {
		t.Errorf("error %v", err)
	}
	if _, err := c.Ask(t.Context(), "GETINFO a\r\nSIGNAL HALT"); err == nil {
		t.Error("a command of two lines was sent")
	}
	if _, err := c.Streams(t.Context()); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
}

func TestAuthenticate(t *testing.T) {
	cookie := bytes.Repeat([]byte{7}, cookieSize)
	file := filepath.Join(t.TempDir(), "cookie")
	if err := os.WriteFile(file, cookie, 0o600); err != nil {
		t.Fatal(err)
	}
	nonce := bytes.Repeat([]byte{1}, 32)
	server := bytes.Repeat([]byte{2}, 32)
	info := func(methods, file string) string {
		return fmt.Sprintf("250-PROTOCOLINFO 1\r\n250-AUTH METHODS=%s COOKIEFILE=\"%s\"\r\n250-VERSION Tor=\"0.4.9.11\"\r\n250 OK\r\n", methods, file)
	}
	challenge := func(proof []byte) string {
		return fmt.Sprintf("250 AUTHCHALLENGE SERVERHASH=%X SERVERNONCE=%X\r\n", proof, server)
	}
	for name, x := range map[string]struct {
		methods, file, password string
		proof                   []byte
		want                    string // the AUTHENTICATE that is sent; "" for none
	}{
		"none":                    {methods: "NULL", want: "AUTHENTICATE"},
		"cookie in the clear":     {methods: "COOKIE", file: file, want: "AUTHENTICATE " + hex.EncodeToString(cookie)},
		"cookie by proof":         {methods: "COOKIE,SAFECOOKIE", file: file, proof: cookieProof(serverProof, cookie, nonce, server), want: "AUTHENTICATE " + hex.EncodeToString(cookieProof(clientProof, cookie, nonce, server))},
		"impostor":                {methods: "SAFECOOKIE", file: file, proof: cookie},
		"password":                {methods: "COOKIE,HASHEDPASSWORD", file: file, password: `demo "one"`, want: `AUTHENTICATE "demo \"one\""`},
		"password not given":      {methods: "HASHEDPASSWORD"},
		"file that is no cookie":  {methods: "COOKIE", file: "/proc/self/status"},
		"file that is not there":  {methods: "SAFECOOKIE", file: file + "2"},
		"a way that is not known": {methods: "MAGIC"},
	} {
		sent := ""
		c := fakeTor(t, func(command string) string {
			switch verb, _, _ := strings.Cut(command, " "); verb {
			case "PROTOCOLINFO":
				return info(x.methods, x.file)
			case "AUTHCHALLENGE":
				return challenge(x.proof)
			default:
				sent = command
				return "250 OK\r\n"
			}
		})
		err := c.Authenticate(t.Context(), x.password, bytes.NewReader(nonce))
		if (err == nil) != (x.want != "") || sent != x.want {
			t.Errorf("%s: sent %q, %v; want %q", name, sent, err, x.want)
		}
	}
	c := fakeTor(t, func(command string) string {
		if strings.HasPrefix(command, "PROTOCOLINFO") {
			return info("NULL", "")
		}
		return "515 Authentication failed\r\n"
	})
	var refused *Error
	if err := c.Authenticate(t.Context(), "", rand.Reader); !errors.As(err, &refused) {
		t.Errorf("error %v", err)
	}
}

// A port that is not Tor's, a torn reply and an endless one end in an error.
func TestHostile(t *testing.T) {
	for name, answer := range map[string]string{
		"HTTP":                "HTTP/1.1 400 Bad Request\r\n\r\n",
		"no code":             "hello there\r\n",
		"short line":          "25\r\n",
		"low code":            "100 OK\r\n",
		"code changes":        "250-a=1\r\n251 OK\r\n",
		"bad separator":       "250=OK\r\n",
		"torn line":           "250-version=0.4",
		"torn reply":          "250-version=0.4\r\n",
		"torn data":           "250+circuit-status=\r\n1 BUILT\r\n",
		"endless line":        "250-version=" + strings.Repeat("x", maxLine) + "\r\n250 OK\r\n",
		"endless reply":       strings.Repeat("250-version="+strings.Repeat("x", maxLine/2)+"\r\n", 2*maxReply/maxLine+2) + "250 OK\r\n",
		"endless data":        "250+version=\r\n" + strings.Repeat(strings.Repeat("x", maxLine/2)+"\r\n", 2*maxReply/maxLine+2) + ".\r\n250 OK\r\n",
		"many empty lines":    "250+version=\r\n" + strings.Repeat("\n", maxReply+1),
		"another key":         "250-other=1\r\n250 OK\r\n",
		"value without a key": "250-version\r\n250 OK\r\n",
	} {
		n := 0
		c := fakeTor(t, func(string) string {
			if n++; n > 1 {
				return ""
			}
			return answer
		})
		got := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, err := c.Info(ctx, "version"); got <- err }()
		if name[:4] == "torn" {
			time.AfterFunc(50*time.Millisecond, cancel) // the server waits for more
		}
		if err := <-got; err == nil {
			t.Errorf("%s: no error", name)
		} else if name[:4] == "torn" && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			io.WriteString(c, "250-version=x\r\n250 OK\r\n")
			io.Copy(io.Discard, c)
		}
	}()
	c, err := Dial(t.Context(), "unix:"+path)
	if err != nil || !c.local {
		t.Fatal(err)
	}
	defer c.Close()
	if v, err := c.Info(t.Context(), "version"); err != nil || v["version"] != "x" {
		t.Errorf("%q, %v", v, err)
	}
}

// FuzzReply: whatever comes, parsing ends, within bounds, and reading goes on
// from one reply to the next.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"250 OK\r\n", "250-a=b\r\n250 OK\r\n", "250+a=\r\n1 BUILT $A SOCKS_USERNAME=\"a b\\\"\"\r\n.\r\n250 OK\r\n", "650 CIRC 1 BUILT\r\n", "515 no\r\n", "250+\r\n..\r\n.\r\n", "x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &Conn{r: bufio.NewReader(bytes.NewReader(b))}
		for range len(b) + 1 {
			code, lines, err := c.reply()
			if err != nil {
				return
			}
			if code < 200 || code > 999 || len(lines) == 0 {
				t.Fatalf("%d, %q", code, lines)
			}
			for _, l := range lines {
				words, named := fields(l.Text)
				n := 0
				for _, w := range words {
					n += len(w)
				}
				for k, v := range named {
					n += len(k) + len(v)
				}
				if n > len(l.Text) {
					t.Fatalf("%q has more than it says: %q %q", l.Text, words, named)
				}
			}
		}
		t.Fatal("reading does not end")
	})
}

func FuzzQuote(f *testing.F) {
	f.Add(`a "b" \c`)
	f.Fuzz(func(t *testing.T, s string) {
		if got := unquote(quote(s)); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
		_, named := fields("KEY=" + quote(s))
		if len(named) != 1 || named["KEY"] != s {
			t.Errorf("%q becomes %q", s, named)
		}
	})
}
