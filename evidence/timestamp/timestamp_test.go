package timestamp

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga/internal/tsalab"
)

var stamped = []byte("a signed head of a fictional log\n")

func authority(t testing.TB, opt tsalab.Options) (*tsalab.Authority, *x509.CertPool) {
	t.Helper()
	a, err := tsalab.Start(t.TempDir(), opt)
	if errors.Is(err, tsalab.ErrMissing) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	roots, err := Roots(a.Root)
	if err != nil {
		t.Fatal(err)
	}
	return a, roots
}

func client(roots *x509.CertPool) *Client {
	return &Client{HTTP: &http.Client{Timeout: 20 * time.Second}, Rand: rand.Reader, Roots: roots}
}

func TestToken(t *testing.T) {
	for name, opt := range map[string]tsalab.Options{"ecdsa": {}, "rsa": {RSA: true, Digest: "sha512"}} {
		t.Run(name, func(t *testing.T) {
			a, roots := authority(t, opt)
			before := time.Now().Add(-2 * time.Second)
			response, token, err := client(roots).Ask(t.Context(), a.URL, stamped)
			if err != nil {
				t.Fatal(err)
			}
			if !token.Trusted || token.Time.Before(before) || token.Time.After(time.Now().Add(2*time.Second)) || token.Accuracy != time.Second ||
				token.Policy != "1.3.6.1.4.1.13762.3" || token.Signer != "CN=Lab TSA" || token.Serial.Sign() <= 0 {
				t.Errorf("token %+v", token)
			}
			// The authority's own program agrees.
			dir := t.TempDir()
			data, file := filepath.Join(dir, "data"), filepath.Join(dir, "token.tsr")
			if err := errors.Join(os.WriteFile(data, stamped, 0o600), os.WriteFile(file, response, 0o600)); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("openssl", "ts", "-verify", "-data", data, "-in", file, "-CAfile", a.Root).CombinedOutput(); err != nil {
				t.Errorf("openssl: %v %s", err, out)
			}
			if _, err := Verify(response, OfBytes([]byte("other bytes")), roots); !errors.Is(err, ErrImprint) {
				t.Errorf("a token of other bytes: %v", err)
			}
			_, other := authority(t, tsalab.Options{})
			if _, err := Verify(response, OfBytes(stamped), other); !errors.Is(err, ErrUntrusted) {
				t.Errorf("another root: %v", err)
			}
			if tk, err := Verify(response, OfBytes(stamped), nil); err != nil || tk.Trusted {
				t.Errorf("no roots: %+v %v", tk, err)
			}
		})
	}
}

// Each byte of the signed part counts. What is not signed (the status text, and
// certificates that the chain does not need) is under the log's digest of the
// whole response.
func TestChangedToken(t *testing.T) {
	a, roots := authority(t, tsalab.Options{})
	response, token, err := client(roots).Ask(t.Context(), a.URL, stamped)
	if err != nil {
		t.Fatal(err)
	}
	info := bytes.Index(response, asn1Bytes(t, oidTSTInfo))
	passed := 0
	for i := range response {
		changed := bytes.Clone(response)
		changed[i] ^= 1 << (i % 8)
		got, err := Verify(changed, OfBytes(stamped), roots)
		if err != nil {
			continue
		}
		passed++
		if !got.Time.Equal(token.Time) || got.Serial.Cmp(token.Serial) != 0 || got.Policy != token.Policy {
			t.Errorf("bit of byte %d changes what the token states, and passes", i)
		}
		if i > info+20 && i < info+120 {
			t.Errorf("bit of byte %d of the TSTInfo passes", i)
		}
	}
	if passed > len(response)/2 {
		t.Errorf("%d of %d changes pass", passed, len(response))
	}
	for i := range response {
		if _, err := Verify(response[:i], OfBytes(stamped), roots); err == nil {
			t.Fatalf("the first %d of %d bytes pass", i, len(response))
		}
	}
	if _, err := Verify(append(bytes.Clone(response), 0), OfBytes(stamped), roots); err == nil {
		t.Error("a byte behind the response passes")
	}
}

func asn1Bytes(t *testing.T, oid asn1.ObjectIdentifier) []byte {
	t.Helper()
	b, err := asn1.Marshal(oid)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBadAuthorities(t *testing.T) {
	past := time.Now().AddDate(-1, 0, 0)
	for name, tc := range map[string]struct {
		opt  tsalab.Options
		want string
	}{
		"expired":      {tsalab.Options{NotBefore: past, NotAfter: time.Now().Add(-time.Hour)}, "certificate validity"},
		"not yet":      {tsalab.Options{NotBefore: time.Now().Add(time.Hour), NotAfter: time.Now().Add(2 * time.Hour)}, "certificate validity"},
		"not critical": {tsalab.Options{Lenient: true}, ""},
		"another use":  {tsalab.Options{Usages: []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 1}}}, ""},
		"more uses":    {tsalab.Options{Usages: []asn1.ObjectIdentifier{tsalab.TimeStamping, {1, 3, 6, 1, 5, 5, 7, 3, 1}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, roots := authority(t, tc.opt)
			_, _, err := client(roots).Ask(t.Context(), a.URL, stamped)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestBadServers(t *testing.T) {
	a, roots := authority(t, tsalab.Options{})
	c := client(roots)
	other, err := os.ReadFile(filepath.Join(a.Dir, "tsa.cnf"))
	if err != nil {
		t.Fatal(err)
	}
	old, _, err := c.Ask(t.Context(), a.URL, stamped)
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]http.HandlerFunc{
		"500":           func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"garbage":       func(w http.ResponseWriter, r *http.Request) { w.Write(other) },
		"empty":         func(w http.ResponseWriter, r *http.Request) {},
		"an old answer": func(w http.ResponseWriter, r *http.Request) { w.Write(old) },
		"huge": func(w http.ResponseWriter, r *http.Request) {
			for range 1 << 12 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		},
		"deep": func(w http.ResponseWriter, r *http.Request) {
			w.Write(bytes.Repeat([]byte{0x30, 0x80}, 100_000))
		},
		"rejection": func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02})
		},
		"hang up": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			a.Before(func(w http.ResponseWriter, r *http.Request) bool { h(w, r); return true })
			if _, _, err := c.Ask(t.Context(), a.URL, stamped); err == nil {
				t.Error("taken")
			}
		})
	}
	t.Run("stall", func(t *testing.T) {
		a.Before(func(w http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, _, err := c.Ask(ctx, a.URL, stamped); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestDER(t *testing.T) {
	for name, b := range map[string][]byte{
		"indefinite": {0x30, 0x80, 0, 0}, "cut": {0x30, 5, 1}, "long length": {4, 0x85, 0, 0, 0, 0, 1, 1},
		"deep": func() []byte {
			var b []byte
			for range 60 {
				b = append([]byte{0x30, byte(len(b))}, b...)
			}
			return b
		}(),
	} {
		if checkDER(b, 0) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	a, roots := authority(f, tsalab.Options{})
	b, _, err := client(roots).Ask(f.Context(), a.URL, stamped)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02})
	f.Fuzz(func(t *testing.T, b []byte) {
		tk, err := Verify(b, OfBytes(stamped), roots)
		if err == nil && !tk.Trusted {
			t.Error("verified and not trusted")
		}
	})
}
