package crawler

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestFlood: a source that has no end takes its share and no more. Beside it 49 small
// ones have pass after pass, and each ends while the flood has had a few turns for
// each of their pages. TAMGA_FULL floods with a hundred thousand URLs.
func TestFlood(t *testing.T) {
	const small, pages, perPage = 49, 20, 500
	flood := 10_000
	if os.Getenv("TAMGA_FULL") != "" {
		flood = 100_000
	}
	links := func(w http.ResponseWriter, from, to int) {
		var b bytes.Buffer
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "<a href='/item-%d'>item</a>", i)
		}
		w.Header().Set("Content-Type", "text/html")
		w.Write(b.Bytes())
	}
	big := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/item-"))
		if r.URL.Path == "/" {
			links(w, 0, flood/perPage)
		} else if err == nil && n < flood/perPage {
			links(w, flood/perPage+n*perPage, min(flood, flood/perPage+(n+1)*perPage))
		}
	}))
	l := newLab(t)
	l.opts.Workers, l.opts.Parallel = 8, 8
	l.opts.Sources = []Source{{Name: "flood", Seeds: []string{big.URL + "/"}}}
	var names []string
	for i := range small {
		s := serve(t, tree(pages))
		name := fmt.Sprintf("small-%02d", i)
		names = append(names, name)
		l.opts.Sources = append(l.opts.Sources, Source{Name: name, Seeds: []string{s.URL + "/"}})
	}
	sealed := func() (n int64) { return l.sink.Len() }
	begun, ended := map[string]int64{}, map[string]int{}
	worst, rounds, floodEnded := int64(0), 0, false
	l.opts.Schedule = func(now time.Time) ([]string, time.Time) {
		switch {
		case rounds == 0:
			rounds = 1
			for _, name := range names {
				begun[name] = sealed()
			}
			return append([]string{"flood"}, names...), now.Add(time.Millisecond)
		case rounds < 3 && len(begun) == 0:
			rounds++
			for _, name := range names {
				begun[name] = sealed()
			}
			return names, now.Add(time.Millisecond)
		case rounds == 3 && len(begun) == 0:
			return nil, time.Time{}
		}
		return nil, now.Add(time.Millisecond)
	}
	l.opts.Passed = func(p Pass) {
		if p.Source == "flood" {
			floodEnded = true
			return
		}
		if p.Captured != pages {
			t.Errorf("%s: %d pages of %d", p.Source, p.Captured, pages)
		}
		if floodEnded {
			t.Errorf("a pass of %s ended after the flood", p.Source)
		}
		ended[p.Source]++
		worst = max(worst, sealed()-begun[p.Source])
		delete(begun, p.Source)
	}
	sum := l.run(t)
	for _, name := range names {
		if ended[name] != 3 {
			t.Errorf("%d passes of %s", ended[name], name)
		}
	}
	if want := int64(flood + 1 + 3*small*pages); sum.Captured != want || !sum.Empty {
		t.Errorf("%+v, want %d captured", sum, want)
	}
	// In turns, a pass of twenty pages is over when each source has had some twenty.
	t.Logf("%d URLs of one source; the slowest pass of %d pages ended after %d captures of all", flood, pages, worst)
	if most := int64(3 * (small + 1) * pages); worst > most {
		t.Errorf("a pass took as long as %d captures, at most %d", worst, most)
	}
}
