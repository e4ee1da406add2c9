package extract

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden reads the synthetic pages of testdata and compares what was read
// with the golden file beside each; -update writes them.
func TestGolden(t *testing.T) {
	r := newReader(t)
	var files []string
	for _, pattern := range []string{"testdata/*/*.html", "testdata/*/*.json", "testdata/feed/*.xml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no pages %s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	for _, f := range files {
		if strings.HasSuffix(f, ".golden.json") {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.ToSlash(f), ".html"), func(t *testing.T) {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			in := Input{URL: "http://127.0.0.1:8000/p/one", Body: body, Time: time.Date(2025, 4, 1, 9, 0, 0, 0, time.UTC)}
			if strings.Contains(f, "category") {
				in.URL = "http://127.0.0.1:8000/cat/b"
			}
			if strings.Contains(f, "generic") {
				in.URL, in.Profile = "http://elsewhere.invalid/x", NoProfile
			}
			p, err := r.Page(in)
			if err != nil {
				t.Fatal(err)
			}
			checkPage(t, p)
			if len(p.Posts) > 0 {
				p.Findings = nil // threads are here for their posts
			}
			got, err := json.MarshalIndent(struct {
				Kind, Title, Language, Market, Reader string
				Listings                              []tamga.Listing
				Posts                                 []tamga.Post `json:",omitempty"`
				Vendor                                *tamga.Vendor
				Findings                              []tamga.Finding
				Text                                  string
			}{string(p.Kind), p.Title, p.Language, p.Market, p.Reader, p.Listings, p.Posts, p.Vendor, p.Findings, p.Text.Body}, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(f, filepath.Ext(f)) + ".golden.json"
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if strings.TrimSpace(string(want)) != string(got) {
				t.Errorf("%s differs; got\n%s", golden, got)
			}
		})
	}
}
