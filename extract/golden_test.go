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
	files, err := filepath.Glob("testdata/*/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, f := range files {
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
			golden := strings.TrimSuffix(f, ".html") + ".golden.json"
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
