package evidence

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// surtVectors are URLs with the keys that surt 0.3.1 gives them.
var surtVectors = [][2]string{
	{"http://www.Archive.org/goo/", "org,archive)/goo"},
	{"http://archive.org/goo/?", "org,archive)/goo"},
	{"http://www123.archive.org/goo/?b&a", "org,archive)/goo?a&b"},
	{"http://archive.org/goo/?a=2&b&a=1", "org,archive)/goo?a=1&a=2&b"},
	{"http://archive.org:80/goo/", "org,archive)/goo"},
	{"https://archive.org:443/", "org,archive)/"},
	{"https://archive.org:80/", "org,archive:80)/"},
	{"http://user:pw@archive.org:8080", "org,archive:8080)/"},
	{"http://127.0.0.1:8080/A/./b/../C//d", "1,0,0,127:8080)/a/c/d"},
	{"http://2130706433/", "1,0,0,127)/"},
	{"http://[::1]:81/x", "::1:81)/x"},
	{"http://demo.onion/%D0%9F%D1%80%D0%B8", "onion,demo)/%d0%9f%d1%80%d0%b8"},
	{"http://demo.onion/При вет?q=При вет", "onion,demo)/%d0%9f%d1%80%d0%b8%20%d0%b2%d0%b5%d1%82?q=%d0%9f%d1%80%d0%b8%20%d0%b2%d0%b5%d1%82"},
	{"http://пример.example/x", "example,xn--e1afmkfd)/x"},
	{"http://demo.onion/%252525%32%35%41%%341", "onion,demo)/%aa"},
	{"http://demo.onion/a%2fb%00c%23d#frag", "onion,demo)/a/b%00c%23d"},
	{"http://demo.onion/x.php?PHPSESSID=0123456789abcdefghijklemopqrstuv&action=profile", "onion,demo)/x.php?action=profile"},
	{"http://demo.onion/x?sid=0123456789abcdefghijklemopqrstuv", "onion,demo)/x"},
	{"http://demo.onion/x?a=1&jsessionid=0123456789abcdefghijklemopqrstuv", "onion,demo)/x?&a=1"},
	{"http://demo.onion/(a(4hqa0555fwsecu455xqckv45))/mileg.aspx", "onion,demo)/mileg.aspx"},
	{"http://demo.onion/(4hqa0555fwsecu455xqckv45)/mileg.aspx?x=1", "onion,demo)/mileg.aspx?x=1"},
	{"http://demo.onion?x", "onion,demo)/?x"},
	{"http://demo.onion/?x=%26&y=a+b%20c", "onion,demo)/?&x=&y=a+b%20c"},
	{"http://https://demo.onion/", "onion,demo)/"},
	{"http://demo..onion./", "onion,demo)/"},
	{"http://demo.onion/../../x/", "onion,demo)/x"},
	{"http://demo.onion/a;b=c/'\"<>[]{}|\\^`~", "onion,demo)/a;b=c/'\"<>[]{}|\\^`~"},
}

func TestSURT(t *testing.T) {
	for _, v := range surtVectors {
		if got := surt(v[0]); got != v[1] {
			t.Errorf("%q: %q, want %q", v[0], got, v[1])
		}
	}
	for _, s := range []string{"", " ", "x", "http://", "http:///", "http://a:b/", "urn:x y", "%", "http://%/%%%?%&%=%", "http://a/" + strings.Repeat("%25", 300_000) + "41"} {
		if got := surt(s); strings.ContainsAny(got, " \n") {
			t.Errorf("%.40q: %.40q", s, got)
		}
	}
}

// referencePython is the Python of the environment with the tools of WACZ files.
func referencePython(t testing.TB, module string) string {
	t.Helper()
	python := os.Getenv("TAMGA_WACZ_PYTHON")
	if python == "" {
		python = "../.deps/wacz/bin/python"
	}
	if exec.Command(python, "-c", "import "+module).Run() != nil {
		t.Skipf("%s is not installed (make deps)", module)
	}
	return python
}

// TestSURTReference asks the package itself.
func TestSURTReference(t *testing.T) {
	cmd := exec.Command(referencePython(t, "surt"), "-c", `
import sys, surt
for line in sys.stdin.buffer.read().decode('utf-8').split('\0'):
    sys.stdout.buffer.write(surt.surt(line).encode('utf-8') + b'\0')`)
	var urls []string
	for _, v := range surtVectors {
		urls = append(urls, v[0])
	}
	for _, host := range []string{"demo.onion", "www.a.example:8081", "WWW2.b.example", "10.0.0.7", "xn--e1afmkfd.example"} {
		for _, path := range []string{"", "/", "//", "/A/B/", "/a%20b", "/a b", "/%7Euser/./x/..", "/%C3%A9", "/a?", "/a?x=%2B&b=+&a", "/a?&&", "/?=&=1", "/x%3fy?z%3d1", "/x;jsessionid=1", "/a?SID=0123456789abcdefghijklemopqrstuv&b=2"} {
			urls = append(urls, "http://"+host+path, "https://"+host+path)
		}
	}
	cmd.Stdin = strings.NewReader(strings.Join(urls, "\x00"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(out), "\x00")
	for i, u := range urls {
		if got := surt(u); got != want[i] {
			t.Errorf("%q: %q, want %q", u, got, want[i])
		}
	}
}

func FuzzSURT(f *testing.F) {
	for _, v := range surtVectors {
		f.Add(v[0])
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := surt(s); slices.ContainsFunc([]byte(got), func(c byte) bool { return c == ' ' || c == '\n' }) {
			t.Errorf("%q: %q", s, got)
		}
	})
}
