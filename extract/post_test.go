package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const boardProfile = `
name = "board"
version = 1
[detect]
hosts = ["board.invalid"]
[[pages]]
kind = "thread"
path = '^/t/'
title = { select = "h1" }
[pages.posts]
element = ".msg"
id = { select = ":scope", attr = "data-id" }
author = { select = ".who" }
time = { select = ".when", transform = ["time 02.01.2006 15:04 -0700"] }
text = { select = ".what" }
reply_to = { select = ".re", transform = ["after #"] }
[[pages]]
kind = "listing"
path = '^/p/'
[pages.listing]
element = "#o"
title = { select = "h1" }
quantity = { select = ".pack" }
`

func boardReader(t *testing.T, profile string) (*Reader, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "board.toml"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	return New(Options{ProfileDirs: []string{dir}})
}

func TestPosts(t *testing.T) {
	r, err := boardReader(t, boardProfile)
	if err != nil {
		t.Fatal(err)
	}
	page := `<h1>One &amp; two</h1><div class=msg id=m1 data-id=1><b class=who>nobody</b><i class=when>24.11.2026 10:00 +0500</i><div class=what>a<br>b</div></div>` +
		`<div class=msg data-id=2><b class=who>other</b><i class=when>yesterday</i><i class=re>to #1</i><div class=what>c</div></div>` +
		`<div class=msg data-id=3></div>`
	p, err := r.Page(Input{URL: "http://board.invalid/t/5", Body: []byte(page)})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Posts) != 2 {
		t.Fatalf("%d posts", len(p.Posts))
	}
	one, two := p.Posts[0], p.Posts[1]
	if one.ID != "1" || one.Author != "nobody" || one.Text != "a\nb" || one.Thread != "One & two" || one.URL != "http://board.invalid/t/5#m1" {
		t.Errorf("%+v", one)
	}
	if want := time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC); one.Time == nil || !one.Time.Equal(want) {
		t.Errorf("time %v, want %v", one.Time, want)
	}
	if two.Time != nil || two.ReplyTo != "1" || two.URL != "" {
		t.Errorf("%+v", two)
	}
	if raw := p.Source[two.Span[0]:two.Span[1]]; !strings.HasPrefix(raw, "<div class=msg data-id=2>") || !strings.HasSuffix(raw, "c</div></div>") {
		t.Errorf("second post stands at %q", raw)
	}
}

// The quantity that a page names on its own is worth more than the first one of
// the title.
func TestQuantityField(t *testing.T) {
	r, err := boardReader(t, boardProfile)
	if err != nil {
		t.Fatal(err)
	}
	for pack, want := range map[string]string{
		"<i class=pack>10 x 5 g</i>": "50 g", "<i class=pack>100 pcs</i>": "100 piece", "<i class=pack>ask me</i>": "2 g", "": "2 g",
	} {
		p, err := r.Page(Input{URL: "http://board.invalid/p/5", Body: []byte("<div id=o><h1>2g kush</h1>" + pack + "</div>")})
		if err != nil {
			t.Fatal(err)
		}
		if l := p.Listings[0]; l.Quantity+" "+l.Unit != want {
			t.Errorf("%s: %s %s, want %s", pack, l.Quantity, l.Unit, want)
		}
	}
}

func TestPostsOfBrokenProfile(t *testing.T) {
	for change, want := range map[string]string{
		`text = { select = ".what" }` + "\x00": "posts.text", `element = ".msg"` + "\x00" + `element = "["`: "posts.element",
		`attr = "data-id"` + "\x00" + `transform = ["time never"]`: "posts.id",
	} {
		old, new, _ := strings.Cut(change, "\x00")
		if _, err := boardReader(t, strings.Replace(boardProfile, old, new, 1)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "board.toml") {
			t.Errorf("%q: %v", new, err)
		}
	}
}
