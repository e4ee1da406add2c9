package extract

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tamga"
	"tamga/internal/demo"
)

// A profile learnt from pages of the demo market reads other pages of it as its
// own profile does.
func TestLearnDemo(t *testing.T) {
	r, m := newReader(t), demo.New()
	h := m.Handler()
	var in []Input
	truth := m.Truth()
	for _, o := range truth[:8] {
		in = append(in, fetch(h, o.Path, ""))
	}
	for _, path := range []string{"/category/ecstasy", "/category/cannabis"} {
		in = append(in, fetch(h, path, ""))
	}
	d, err := r.Learn("drafted", in)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "drafted.toml"), []byte(d.TOML(nil)), 0o600); err != nil {
		t.Fatal(err)
	}
	learnt, err := New(Options{ProfileDirs: []string{dir}})
	if err != nil {
		t.Fatalf("%v in\n%s", err, d.TOML(nil))
	}
	s := score{}
	for _, o := range truth[8:] {
		p, err := learnt.Page(fetch(h, o.Path, "drafted"))
		if err != nil {
			t.Fatal(err)
		}
		var l tamga.Listing
		if len(p.Listings) > 0 {
			l = p.Listings[0]
		}
		s.add("title", l.Title == o.Title)
		s.add("price", sameNumber(l.Price, o.Price) && l.Currency == o.Currency)
		s.add("vendor", l.Vendor == o.Vendor)
	}
	for _, k := range []string{"title", "price", "vendor"} {
		if s.share(k) < .95 {
			t.Errorf("%s: %.3f of %d\n%s", k, s.share(k), s[k][1], d.TOML(nil))
		}
	}
	fields, pages, err := learnt.Check("drafted", in)
	if err != nil || pages[tamga.PageListing] != 8 || len(fields) == 0 || fields[0].Agrees*10 < fields[0].Offers*9 {
		t.Errorf("check: %+v %v %v", fields, pages, err)
	}
}

func TestLearnNothing(t *testing.T) {
	if _, err := newReader(t).Learn("x", []Input{{Body: []byte("<p>no offers here</p>")}}); err == nil {
		t.Error("learnt from nothing")
	}
}

// The name of the vendor and the routes are learnt too.
func TestLearnVendorAndRoutes(t *testing.T) {
	page := func(vendor string, wares ...string) Input {
		var b strings.Builder
		fmt.Fprintf(&b, `<title>Stall</title><body><div class="who"><h2 class="nick">%s</h2><p>Member since: 2019-03-01. Last seen: today. Positive feedback 97%%</p></div>`, vendor)
		for i, w := range wares {
			fmt.Fprintf(&b, `<div class="deal"><a class="ware" href="/o/%s%d">%s</a> <b class="cost">$1%d.50</b><p class="way">Ships from: Germany</p></div>`, vendor, i, w, i)
		}
		return Input{Body: []byte(b.String())}
	}
	d, err := newReader(t).Learn("stall", []Input{page("alder", "Moss 5 g", "Kush 2 g", "Haze 1 g"), page("birch", "MDMA 1 g", "Speed 3 g"), page("cedar", "Hash 9 g", "LSD 2 g", "Kush 7 g")})
	if err != nil {
		t.Fatal(err)
	}
	toml := d.TOML([]string{"stall.invalid"})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "stall.toml"), []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	learnt, err := New(Options{ProfileDirs: []string{dir}})
	if err != nil {
		t.Fatalf("%v in\n%s", err, toml)
	}
	in := page("damson", "Haze 4 g", "MDMA 2 g")
	in.Profile = "stall"
	p, err := learnt.Page(in)
	if err != nil {
		t.Fatal(err)
	}
	if p.Vendor == nil || p.Vendor.Name != "damson" || len(p.Listings) != 2 || p.Listings[0].FromText != "Germany" || !slices.Equal(p.Listings[0].From, []string{"DE"}) || p.Listings[0].Quantity != "4" {
		t.Errorf("vendor %+v, offers %+v of\n%s", p.Vendor, p.Listings, toml)
	}
}

// Nothing that a page holds stops Learn, or makes a draft that cannot be loaded.
func FuzzLearn(f *testing.F) {
	f.Add("<div class=a><a href=/1>Kush 2 g</a> $5</div><div class=a><a href=/2>Haze 1 g</a> $7</div>", "<h2>alder</h2>last seen today")
	f.Add("<table><tr><td>MDMA 1 g<td>5 USD<td><button>buy</button><tr><td>Kush 1 g<td>7 USD<td><button>buy</button><tr><td>Haze 3 g<td>9 USD<td><button>buy</button>", "")
	r, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		if len(one)+len(two) > 1<<14 {
			t.Skip("longer than a fuzzer needs")
		}
		d, err := r.Learn("drafted", []Input{{Body: []byte(one)}, {Body: []byte(two)}})
		if err != nil {
			return
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "drafted.toml"), []byte(d.TOML(nil)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadProfiles([]string{dir}); err != nil {
			t.Fatalf("%v in\n%s", err, d.TOML(nil))
		}
	})
}
