package extract

import (
	"os"
	"path/filepath"
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
