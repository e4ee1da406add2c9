package extract

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tamga"
)

// elsewhere are threads of software that no profile knows and that the reader
// was not made from.
var elsewhere = map[string]string{
	"divs": `<title>Old mill</title><div class=wrap><ul class=menu><li><a href=/profile/me>me</a><li><a href=/out>out</a></ul>
<div class="row c1" id=entry-501><div class=meta><a href="/user/heron">heron</a> wrote <span>12 March 2024, 10:15</span></div><div class=txt>Is the old mill open this week?</div></div>
<div class="row c2" id=entry-502><div class=meta><a href="/user/vole">vole</a> wrote <span>13 March 2024, 09:00</span></div><div class=txt><blockquote>Is the old mill open?</blockquote>Closed until May, they said on 1 May 2024.</div></div>
<div class="row c1" id=entry-503><div class=meta><b>someone</b> wrote <span>13 March 2024, 11:40</span></div><div class=txt>Pity.</div></div>
<div class="row c2" id=entry-504><div class=meta><a href="/user/heron">heron</a> wrote <span>14 March 2024, 18:20</span></div><div class=txt>Thank you both, then in May.</div></div></div>`,
	"tables": `<title>Old mill</title><table class=nav><tr><td><a href="member.php?u=1">Welcome</a></table>
<table id=post501><tr><td class=thead>03-25-2024, 10:15 AM<td class=thead>#1<tr><td><a class=bigusername href="member.php?u=7">heron</a><div>Join Date: Feb 2020</div><div>Posts: 12</div><td><div class=smallfont><strong>Old mill</strong></div><div id=post_message_501>Is the old mill open this week?</div></table>
<table id=post502><tr><td class=thead>03-26-2024, 09:00 AM<td class=thead>#2<tr><td><a class=bigusername href="member.php?u=8">vole</a><div>Join Date: Mar 2021</div><div>Posts: 3</div><td><div id=post_message_502>Closed until May, they said.</div></table>
<table id=post503><tr><td class=thead>03-26-2024, 11:40 AM<td class=thead>#3<tr><td><a class=bigusername href="member.php?u=9">someone</a><div>Join Date: May 2022</div><div>Posts: 1</div><td><div id=post_message_503>Pity.</div></table>
<table id=post504><tr><td class=thead>03-27-2024, 06:20 PM<td class=thead>#4<tr><td><a class=bigusername href="member.php?u=7">heron</a><div>Join Date: Feb 2020</div><div>Posts: 13</div><td><div id=post_message_504>Thank you both, then in May.</div></table>`,
	"comments": `<title>Old mill</title><main><article class=comment data-id=501><header><span class=username>heron</span> <time datetime="2024-03-12T10:15:00Z">3 weeks ago</time></header><p>Is the old mill open this week?</p></article>
<article class=comment data-id=502><header><span class=username>vole</span> <time datetime="2024-03-13T09:00:00Z">3 weeks ago</time></header><p>Closed until May, they said.</p></article>
<article class=comment data-id=503><header><span class=username>someone</span> <time datetime="2024-03-13T11:40:00Z">3 weeks ago</time></header><p>Pity.</p></article>
<article class=comment data-id=504><header><span class=username>heron</span> <time datetime="2024-03-14T18:20:00Z">2 weeks ago</time></header><p>Thank you both, then in May.</p></article></main>`,
}

func TestThreadElsewhere(t *testing.T) {
	r := newReader(t)
	for name, page := range elsewhere {
		p, err := r.Page(Input{URL: "http://board.invalid/t/5", Body: []byte(page), Profile: NoProfile})
		if err != nil {
			t.Fatal(err)
		}
		checkPage(t, p)
		if p.Kind != tamga.PageThread || len(p.Posts) != 4 {
			t.Errorf("%s: kind %s, %d posts", name, p.Kind, len(p.Posts))
			continue
		}
		for i, want := range []string{"501 heron Is the old mill open this week?", "502 vole Closed until May, they said", "503 someone Pity.", "504 heron Thank you both, then in May."} {
			x := p.Posts[i]
			if got := x.ID + " " + x.Author + " " + x.Text; !strings.HasPrefix(got, want) {
				t.Errorf("%s: post %q, want %q", name, got, want)
			}
			if x.Time == nil || x.Time.Year() != 2024 || x.Time.Month() != 3 {
				t.Errorf("%s: post %d at %v", name, i, x.Time)
			}
		}
	}
}

// TestThreadWithoutProfile takes every profile away and compares what the
// generic reader finds in the fixtures with what their profiles find.
func TestThreadWithoutProfile(t *testing.T) {
	r := newReader(t)
	author, text, ids := score{}, score{}, score{}
	read := 0
	for _, f := range fixtures(t) {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		in := Input{URL: "http://127.0.0.1:8000/t", Body: body}
		want, err := r.Page(in)
		if err != nil {
			t.Fatal(err)
		}
		in.Profile = NoProfile
		got, err := r.Page(in)
		if err != nil {
			t.Fatal(err)
		}
		if len(want.Posts) == 0 {
			if len(got.Posts) > 0 {
				t.Errorf("%s: %d posts where there are none", f, len(got.Posts))
			}
			continue
		}
		read++
		found := map[string]tamga.Post{}
		for _, p := range got.Posts {
			found[p.ID] = p
		}
		for _, p := range want.Posts {
			q := found[p.ID]
			author.add("recall", q.Author == p.Author)
			text.add("recall", q.Text == p.Text)
			ids.add("time", q.Time == nil || q.Time.Equal(*p.Time))
		}
	}
	if read < 8 {
		t.Errorf("only %d threads among the fixtures", read)
	}
	for what, share := range map[string]float64{"author": author.share("recall"), "text": text.share("recall"), "time, where told": ids.share("time")} {
		t.Logf("%s: %.3f of %d", what, share, author["recall"][1])
		if share < 0.9 {
			t.Errorf("%s: %.3f, want 0.9", what, share)
		}
	}
}

