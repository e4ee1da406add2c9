package crawler

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestPatternOf(t *testing.T) {
	const o = "http://demo.example"
	for u, want := range map[string]string{
		o + "/":                          o + "/",
		o + "/p/12?page=3&view=all":      o + "/p/N?page&view=all",
		o + "/p/7?view=all&page=12":      o + "/p/N?page&view=all",
		o + "/item/3f9a0c77d2b14e55a":    o + "/item/X",
		o + "/item/a-long-slug-of-words": o + "/item/W",
		o + "/2031/02;jsessionid=4711":   o + "/N/N",
		o + "/x?sid=0123456789abcdef0":   o + "/x?sid",
	} {
		if got := patternOf(u); got != want {
			t.Errorf("%s: %s, want %s", u, got, want)
		}
	}
}

func TestYearOf(t *testing.T) {
	const o = "http://demo.example"
	for u, want := range map[string]int{
		o + "/cal/2031/2": 2031, o + "/cal/2031/02/28": 2031, o + "/cal?year=2031&month=2": 2031, o + "/cal?date=2031-02": 2031, o + "/cal/2031-02-28": 2031,
		o + "/cal?d=20310228": 2031, o + "/2031/02/28/a-post": 0, o + "/p/2031": 0, o + "/?id=2031": 0, o + "/cal?month=2": 0, o + "/": 0,
	} {
		if got, dated := yearOf(u); got != want && dated {
			t.Errorf("%s: %d, want %d", u, got, want)
		}
	}
}

func TestSessionIDs(t *testing.T) {
	const o, id = "http://demo.example", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
	for u, want := range map[string]string{
		o + "/x?a=1&PHPSESSID=" + id + "&b=2":  o + "/x?a=1&b=2",
		o + "/x?PHPSESSID=" + id:               o + "/x",
		o + "/x;jsessionid=" + id + "?a=1":     o + "/x?a=1",
		o + "/x;jsessionid=" + id + "/y;v=1?a": o + "/x/y;v=1?a",
		o + "/x?sid=71a90cfe&a=1":              o + "/x?a=1",
	} {
		names := suspects(u)
		if len(names) != 1 {
			t.Errorf("%s: suspects %q", u, names)
			continue
		}
		if got := without(u, names[0]); got != want {
			t.Errorf("%s: %s, want %s", u, got, want)
		}
	}
	for _, u := range []string{o + "/x?sid=12", o + "/x?q=averylongwordwithoutdigits", o + "/?", o} {
		if s := suspects(u); len(s) > 0 {
			t.Errorf("%s: suspects %q", u, s)
		}
	}
}

// A site that gives every page a new session id in every link.
func TestSessionTrap(t *testing.T) {
	const pages = 60
	for _, form := range []string{"?PHPSESSID=%s", ";jsessionid=%s", "?k=%s"} {
		var n atomic.Int64
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, _, _ := strings.Cut(r.URL.Path, ";")
			id := fmt.Sprintf(form, fmt.Sprintf("0a1b2c3d4e5f6071%016x", n.Add(1)))
			i, _ := strconv.Atoi(strings.TrimPrefix(path, "/p/"))
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, "<title>%s</title><a href='/%s'>start</a>", demoWord(i), id)
			for _, k := range []int{2*i + 1, 2*i + 2, (i * 7) % pages} {
				if k < pages {
					fmt.Fprintf(w, "<a href='/p/%d%s'>%s</a>", k, id, demoWord(k))
				}
			}
		}))
		l := newLab(t)
		l.opts.MaxPages = 20 * pages
		sum := l.run(t, s.URL)
		paths := map[string]bool{}
		for _, u := range l.sink.urls() {
			p, _, _ := strings.Cut(strings.TrimPrefix(u, s.URL), "?")
			p, _, _ = strings.Cut(p, ";")
			paths[p] = true
		}
		if len(paths) < pages || sum.Captured > 2*pages {
			t.Errorf("%s: %d pages in %d captures", form, len(paths), sum.Captured)
		}
		// What was observed outlives the process.
		l.opts.Frontier = openFrontier(t, openDB(t, filepath.Join(l.dir, "t.db")))
		c, err := New(l.opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.loadRules(t.Context()); err != nil || len(c.guard.rules) != 1 {
			t.Errorf("%s: rules %v, %v", form, c.guard.rules, err)
		}
	}
}

// Each page leads to several new ones, so that the space grows faster than its depth,
// and all say the same: in digits and all, or in words.
func TestBushyTrap(t *testing.T) {
	for name, c := range map[string]struct {
		say  string
		most int64
	}{"texts": {"nothing here", 4 * againLimit}, "words": {"nothing here %d", 4 * bushyLimit}} {
		var n atomic.Int64
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if r.URL.Path != "/" {
				fmt.Fprint(w, strings.ReplaceAll(c.say, "%d", fmt.Sprint(n.Add(1))))
			}
			for range 3 {
				fmt.Fprintf(w, "<a href='/w/%d'>on</a>", n.Add(1))
			}
		}))
		l := newLab(t)
		l.opts.MaxPages = 5 * bushyLimit
		if sum := l.run(t, s.URL); sum.Captured > c.most || !sum.Empty {
			t.Errorf("%s: %+v", name, sum)
		}
	}
}

