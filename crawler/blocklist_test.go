package crawler

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga"
)

func blockFile(t testing.TB, name string, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func md5Of(s string) string    { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
func sha256Of(s string) string { return fmt.Sprintf("%X", sha256.Sum256([]byte(s))) }

func TestBlocklist(t *testing.T) {
	bare := strings.TrimSuffix(demoOnion("c"), ".onion")
	b, err := OpenBlocklist(
		blockFile(t, "first.md5", "# demo list", "", md5Of(demoOnion("a"))+"  demo remark", md5Of(bare), md5Of("http://demo.example/bad")),
		blockFile(t, "second.sha256", sha256Of("worse.example")+",demo", sha256Of("http://demo.example/dir/")))
	if err != nil || b.Len() != 5 {
		t.Fatalf("%d entries, %v", b.Len(), err)
	}
	for u, want := range map[string]string{
		"http://" + demoOnion("a") + "/x?y=1":  "first.md5",
		"http://shop." + demoOnion("a") + "/":  "first.md5",
		"https://" + demoOnion("a") + ":8443/": "first.md5",
		"http://" + demoOnion("b") + "/":       "",
		"http://" + demoOnion("c") + "/":       "first.md5",
		"http://demo.example/bad":              "first.md5",
		"https://demo.example/bad":             "first.md5",
		"http://demo.example/good":             "",
		"http://demo.example/dir":              "second.sha256",
		"http://www.worse.example/":            "second.sha256",
		"http://notworse.example/":             "",
		"http://worse.example.other.example/":  "",
	} {
		u, err := Canonical(u)
		if err != nil {
			t.Fatal(err)
		}
		if got, found := b.match(u); got != want || found != (want != "") {
			t.Errorf("%s: on %q, want %q", u, got, want)
		}
	}
	for _, bad := range []string{"demo.example", md5Of("x")[:30], strings.Repeat("a", 5000), sha256Of("x") + "00"} {
		if _, err := OpenBlocklist(blockFile(t, "bad", bad)); err == nil {
			t.Errorf("%.40q was accepted", bad)
		}
	}
	if _, err := OpenBlocklist(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a list that is not there: %v", err)
	}
	file := blockFile(t, "grows", md5Of("one.example"))
	if b, err = OpenBlocklist(file); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(file, []byte(md5Of("one.example")+"\n"+md5Of("two.example")), 0o600)
	if err := b.Reload(file); err != nil || b.Len() != 2 {
		t.Errorf("after a reload: %d entries, %v", b.Len(), err)
	}
	os.WriteFile(file, []byte("not a hash"), 0o600)
	if err := b.Reload(file); err == nil || b.Len() != 2 {
		t.Errorf("after a broken reload: %d entries, %v", b.Len(), err)
	}
}

// Nothing on a list is fetched: not as a link, not as a redirect's target, not as
// what the frontier still holds from before.
func TestBlocklistGate(t *testing.T) {
	asked := map[string]bool{}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path] = true
		if r.URL.Path == "/hop" {
			http.Redirect(w, r, "/bad", http.StatusFound)
			return
		}
		text("<a href=/bad>1</a><a href=/hop>2</a><a href=/good>3</a>")(w, r)
	}))
	l := newLab(t)
	l.opts.Workers = 1
	if err := l.opts.Frontier.Add(t.Context(), Source{}, s.URL+"/held-before"); err != nil {
		t.Fatal(err)
	}
	var err error
	if l.opts.Blocklist, err = OpenBlocklist(blockFile(t, "demo-list", md5Of(s.URL+"/bad"), sha256Of(s.URL+"/held-before"))); err != nil {
		t.Fatal(err)
	}
	sum := l.run(t, s.URL)
	if asked["/bad"] || asked["/held-before"] || !asked["/good"] || sum.Captured != 3 {
		t.Errorf("asked for %v, %+v", asked, sum)
	}
	ex := l.sink.find(t, s.URL+"/held-before")
	if ex.Outcome != tamga.OutcomePolicy || !strings.Contains(ex.Detail, "blocklist demo-list") || len(ex.Body)+len(ex.RequestHead) != 0 {
		t.Errorf("%s (%s)", ex.Outcome, ex.Detail)
	}
	var refused *PolicyError
	if _, err := l.tryRun(t, s.URL+"/bad"); !errors.As(err, &refused) {
		t.Errorf("a seed on the list: %v", err)
	}
}

