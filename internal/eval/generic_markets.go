package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tamga"
	"tamga/extract"
)

// genericMarkets takes the profile of each market away, in turn: what the
// profile reads of its pages is the truth that the generic reader is held to.
// Apollon and Dream were there when the reader was made; White House and Yellow
// Brick were read with it before a line was changed for them: the rows of the
// first two say that they are of tuning.
func genericMarkets(t *table) error {
	for _, m := range []struct{ name, profile string }{
		{"white_house", "whitehouse"}, {"yellow_brick", "yellowbrick"}, {"apollon", "apollon"}, {"dream", "dream"},
	} {
		root := t.path("markets/" + m.name)
		if _, err := os.Stat(root); err != nil {
			return err
		}
		offers, kinds, n := offerTally{}, 0, 0
		err := filepath.WalkDir(root, func(file string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			body, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			exact, err := t.reader.Page(extract.Input{Body: body, Profile: m.profile})
			if err != nil {
				return err
			}
			got, err := t.generic("", body)
			if err != nil {
				return err
			}
			n++
			if got.Kind == exact.Kind {
				kinds++
			} else {
				show("%s: %s, want %s", strings.TrimPrefix(file, root), got.Kind, exact.Kind)
			}
			judgePage(offers, strings.TrimPrefix(file, root), got, exact)
			return nil
		})
		if err != nil {
			return err
		}
		set := m.name
		if set == "apollon" || set == "dream" {
			set += ", tuned"
		}
		offers.rows(t, set)
		t.add("no profile: kind of a page", set, kinds, n, .95)
	}
	return nil
}

// judgePage holds the offers of a page against what its profile reads. A page of
// one offer is judged by it alone.
func judgePage(offers offerTally, name string, got, exact *tamga.Page) {
	want, listings := exact.Listings, got.Listings
	if exact.Kind == tamga.PageListing && len(want) > 0 {
		want = want[:1]
		listings = listings[:min(1, len(listings))]
	}
	var truths []wanted
	for _, l := range want {
		truths = append(truths, wanted{title: l.Title, vendor: l.Vendor, price: l.Price, currency: l.Currency, quantity: l.Quantity, from: l.From, to: l.To})
	}
	offers.add(listings, truths)
	showOffers(name, listings, truths)
}

// genericAgora reads listing pages of vendors set aside, by a split of its own as
// the general one was looked at when the reader was made, and pages of vendors and
// of categories, without the profile of the market.
func genericAgora(t *table) error {
	f, err := t.open("agora/items_2014-04-06.jsonl")
	if err != nil {
		return err
	}
	defer f.Close()
	offers, kinds, n := offerTally{}, 0, 0
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() && n < 400 {
		var it struct {
			ID, Title, Vendor string
			Price             string `json:"price_btc"`
		}
		if err := json.Unmarshal(scan.Bytes(), &it); err != nil {
			return err
		}
		if !setAside("generic/" + it.Vendor) {
			continue
		}
		body, err := os.ReadFile(t.path("agora/mirror/p/" + it.ID))
		if err != nil {
			continue // not every item was kept as a page
		}
		p, err := t.generic("", body)
		if err != nil {
			return err
		}
		n++
		if p.Kind == tamga.PageListing {
			kinds++
		}
		w := wanted{title: it.Title, vendor: it.Vendor, price: it.Price, currency: "BTC"}
		listings := p.Listings[:min(1, len(p.Listings))]
		offers.add(listings, []wanted{w})
		showOffers(it.ID, listings, []wanted{w})
	}
	if err := scan.Err(); err != nil {
		return err
	}
	for _, dir := range []string{"vendor", "cat"} {
		files, err := filepath.Glob(t.path("agora/mirror/" + dir + "/*"))
		if err != nil {
			return err
		}
		slices.Sort(files)
		for i, file := range files {
			if dir == "vendor" && !setAside("generic/"+filepath.Base(file)) || i%4 != 0 && dir == "cat" {
				continue
			}
			body, err := os.ReadFile(file)
			if err != nil {
				continue // a folder
			}
			exact, err := t.reader.Page(extract.Input{URL: "http://127.0.0.1:8000/" + dir + "/x", Body: body})
			if err != nil {
				return err
			}
			got, err := t.generic("", body)
			if err != nil {
				return err
			}
			n++
			if got.Kind == exact.Kind {
				kinds++
			} else {
				show("%s: %s, want %s", file, got.Kind, exact.Kind)
			}
			judgePage(offers, dir+"/"+filepath.Base(file), got, exact)
		}
	}
	offers.rows(t, "agora")
	t.add("no profile: kind of a page", "agora", kinds, n, .95)
	return nil
}
