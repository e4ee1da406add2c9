package crawler

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestRefreshTarget(t *testing.T) {
	for content, want := range map[string]string{
		"5; url=/next": "/next", "0;URL='/next'": "/next", ` 1.5 , url = "/a b" x`: "/a b", "3 /next": "/next", "0;/next": "/next", "0;url=": "",
		"30": "", "": "", "url=/next": "", "5x; url=/next": "", "0; urls": "urls", "0;;url=/x": ";url=/x", "0; url='": "",
	} {
		if got := refreshTarget(content); got != want {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
}

// Where a browser goes by itself, without scripts.
func TestRefreshIsFollowed(t *testing.T) {
	deep := strings.Repeat("<b>", 4000) + strings.Repeat("<i>", 4000) // no tree is made of it
	s := serve(t, routes{
		"/":        text("<meta http-equiv=refresh content='2; url=/meta'>"),
		"/meta":    text("<META HTTP-EQUIV='Refresh' CONTENT=\"0;URL='scanned'\">" + deep),
		"/scanned": text("<noscript><meta http-equiv=refresh content='0; url=/noscript'></noscript>"),
		"/noscript": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Refresh", "5;url=/header")
			text("wait")(w, r)
		},
		"/header":   text("<frameset><frame src=/frame><noframes><a href=/noframes>x</a></noframes></frameset>"),
		"/frame":    text("<meta http-equiv=refresh content=60><meta name=refresh content='0;url=/never'>"),
		"/noframes": text("<meta http-equiv=refresh content='0;url=file:///etc/hostname'>"),
	})
	l := newLab(t)
	l.run(t, s.URL)
	var got []string
	for _, u := range l.sink.urls() {
		got = append(got, strings.TrimPrefix(u, s.URL))
	}
	slices.Sort(got)
	if want := []string{"/", "/frame", "/header", "/meta", "/noframes", "/noscript", "/scanned"}; !slices.Equal(got, want) {
		t.Errorf("captured %q, want %q", got, want)
	}
}

func FuzzRefresh(f *testing.F) {
	for _, s := range []string{"5; url=/next", "0;URL='x", "1 , url = \"a\"", "\x00;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if target := refreshTarget(s); !strings.Contains(s, target) {
			t.Fatalf("%q leads to %q", s, target)
		}
	})
}