func FuzzBlocklist(f *testing.F) {
	f.Add([]byte(md5Of("demo.example")+" x\n# y\n"), "http://demo.example/")
	f.Fuzz(func(t *testing.T, list []byte, u string) {
		file := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(file, list, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := OpenBlocklist(file)
		if err != nil {
			return
		}
		if c, err := Canonical(u); err == nil {
			b.match(c)
		}
		b.Body([]byte(u), list)
	})
}

func sha1Of(b []byte) string { return fmt.Sprintf("%x", sha1.Sum(b)) }

// A body that is on a list is dropped whatever way it comes, whichever sum the list
// has of it, and is not asked for again.
func TestBlockedBody(t *testing.T) {
	image := []byte(strings.Repeat("an invented picture, \xff\xfe not of anything ", 9))
	packed := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write(b)
		z.Close()
		return out.Bytes()
	}
	code := base64.StdEncoding.EncodeToString(image)
	var lines strings.Builder
	for rest := code; rest != ""; {
		n := min(76, len(rest))
		lines.WriteString(rest[:n] + "\r\n")
		rest = rest[n:]
	}
	plain := []byte("<p>Demo page of a forum, invented</p>")
	for name, tt := range map[string]struct {
		sum  string
		body []byte
		gzip bool
		want bool
	}{
		"md5":             {md5Of(string(plain)), plain, false, true},
		"sha1":            {sha1Of(plain), plain, false, true},
		"sha256":          {sha256Of(string(plain)), plain, false, true},
		"quoted":          {`"` + sha1Of(plain) + `","demo",1`, plain, false, true},
		"another body":    {sha1Of(plain), append([]byte(nil), "<p>another</p>"...), false, false},
		"a byte more":     {sha1Of(plain), append(append([]byte(nil), plain...), ' '), false, false},
		"packed, as sent": {sha256Of(string(packed(plain))), packed(plain), true, true},
		"packed, decoded": {md5Of(string(plain)), packed(plain), true, true},
		"data address":    {sha1Of(image), []byte(`<p>Demo <img src="data:image/png;base64,` + code + `"> text`), false, true},
		"in a mail":       {md5Of(string(image)), []byte("Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines.String() + "\r\n--x--\r\n"), false, true},
		"cut short":       {sha1Of(image), []byte(`<img src="data:image/png;base64,` + code[:len(code)-9] + `">`), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/kept" {
					text("<a href=/kept>1</a>")(w, r)
					return
				}
				asked++
				w.Header().Set("Content-Type", "text/html")
				if tt.gzip {
					w.Header().Set("Content-Encoding", "gzip")
				}
				w.Write(tt.body)
			}))
			l := newLab(t)
			var err error
			if l.opts.Blocklist, err = OpenBlocklist(blockFile(t, "demo-bodies", tt.sum)); err != nil {
				t.Fatal(err)
			}
			l.opts.Sources, l.opts.Begin = []Source{{Name: "demo", Seeds: []string{s.URL}}}, []string{"demo"}
			l.run(t)
			ex := l.sink.find(t, s.URL+"/kept")
			if blocked := ex.Outcome == tamga.OutcomeBlocked; blocked != tt.want || blocked != (len(ex.Body) == 0) {
				t.Fatalf("%s (%s), %d bytes kept", ex.Outcome, ex.Detail, len(ex.Body))
			}
			if !tt.want {
				return
			}
			if ex.Status != 200 || len(ex.ResponseHead) == 0 || !strings.Contains(ex.Detail, "demo-bodies") || strings.Contains(ex.Detail, "/kept") {
				t.Errorf("status %d, detail %q", ex.Status, ex.Detail)
			}
			l.run(t) // another pass
			if asked != 1 {
				t.Errorf("asked for %d times", asked)
			}
		})
	}
}

// What is on a list is not told of in the log.
func TestBlocklistSilence(t *testing.T) {
	s := serve(t, http.HandlerFunc(text("<a href=/secret-demo-path>1</a>")))
	l := newLab(t)
	var out bytes.Buffer
	l.opts.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if l.opts.Blocklist, err = OpenBlocklist(blockFile(t, "demo-list", md5Of(s.URL+"/secret-demo-path"))); err != nil {
		t.Fatal(err)
	}
	l.run(t, s.URL)
	if _, err := l.tryRun(t, s.URL+"/secret-demo-path"); err == nil || strings.Contains(err.Error(), "secret-demo-path") {
		t.Errorf("as a seed: %v", err)
	}
	if strings.Contains(out.String(), "secret-demo-path") || !strings.Contains(out.String(), "sha256:"+strings.ToLower(sha256Of(s.URL+"/secret-demo-path"))) {
		t.Errorf("the log says:\n%s", out.String())
	}
}

func TestInlineLinear(t *testing.T) {
	calls := 0
	inline(bytes.Repeat([]byte("QUJD\n"), 1<<20), func(b []byte) bool { calls++; return len(b) == 3<<20 })
	inline(bytes.Repeat([]byte("QUJD\n\n"), 1<<20), func([]byte) bool { calls++; return true })
	if calls != 1 {
		t.Errorf("%d bodies", calls)
	}
}