// TestNoThreadOnMarkets reads real pages without a profile: topic lists, offers
// and vendors hold no posts.
func TestNoThreadOnMarkets(t *testing.T) {
	r := newReader(t)
	for pattern := range sites {
		files, err := filepath.Glob(filepath.Join(realData(t, "."), pattern))
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range files {
			if i%5 != 0 || i > 500 {
				continue
			}
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			p, err := r.Page(Input{Body: body, Profile: NoProfile})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Posts) > 0 {
				t.Errorf("%s: %d posts", f, len(p.Posts))
			}
		}
	}
}

// hostile pages: large, nested, broken off, in the shape of threads and offers.
func hostilePages() map[string]string {
	post := `<div class="post" id="p1"><a href="/user/x" class="author">x</a> 2020-01-02 10:00<div class=content>word word</div></div>`
	deep := strings.Repeat(`<div class=post><a class=author href=/user/x>x</a>2020-01-02 10:00`, 400)
	small := strings.Repeat(`<small>Ship to : x</small><label>Ship to</label>`, 20000)
	return map[string]string{
		"many posts":    strings.Repeat(post, 8000),
		"nested posts":  deep + strings.Repeat(post, 2000),
		"nested twins":  strings.Repeat(post+`<div class=post>`, 400) + strings.Repeat(post, 1000),
		"authors":       strings.Repeat(`<span class=author>`, 500) + "x" + strings.Repeat(`<b class=author></b>`, 20000),
		"labels":        `<div id=wrapper><div class=navbar><a href=imsg.php></a><a href=home.php></a></div><div id=page-wrapper><a href="?fvlst=1"></a><div class=tab-content></div><td><div class=col-sm-3>` + small,
		"cards":         `<div class=naviHeader><div class=headNavitems><ul class=ulNavItems></ul></div></div><div class=content><div class=shop>` + strings.Repeat(`<div class=shopItem><div class=oTitle><a href=x>t</a></div>`, 5000),
		"phpbb":         `<body id=phpbb><div id=page-body>` + strings.Repeat(`<div class=post id=p1><div class=postbody><div class=content>x<blockquote><cite><a href="#p1">`, 100) + strings.Repeat(`<p class=author>by <strong>x</strong>`, 10000),
		"broken off":    `<html id=XF data-app=public><article class="message message--post" data-author="x" data-content="post-`,
		"not UTF-8":     "<body id=phpbb><div id=page-body><div class=post id=p1><div class=postbody><p class=author>\xff\xfe\xed\xa0\x80 » \xc3</p><div class=content>\xf0\x9f",
		"right to left": `<div class=tgme_main><div class=tgme_header></div><div class=tgme_widget_message data-post="a/` + strings.Repeat("9", 5000) + `"><div class="tgme_widget_message_text">` + "\u202e" + strings.Repeat("x\u200b", 1000),
	}
}

func TestHostileThreads(t *testing.T) {
	r := newReader(t)
	for name, page := range hostilePages() {
		for _, profile := range []string{"", NoProfile} {
			p, err := r.Page(Input{URL: "http://board.invalid/t/5", Body: []byte(page), Profile: profile})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			checkPage(t, p)
		}
	}
}

// FuzzPosts reads a page with every profile, and with none.
func FuzzPosts(f *testing.F) {
	for _, x := range fixtures(f) {
		if body, err := os.ReadFile(x); err == nil && len(body) < 4096 {
			f.Add(string(body), 0)
		}
	}
	for _, page := range elsewhere {
		f.Add(page, 1)
	}
	r := newReader(f)
	names := append(r.Profiles(), NoProfile)
	f.Fuzz(func(t *testing.T, page string, n int) {
		if n < 0 {
			n = -(n + 1)
		}
		p, err := r.Page(Input{URL: "http://board.invalid/t/" + strconv.Itoa(n), Body: []byte(page), Profile: names[n%len(names)]})
		if err != nil {
			t.Fatal(err)
		}
		checkPage(t, p)
		for _, x := range p.Posts {
			if x.Text == "" && x.Author == "" || x.Span[0] < 0 || x.Span[0] > x.Span[1] || x.Span[1] > len(p.Source) {
				t.Fatalf("post %+v", x)
			}
		}
	})
}

func TestMoment(t *testing.T) {
	now := time.Date(2025, 3, 6, 20, 47, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"May 10, 2015, 08:47:07 PM": "2015-05-10T20:47:07Z", "Sun May 10, 2015 8:47 pm": "2015-05-10T20:47:00Z", "10 мая 2015, 20:47": "2015-05-10T20:47:00Z",
		"Вс май 10, 2015 8:47 pm": "2015-05-10T20:47:00Z", "1431290827": "2015-05-10T20:47:07Z", "2015-05-10T20:47:07+0500": "2015-05-10T15:47:07Z",
		"Today at 04:48:45 PM": "2025-03-06T16:48:45Z", "Yesterday, 08:14 PM": "2025-03-05T20:14:00Z", "вчера, 12:05": "2025-03-05T12:05:00Z",
		"5 minutes ago": "2025-03-06T20:42:00Z", "Today 20:47:07": "2025-03-06T20:47:07Z", "05/06/2020 10:00": "", "tomorrow": "", "Today": "", "42": "",
	} {
		got := ""
		if m := moment(text, now); m != nil {
			got = m.Format("2006-01-02T15:04:05Z07:00")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
