package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga"
)

// sites are the real pages by the profile that reads them.
var sites = map[string]string{
	"markets/apollon/html_files/*/*": "apollon", "markets/dream/html_files/*/*": "dream", "markets/white_house/*": "whitehouse",
	"markets/yellow_brick/*": "yellowbrick", "forums/smf_agora/*": "smf", "agora/mirror/p/*": "agora", "agora/mirror/vendor/A*": "agora",
}

// TestProfilesClaim lets every profile see every page: one that is another's is
// claimed by that one alone.
func TestProfilesClaim(t *testing.T) {
	r := newReader(t)
	pages := map[string]string{}
	for pattern, name := range sites {
		files, err := filepath.Glob(filepath.Join(realData(t, "."), pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no pages of %s: %v", name, err)
		}
		for i, f := range files {
			if name != "agora" || i%40 == 0 {
				pages[f] = name
			}
		}
	}
	claims(t, r, pages)
}

// TestProfilesClaimFixtures is the same on the synthetic pages.
func TestProfilesClaimFixtures(t *testing.T) {
	pages := map[string]string{}
	for _, f := range fixtures(t) {
		name := filepath.Base(filepath.Dir(f))
		switch name {
		case "generic":
			name = ""
		case "nowhere":
			name = "agora"
		}
		pages[f] = name
	}
	claims(t, newReader(t), pages)
}

func fixtures(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	return files
}

func claims(t *testing.T, r *Reader, pages map[string]string) {
	t.Helper()
	for f, want := range pages {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		m := walk(string(body))
		d := &document{reader: r, markup: m}
		if d.tree, err = m.parse(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range r.profiles {
			if len(p.Detect.signature) > 0 && d.matches(p.Detect.signature) {
				got = append(got, p.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is claimed by %q, want %q", f, got, want)
		}
	}
}

// TestProfilesCount compares how many offers or topics were read with how often a mark of
// the source stands there.
func TestProfilesCount(t *testing.T) {
	r := newReader(t)
	for _, x := range []struct{ pattern, mark string }{
		{"markets/white_house/*", `<p><strong>`}, {"markets/yellow_brick/*", `<div id="listdiv">`}, {"markets/dream/html_files/sellers/*", `class="shopItem `},
		{"markets/dream/html_files/search_result/*", `class="shopItem `}, {"markets/apollon/html_files/search_results/*", "Item #"},
		{"markets/apollon/html_files/category_indexes/*", "Sale Price"}, {"markets/apollon/html_files/sub_category_indexes/*", "Sale Price"},
	} {
		files, err := filepath.Glob(filepath.Join(realData(t, "."), x.pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no pages %s: %v", x.pattern, err)
		}
		for _, f := range files {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			p, err := r.Page(Input{Body: body})
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Count(string(body), x.mark); len(p.Listings) != want {
				t.Errorf("%s: %d listings, want %d", f, len(p.Listings), want)
			}
			for _, l := range p.Listings {
				if l.Vendor == "" || l.Price == "" || l.Currency == "" || l.FromText == "" && strings.Contains(f, "white_house") {
					t.Errorf("%s: listing without a field: %+v", f, l)
				}
			}
			if want := tamga.PageListings; p.Kind != want && len(p.Listings) > 0 && !strings.Contains(f, "sellers") {
				t.Errorf("%s: kind %s, want %s", f, p.Kind, want)
			}
		}
	}
}
