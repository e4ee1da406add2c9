package crawler

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
