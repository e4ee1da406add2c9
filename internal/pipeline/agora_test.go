package pipeline

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/extract"
	"tamga/internal/database"
)

// aRealDay reads pages of a day of a real market as captures, a second apart, and
// calls fn with batches of them.
func aRealDay(t *testing.T, profile string, folders []string, fn func([]tamga.Capture, []*tamga.Page)) {
	t.Helper()
	data := os.Getenv("TAMGA_DATA")
	if data == "" {
		if cache, err := os.UserCacheDir(); err == nil {
			data = filepath.Join(cache, "tamga-data")
		}
	}
	dir := filepath.Join(data, "agora", "mirror")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("real pages not compared: they are not there")
	}
	reader, err := extract.New(extract.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var captures []tamga.Capture
	var pages []*tamga.Page
	seq := int64(0)
	start := time.Date(2014, 4, 6, 0, 0, 0, 0, time.UTC)
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(dir, p)
			at := start.Add(time.Duration(seq) * time.Second)
			in := extract.Input{URL: "http://agorademo.onion/" + strings.TrimSuffix(filepath.ToSlash(rel), ".1"), ContentType: "text/html", Body: body, Time: at, Profile: profile}
			page, err := reader.Page(in)
			if err != nil {
				return err
			}
			captures = append(captures, tamga.Capture{Seq: seq, Digest: tamga.DigestOf(body), URL: in.URL, Outcome: tamga.OutcomeOK, Requested: at})
			pages = append(pages, page)
			if seq++; len(captures) == batch {
				fn(captures, pages)
				captures, pages = nil, nil
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	fn(captures, pages)
}

func newChanges(t *testing.T) *Changes {
	t.Helper()
	db, err := database.Open(filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c, err := OpenChanges(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A day of a real market shows its offers on several pages each, captured hours
// apart while its prices followed the rate of exchange. What is called a change
// must be one: both values stand where the change says. Nothing else of the day may
// be one: nobody is gone, no wallet or key was replaced.
func TestChangesOfARealDay(t *testing.T) {
	folders := map[string][]string{"": {"cat"}, extract.NoProfile: {"cat", "vendor"}}
	for _, profile := range []string{"", extract.NoProfile} {
		c := newChanges(t)
		sources := map[int64]string{}
		aRealDay(t, profile, folders[profile], func(captures []tamga.Capture, pages []*tamga.Page) {
			for i, x := range captures {
				sources[x.Seq] = pages[i].Source
			}
			if err := c.Take(t.Context(), captures, pages, captures[len(captures)-1].Seq+1); err != nil {
				t.Fatal(err)
			}
		})
		found, err := c.Between(t.Context(), 0, int64(len(sources)))
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, x := range found {
			count[strings.Join([]string{x.Kind, x.Record, x.Field}, " ")]++
			if x.Field == "price" {
				for _, side := range []struct {
					at    tamga.Sighting
					value string
				}{{x.Was, x.From[0]}, {x.Is, x.To[0]}} {
					amount, _, _ := strings.Cut(side.value, " ")
					if s := sources[side.at.Seq][side.at.Span[0]:side.at.Span[1]]; !strings.Contains(s, amount) {
						t.Errorf("%s: %s is not where it is said to stand: %.80q", x.URL, side.value, s)
					}
				}
			}
			if rule, _ := RuleOf(&x); rule == AlertWallet || rule == AlertKey || x.Kind == tamga.ChangeGone {
				t.Errorf("%s %s %s %v → %v", x.Kind, x.URL, x.Field, x.From, x.To)
			}
		}
		t.Logf("profile %q: %d pages, %d changes: %v", profile, len(sources), len(found), count)
		if testing.Verbose() && os.Getenv("TAMGA_SHOW") != "" {
			for _, x := range found {
				t.Logf("%s %s %.40q %q → %q %s | %s", x.Kind, x.Field, x.Subject, x.From, x.To, x.Was.URL, x.Is.URL)
			}
		}
	}
}