// demoWord is a word for a number, without digits.
func demoWord(i int) string {
	var b []byte
	for i++; i > 0; i /= 26 {
		b = append(b, byte('a'+i%26))
	}
	return "demo" + string(b)
}

// Parameters that look like session ids and are none stay.
func TestTokensThatMatter(t *testing.T) {
	const pages = 30
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		i, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Query().Get("sid"), "story0a1b2c3d4e5f"), 16, 64)
		if err != nil {
			i = -1
		}
		fmt.Fprintf(w, "<p>%s</p>", demoWord(int(i+1)))
		for k := max(0, 2*i+1); k <= 2*i+3 && k < pages; k++ {
			fmt.Fprintf(w, "<a href='/read?sid=story0a1b2c3d4e5f%x'>next</a>", k)
		}
	}))
	l := newLab(t)
	if sum := l.run(t, s.URL); sum.Captured != pages+1 {
		t.Errorf("%+v", sum)
	}
}

// Traps end by themselves; what is beside them is captured.
func TestTraps(t *testing.T) {
	page := func(w http.ResponseWriter, f string, a ...any) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, f+"<a href=/beside>beside</a>", a...)
	}
	for name, c := range map[string]struct {
		limit int64
		h     http.HandlerFunc
	}{
		"calendar": {1500, func(w http.ResponseWriter, r *http.Request) {
			y, _ := strconv.Atoi(r.URL.Query().Get("year"))
			m, _ := strconv.Atoi(r.URL.Query().Get("month"))
			if y == 0 {
				y, m = time.Now().Year(), 6
			}
			at := time.Date(y, time.Month(m), 1, 0, 0, 0, 0, time.UTC)
			next, last := at.AddDate(0, 1, 0), at.AddDate(0, -1, 0)
			page(w, "<h1>%s</h1><a href='/cal?year=%d&month=%d'>next</a><a href='/cal?year=%d&month=%d'>last</a>", at.Month(), next.Year(), next.Month(), last.Year(), last.Month())
		}},
		"identical": {100, func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.URL.Query().Get("page"))
			w.Header().Set("X-Demo", strconv.Itoa(n))
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, "<a href=/beside>beside</a><p>nothing more</p><a href='?page=%d'>", n+1)
		}},
		"offset": {900, func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/week/"))
			page(w, "<p>week %d</p><a href='/week/%d'>next</a>", n, n+1)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/beside" {
					tree(1).ServeHTTP(w, &http.Request{Method: "GET", URL: r.URL})
					return
				}
				c.h(w, r)
			}))
			l := newLab(t)
			l.opts.MaxPages = 3000
			sum := l.run(t, s.URL+"/")
			if sum.Captured > c.limit || sum.Skipped == 0 || !slices.Contains(l.sink.urls(), s.URL+"/beside") {
				t.Errorf("%+v", sum)
			}
		})
	}
}

// Many pages of one pattern are no trap, whether listings or the pages themselves
// lead to them.
func TestNoTrap(t *testing.T) {
	const pages = 900
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/list/")); err == nil || r.URL.Path == "/" {
			fmt.Fprintf(w, "<title>%s</title>", demoWord(n))
			for i := 10 * n; i < 10*n+10; i++ {
				fmt.Fprintf(w, "<a href='/item/%d'>item</a>", i)
			}
			if n < pages/10-1 {
				fmt.Fprintf(w, "<a href='/list/%d'>next</a>", n+1)
			}
			return
		}
		fmt.Fprint(w, "<p>the same for every item</p>")
	}))
	l := newLab(t)
	if sum := l.run(t, s.URL); sum.Captured != pages+pages/10 {
		t.Errorf("%+v", sum)
	}
	l = newLab(t)
	s = serve(t, tree(700))
	if sum := l.run(t, s.URL); sum.Captured != 700 {
		t.Errorf("%+v", sum)
	}
}

// A query in every order is fetched until it is clear that the order says nothing.
func TestQueryOrder(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e"}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		q := r.URL.RawQuery
		var have []string
		for _, n := range names {
			if strings.Contains(q, n+"=") {
				have = append(have, n)
			}
		}
		fmt.Fprintf(w, "<p>filtered by %s</p>", strings.Join(have, " and "))
		for _, n := range names {
			if !strings.Contains(q, n+"=") {
				fmt.Fprintf(w, "<a href='/f?%s'>x</a>", strings.Trim(q+"&"+n+"=1", "&"))
			}
		}
	}))
	l := newLab(t)
	sum := l.run(t, s.URL)
	sets := map[string]bool{}
	for _, u := range l.sink.urls() {
		sorted, _ := ordered(u)
		sets[sorted] = true
	}
	if len(sets) != 32 || sum.Captured > 160 { // of 326
		t.Errorf("%d of 32 filters, %+v", len(sets), sum)
	}
}

