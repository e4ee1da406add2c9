package main

import (
	"bufio"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tamga"
	"tamga/extract"
)

//go:embed testdata/threads.jsonl
var threadFiles embed.FS

func init() {
	sections = append(sections, section{"threads", threads}, section{"profiles", profiles})
}

// tally counts right answers by name, in the order of the names' first use.
type tally struct {
	names []string
	right map[string]int
	of    map[string]int
}

func (c *tally) add(name string, ok bool) {
	if c.of == nil {
		c.right, c.of = map[string]int{}, map[string]int{}
	}
	if c.of[name] == 0 {
		c.names = append(c.names, name)
	}
	c.of[name]++
	if ok {
		c.right[name]++
	}
}

func (t *table) addAll(c *tally, set string, want float64) {
	for _, name := range c.names {
		t.add(name, set, c.right[name], c.of[name], want)
	}
}

// eachLine decodes JSON Lines.
func eachLine[T any](r io.Reader, each func(T) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<25)
	for sc.Scan() {
		var x T
		if err := json.Unmarshal(sc.Bytes(), &x); err != nil {
			return err
		}
		if err := each(x); err != nil {
			return err
		}
	}
	return sc.Err()
}

// profiles holds what the profiles of markets read against labelled pages.
func profiles(t *table) error {
	if err := t.agoraItems(); err != nil {
		return err
	}
	if err := t.agoraVendors(); err != nil {
		return err
	}
	return t.marketAssertions()
}

// agoraItems compares the listing pages of vendors set aside with their truth.
func (t *table) agoraItems() error {
	f, err := t.open("agora/items_2014-04-06.jsonl")
	if err != nil {
		return err
	}
	defer f.Close()
	type item struct {
		ID, Title, Vendor, From, To string
		Price                       string `json:"price_btc"`
	}
	var c tally
	err = eachLine(f, func(want item) error {
		if !setAside(want.Vendor) {
			return nil
		}
		p, err := t.page("agora/mirror/p/"+want.ID, "http://127.0.0.1:8000/p/"+want.ID)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		x := first(p)
		c.add("listing page by profile: kind", p.Kind == tamga.PageListing)
		c.add("listing page by profile: title", x.Title == want.Title)
		c.add("listing page by profile: vendor", x.Vendor == want.Vendor)
		c.add("listing page by profile: price", x.Price == want.Price)
		c.add("listing page by profile: route", x.FromText == want.From && x.ToText == want.To)
		return nil
	})
	t.addAll(&c, "Agora, unseen vendors", 0.99)
	return err
}

// agoraVendors compares vendor pages: name, rating, and whether the key was found.
func (t *table) agoraVendors() error {
	f, err := t.open("agora/vendors_2014-04-06.jsonl")
	if err != nil {
		return err
	}
	defer f.Close()
	type vendor struct{ File, Vendor, Rating, PGP string }
	var c tally
	err = eachLine(f, func(want vendor) error {
		if !setAside(want.Vendor) {
			return nil
		}
		p, err := t.page("agora/mirror/vendor/"+want.File, "http://127.0.0.1:8000/vendor/"+want.File)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		v := p.Vendor
		if v == nil {
			v = &tamga.Vendor{}
		}
		c.add("vendor page by profile: kind", p.Kind == tamga.PageVendor)
		c.add("vendor page by profile: name", v.Name == want.Vendor)
		c.add("vendor page by profile: rating", want.Rating == "" || strings.HasPrefix(want.Rating, v.Rating) && strings.Contains(want.Rating, v.Deals))
		if strings.Contains(want.PGP, "END PGP PUBLIC KEY BLOCK") {
			c.add("vendor page by profile: key", len(v.PGP) > 0)
		}
		return nil
	})
	t.addAll(&c, "Agora, unseen vendors", 0.95)
	return err
}

// page reads a file of the real data.
func (t *table) page(name, url string) (*tamga.Page, error) {
	body, err := os.ReadFile(filepath.Join(t.folder, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	return t.reader.Page(extract.Input{URL: url, Body: body})
}

func first(p *tamga.Page) tamga.Listing {
	if len(p.Listings) == 0 {
		return tamga.Listing{}
	}
	return p.Listings[0]
}

// threads reads synthetic threads of each forum software, by profile and without
// one, and compares the posts with what they were made from.
func threads(t *table) error {
	f, err := threadFiles.Open("testdata/threads.jsonl")
	if err != nil {
		return err
	}
	defer f.Close()
	type thread struct {
		Software, Page string
		Posts          []struct {
			ID, Author, Time, Text string
			ReplyTo                string `json:"reply_to"`
		}
	}
	for _, profile := range []string{"", extract.NoProfile} {
		if _, err := f.(io.Seeker).Seek(0, io.SeekStart); err != nil {
			return err
		}
		how, least := "post by profile: ", 0.99
		if profile != "" {
			how, least = "post without a profile: ", 0.9
		}
		var c, precise tally
		err := eachLine(f, func(x thread) error {
			p, err := t.reader.Page(extract.Input{URL: "http://127.0.0.1:8000/t", Body: []byte(x.Page), Profile: profile})
			if err != nil {
				return err
			}
			got := map[string]tamga.Post{}
			for _, q := range p.Posts {
				got[q.ID] = q
			}
			right := 0
			for _, want := range x.Posts {
				q, found := got[want.ID]
				c.add(how+"author", q.Author == want.Author)
				c.add(how+"text", found && q.Text == want.Text)
				if profile == "" {
					c.add(how+"time", q.Time != nil && q.Time.Format("2006-01-02T15:04") == want.Time)
					c.add(how+"reply to", q.ReplyTo == want.ReplyTo)
				}
				if q.Author == want.Author && q.Text == want.Text {
					right++
				}
				if q.Time != nil {
					precise.add(how+"time, where one is told", q.Time.Format("2006-01-02T15:04") == want.Time)
				}
			}
			for i := range p.Posts {
				precise.add(how+"precision", i < right)
			}
			return nil
		})
		if err != nil {
			return err
		}
		t.addAll(&c, "synthetic threads, 6 kinds of software", least)
		if profile != "" {
			t.addAll(&precise, "synthetic threads, 6 kinds of software", 0.95)
		}
	}
	return nil
}
