package crawler

import (
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// A whole real market: every page that a plain walk over the mirror reaches is
// captured, none twice.
func TestAgora(t *testing.T) {
	dir := filepath.Join(dataDir(), "agora", "mirror")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("real pages are not there: ", err)
	}
	if testing.Short() || raceEnabled {
		t.Skip("12,000 pages: not with -short or -race")
	}
	s := serve(t, mirror(os.DirFS(dir)))
	l := newLab(t)
	sum := l.run(t, s.URL+"/")
	noDuplicates(t, l.sink.urls())
	var ok []string
	for _, r := range l.sink.records() {
		switch r.Exchange.Outcome {
		case "ok":
			ok = append(ok, strings.TrimPrefix(r.Exchange.URL, s.URL))
		case "not-found":
		default:
			t.Errorf("%s: %s (%s)", r.Exchange.URL, r.Exchange.Outcome, r.Exchange.Detail)
		}
	}
	want := walk(t, os.DirFS(dir))
	slices.Sort(ok)
	if !slices.Equal(ok, want) || sum.Failed != 0 {
		t.Errorf("%d pages, want %d; %+v", len(ok), len(want), sum)
	}
}

// walk is the naive crawl: goquery over the files, breadth first.
func walk(t *testing.T, root fs.FS) (pages []string) {
	seen := map[string]bool{"/": true}
	for queue := []string{"/"}; len(queue) > 0; queue = queue[1:] {
		name, err := url.PathUnescape(strings.Trim(queue[0], "/"))
		if err != nil {
			t.Fatal(err)
		}
		if name == "" {
			name = "index.html"
		}
		f, err := root.Open(name)
		if err != nil {
			continue
		}
		if st, err := f.Stat(); err != nil || st.IsDir() {
			f.Close()
			if f, err = root.Open(name + "/index.html"); err != nil {
				continue
			}
		}
		doc, err := goquery.NewDocumentFromReader(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, queue[0])
		doc.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
			href, _, _ := strings.Cut(a.AttrOr("href", ""), "#")
			if strings.HasPrefix(href, "/") && !seen[href] {
				seen[href] = true
				queue = append(queue, href)
			}
		})
	}
	slices.Sort(pages)
	return pages
}

// dataDir is the folder of real pages and blocks; it may not be there.
func dataDir() string {
	if d := os.Getenv("TAMGA_DATA"); d != "" {
		return d
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "tamga-data"
	}
	return filepath.Join(cache, "tamga-data")
}

// mirror serves the files of a saved site under their paths; pages have no
// extension.
func mirror(root fs.FS) http.Handler {
	var mu sync.Mutex
	held := map[string][]byte{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.Trim(r.URL.Path, "/")
		if name == "" {
			name = "index.html"
		}
		mu.Lock()
		b, ok := held[name]
		mu.Unlock()
		if !ok {
			var err error
			if b, err = fs.ReadFile(root, name); err != nil {
				if b, err = fs.ReadFile(root, name+"/index.html"); err != nil {
					http.NotFound(w, r)
					return
				}
			}
			mu.Lock()
			held[name] = b
			mu.Unlock()
		}
		if strings.HasPrefix(http.DetectContentType(b), "text/html") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		w.Write(b)
	})
}