func TestMarkOf(t *testing.T) {
	a, all := markOf("<p class=x>Demo  text, 12:30:11 <input value='0a1b'>end")
	if b, other := markOf("<P class=y id=3>Demo text 12:31:59 <input value='ffff'> end"); a != b || all == other {
		t.Error("a clock, a counter or a token changes the mark of the words, or a clock does not that of all")
	}
	if b, other := markOf("<p id=7>Demo text 12:30:11 end"); a != b || all != other {
		t.Error("an attribute changes a mark")
	}
	if b, _ := markOf("<p>Demo texts, 12:30:11 end"); a == b {
		t.Error("another word does not change the mark")
	}
	if a, b := markOf("<"); a == 0 || b == 0 {
		t.Error("a mark of zero")
	}
}

func TestDue(t *testing.T) {
	day := int64(24 * time.Hour)
	for _, c := range []struct {
		visits, changes int
		low, high       float64 // days after the last visit
	}{
		{1, 0, 0, 0}, {3, 0, 0, 0}, {4, 0, 1.5, 3}, {10, 0, 4, 8}, {10, 9, 0, 0}, {10, 3, 0, 0}, {60, 0, 15, 16.1}, {60, 1, 5, 15},
	} {
		h := history{c.visits, c.changes, day, day * int64(c.visits)}
		got := h.due().Sub(time.Unix(0, h.last)).Hours() / 24
		if got < c.low || got > c.high {
			t.Errorf("%d visits, %d changes: rests %.1f days, want %g to %g", c.visits, c.changes, got, c.low, c.high)
		}
	}
	if h := (history{400, 0, 0, 400 * 60 * day}); h.due().Sub(time.Unix(0, h.last)) != restMost {
		t.Error("a page rests longer than a month")
	}
}

// A page that never changes is fetched less often in scheduled passes, one that
// does in each; listings and seeds always, and what hangs on a resting page is not
// forgotten.
func TestRest(t *testing.T) {
	const passes = 14
	var mu sync.Mutex
	asked := map[string]int{}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.URL.Path]++
		n := asked[r.URL.Path]
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, "<a href=/still>1</a><a href=/alive>2</a><a href=/listing>3</a>")
		case "/still":
			fmt.Fprint(w, "<a href=/behind>1</a>")
		case "/behind", "/alive":
			fmt.Fprintf(w, "price %d", n)
		case "/listing":
			fmt.Fprint(w, "<a href=/i1>1</a><a href=/i2>2</a><a href=/i3>3</a>")
		}
	}))
	l := newLab(t)
	clock := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	l.opts.Now = func() time.Time { return clock }
	l.opts.Sources = []Source{{Name: "demo", Seeds: []string{s.URL + "/"}}}
	var rested int64
	l.opts.Passed = func(p Pass) { rested += p.Rested }
	for range passes {
		l.opts.Schedule = func(time.Time) ([]string, time.Time) { return []string{"demo"}, time.Time{} }
		l.run(t)
		clock = clock.Add(24 * time.Hour)
	}
	for _, always := range []string{"/", "/alive", "/behind", "/listing"} {
		if asked[always] != passes {
			t.Errorf("%s was fetched in %d of %d passes", always, asked[always], passes)
		}
	}
	for _, seldom := range []string{"/still", "/i1", "/i2", "/i3"} {
		if n := asked[seldom]; n < 5 || n > 10 {
			t.Errorf("%s was fetched in %d of %d passes", seldom, n, passes)
		}
	}
	if rested == 0 {
		t.Error("no pass tells of pages that rested")
	}
	// What a person asks for is fetched.
	before := asked["/still"]
	l.opts.Schedule, l.opts.Begin = nil, []string{"demo"}
	l.run(t)
	if asked["/still"] != before+1 {
		t.Error("a page rests though its source was asked for")
	}
}

// The tables of an older program are brought up to date.
func TestOlderTables(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "t.db"))
	old := strings.NewReplacer("chain ", "xchain ", "visits ", "xvisits ", "changes ", "xchanges ", "digest ", "xdigest ", "first ", "xfirst ", "last ", "xlast ").Replace(schema)
	if _, err := db.Exec(old); err != nil {
		t.Fatal(err)
	}
	f := openFrontier(t, db)
	if err := f.Add(t.Context(), Source{}, "http://demo.example/"); err != nil {
		t.Error(err)
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"http://demo.example/a/12;x=0a1b2c3d4e5f60718?b&a=1&a=2", "http://demo.example/2031/2?date=2031-02-03", "http://x/?=&&=;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := Canonical(s)
		if err != nil {
			return
		}
		patternOf(u)
		yearOf(u)
		markOf(s)
		for _, name := range suspects(u) {
			if w := without(u, name); len(w) >= len(u) {
				t.Fatalf("%q without %q is %q", u, name, w)
			}
		}
		if o, n := ordered(u); n > 0 && len(o) != len(u) {
			t.Fatalf("%q in order is %q", u, o)
		}
	})
}
