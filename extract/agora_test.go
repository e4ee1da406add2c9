package extract

import (
	"bufio"
	"encoding/json"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga"
)

// realData is the folder of the real pages; the test is skipped without it.
func realData(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("TAMGA_DATA")
	if dir == "" {
		cache := os.Getenv("XDG_CACHE_HOME")
		if cache == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				t.Skip("no home folder, so no real data")
			}
			cache = filepath.Join(home, ".cache")
		}
		dir = filepath.Join(cache, "tamga-data")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("real data are absent: %s", path)
	}
	return path
}

func lines(t testing.TB, file string, each func([]byte)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		each(sc.Bytes())
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
}

type agoraItem struct {
	ID, Title, Vendor, From, To string
	Price                       string `json:"price_btc"`
	Category                    []string
	Feedback                    [][]string
}

// heldOut says whether a vendor is set aside: nothing is tuned on one of them.
func heldOut(vendor string) bool {
	h := fnv.New32a()
	h.Write([]byte(vendor))
	return h.Sum32()%5 == 0
}

func newReader(t testing.TB) *Reader {
	t.Helper()
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// score counts right answers by name.
type score map[string][2]int

func (s score) add(name string, ok bool) {
	v := s[name]
	v[1]++
	if ok {
		v[0]++
	}
	s[name] = v
}

func (s score) share(name string) float64 {
	if s[name][1] == 0 {
		return 0
	}
	return float64(s[name][0]) / float64(s[name][1])
}

// TestAgoraItems reads a tenth of the listing pages by the profile, or all of
// them where TAMGA_EVAL=full.
func TestAgoraItems(t *testing.T) {
	dir := realData(t, "agora/mirror/p")
	r := newReader(t)
	got := map[bool]score{true: {}, false: {}}
	shown := 0
	n := 0
	lines(t, realData(t, "agora/items_2014-04-06.jsonl"), func(line []byte) {
		var want agoraItem
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		if n++; os.Getenv("TAMGA_EVAL") != "full" && n%10 != 0 {
			return
		}
		body, err := os.ReadFile(filepath.Join(dir, want.ID))
		if err != nil {
			return
		}
		p, err := r.Page(Input{URL: "http://127.0.0.1:8000/p/" + want.ID, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		var l tamga.Listing
		if len(p.Listings) > 0 {
			l = p.Listings[0]
		}
		s := got[heldOut(want.Vendor)]
		check := func(name, have, right string) {
			s.add(name, have == right)
			if have != right && shown < 20 && !heldOut(want.Vendor) {
				shown++
				t.Logf("%s: %s %q, want %q", want.ID, name, have, right)
			}
		}
		check("kind", string(p.Kind), "listing")
		check("title", l.Title, want.Title)
		check("vendor", l.Vendor, want.Vendor)
		check("price", l.Price, want.Price)
		check("from", l.FromText, want.From)
		check("to", l.ToText, want.To)
	})
	for _, name := range []string{"kind", "title", "vendor", "price", "from", "to"} {
		t.Logf("%-8s tuned %.4f held out %.4f of %d", name, got[false].share(name), got[true].share(name), got[true][name][1])
		for part, s := range got {
			if s.share(name) < 0.995 {
				t.Errorf("%s: %.4f (held out: %t), want 0.995", name, s.share(name), part)
			}
		}
	}
}

// TestAgoraVendors reads every fourth vendor page: the name, the rating and
// whether a key was found where the page has one.
func TestAgoraVendors(t *testing.T) {
	root := realData(t, "agora/mirror")
	r := newReader(t)
	s, n := score{}, 0
	lines(t, realData(t, "agora/vendors_2014-04-06.jsonl"), func(line []byte) {
		var want struct{ File, Vendor, Rating, PGP string }
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		if n++; n%4 != 0 {
			return
		}
		body, err := os.ReadFile(filepath.Join(root, "vendor", want.File))
		if err != nil {
			return
		}
		p, err := r.Page(Input{URL: "http://127.0.0.1:8000/vendor/" + want.File, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		v := p.Vendor
		if v == nil {
			v = &tamga.Vendor{}
		}
		s.add("kind", p.Kind == tamga.PageVendor)
		s.add("name", v.Name == want.Vendor)
		s.add("rating", want.Rating == "" || strings.HasPrefix(want.Rating, v.Rating) && strings.Contains(want.Rating, v.Deals))
		if strings.Contains(want.PGP, "END PGP PUBLIC KEY BLOCK") {
			s.add("key", len(v.PGP) > 0)
		}
	})
	for name, least := range map[string]float64{"kind": 0.99, "name": 0.99, "rating": 0.99, "key": 0.95} {
		t.Logf("%s %.4f of %d", name, s.share(name), s[name][1])
		if s.share(name) < least {
			t.Errorf("%s: %.4f, want %.2f", name, s.share(name), least)
		}
	}
}
