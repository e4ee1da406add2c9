package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"tamga"
	"tamga/extract"
	"tamga/internal/database"
	"tamga/internal/demo"
	"tamga/internal/pipeline"
)

// visited is a page of a site, by the path of its address.
type visited struct {
	path string
	body string // UTF-8
	gone bool   // it answers 404
	host string // of another site; empty: of the site
}

const changeHost = "changesdemo.example"

// visit reads pages as captures of one pass and compares them.
func visit(ctx context.Context, t *table, c *pipeline.Changes, pages []visited, profile string, seq *int64, at time.Time, n *noise) error {
	var captures []tamga.Capture
	var read []*tamga.Page
	for _, v := range pages {
		host := v.host
		if host == "" {
			host = changeHost
		}
		x := tamga.Capture{Seq: *seq, URL: "http://" + host + v.path, Outcome: tamga.OutcomeOK, Status: http.StatusOK, ContentType: "text/html; charset=utf-8", Requested: at.Add(time.Duration(*seq) * time.Second)}
		body := v.body
		if n != nil && v.host == "" {
			body = n.apply(body)
		}
		if v.gone {
			x.Outcome, x.Status, body = tamga.OutcomeNotFound, http.StatusNotFound, "<html><head><title>Not found</title></head><body><h1>404 Not found</h1></body></html>"
		}
		x.Digest = tamga.DigestOf([]byte(body))
		page, err := t.reader.Page(extract.Input{URL: x.URL, ContentType: x.ContentType, Body: []byte(body), Profile: profile, Time: x.Requested})
		if err != nil {
			return err
		}
		captures, read = append(captures, x), append(read, page)
		*seq++
	}
	return c.Take(ctx, captures, read, *seq)
}

// compareVisits returns what two visits of a site differ in.
func compareVisits(t *table, first, second []visited, profile string, shuffled *regexp.Regexp, adverts []string, unmarked bool) ([]tamga.Change, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "tamga-eval-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := database.Open(filepath.Join(dir, "changes.db"))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	c, err := pipeline.OpenChanges(ctx, db)
	if err != nil {
		return nil, err
	}
	var seq int64
	for i, pages := range [][]visited{first, second} {
		n := &noise{rng: rand.New(rand.NewPCG(uint64(i), 6)), shuffled: shuffled, adverts: adverts, unmarked: unmarked}
		if err := visit(ctx, t, c, pages, profile, &seq, time.Date(2026, 11, 1+i, 0, 0, 0, 0, time.UTC), n); err != nil {
			return nil, err
		}
	}
	return c.Between(ctx, 0, seq)
}

// seeded is a change that was made: what is said of which page.
type seeded struct {
	path, field string // field: price, address, …; gone, moved
	to          string // a part of the new value; empty: any
}

func (s seeded) is(x *tamga.Change) bool {
	u, err := url.Parse(x.URL)
	if err != nil {
		return false
	}
	field := x.Field
	switch x.Kind {
	case tamga.ChangeGone, tamga.ChangeMoved, tamga.ChangeAppeared:
		field = x.Kind
	}
	path, err := url.PathUnescape(s.path)
	return err == nil && u.Path == path && field == s.field && (s.to == "" || strings.Contains(strings.Join(x.To, " "), s.to))
}

// scoreChanges adds precision and recall of what was found.
func scoreChanges(t *table, set string, found []tamga.Change, made []seeded, recall, precision float64) {
	hit := make([]bool, len(made))
	right := 0
	for i := range found {
		ok := false
		for k, s := range made {
			if s.is(&found[i]) {
				hit[k], ok = true, true
			}
		}
		if ok {
			right++
		} else if os.Getenv("TAMGA_SHOW") != "" {
			fmt.Fprintf(os.Stderr, "%s: false: %s %s %s %q → %q\n", set, found[i].Kind, found[i].Field, found[i].URL, found[i].From, found[i].To)
		}
	}
	n := 0
	for k, ok := range hit {
		if ok {
			n++
		} else if os.Getenv("TAMGA_SHOW") != "" {
			fmt.Fprintf(os.Stderr, "%s: missed: %s %s %s\n", set, made[k].field, made[k].path, made[k].to)
		}
	}
	t.add("changes made that are told", set, n, len(made), recall)
	t.add("changes told that were made", set, right, len(found), precision)
}

// still adds the false changes of two visits between which nothing changed.
func still(t *table, set string, found []tamga.Change, pages int) {
	if os.Getenv("TAMGA_SHOW") != "" {
		for _, x := range found {
			fmt.Fprintf(os.Stderr, "%s: %s %s %s %q → %q\n", set, x.Kind, x.Field, x.URL, x.From, x.To)
		}
	}
	t.rows = append(t.rows, row{what: "false changes of a page in noise", set: set, got: float64(len(found)) / float64(pages), n: pages, want: 0, atMost: true})
}

// changes measures what two visits to the synthetic market differ in.
func changes(t *table) error {
	m := demo.New()
	first := walkSite(m.Handler())
	cards := regexp.MustCompile(`(?s)<article class="bzr-card">.*?</article>`)
	adverts := []string{"Sponsored: Moon dust 5g by LampVendor, only $31.50", "Sponsored: <b>Grey tablets x20</b> by NewLamp, 0.0021 BTC, ships from Poland", "Sponsored: write to @nowhere_demo_ad"}
	later, made := demoChanges(m)
	for _, mode := range []struct{ name, profile string }{{"demo market, profile", ""}, {"demo market, no profile", extract.NoProfile}} {
		found, err := compareVisits(t, first, first, mode.profile, cards, adverts, false)
		if err != nil {
			return err
		}
		still(t, mode.name, found, len(first))
		if found, err = compareVisits(t, first, later, mode.profile, cards, adverts, false); err != nil {
			return err
		}
		scoreChanges(t, mode.name, found, made, 0.95, 0.95)
	}
	found, err := compareVisits(t, first, first, "", cards, adverts, true)
	if err != nil {
		return err
	}
	still(t, "demo market, contacts in unmarked adverts", found, len(first))
	t.rows[len(t.rows)-1].want = 0.05
	return nil
}

// walkSite takes every page of a site in.
func walkSite(h http.Handler) (pages []visited) {
	href := regexp.MustCompile(`href="(/[^"#]*)"`)
	seen := map[string]bool{"/": true}
	for queue := []string{"/"}; len(queue) > 0; queue = queue[1:] {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://"+changeHost+queue[0], nil))
		ct := w.Header().Get("Content-Type")
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.HasPrefix(ct, "text/html") || ct != "text/html; charset=utf-8" {
			continue // another encoding is another subject
		}
		pages = append(pages, visited{path: queue[0], body: body})
		for _, m := range href.FindAllStringSubmatch(body, -1) {
			if p := strings.ReplaceAll(m[1], "&amp;", "&"); !seen[p] {
				seen[p] = true
				queue = append(queue, p)
			}
		}
	}
	return pages
}

// demoChanges changes offers and vendors of the market, as every page shows them.
func demoChanges(m *demo.Market) (later []visited, made []seeded) {
	put := func(path, field, value string) { made = append(made, seeded{path, field, value}) }
	wallets := demoWallets(m)
	keys := map[string]string{}
	last := ""
	for _, v := range m.Vendors() {
		if v.Key != "" {
			keys[v.Name], last = last, v.Key
		}
	}
	i, changed := -1, map[string]string{} // wallets by vendor
	gone := map[string]bool{"GreyHarbour": true, "AmberRoad": true, "WindmillTwo": true}
	m = m.Edit(func(v *demo.Trader) bool {
		i++
		switch {
		case gone[v.Name]: // the directory still links to them
		case i%5 == 0 && len(v.Addresses) > 0:
			to := wallets[(slices.Index(wallets, v.Addresses[0])+3)%len(wallets)]
			v.Addresses[0], changed[v.Name] = to, to
			put(v.Path, "address", to)
		case i%5 == 1 && v.Handle != "":
			v.Handle += "_2"
			put(v.Path, "handle", v.Handle[1:])
		case i%5 == 2 && v.Mail != "":
			v.Mail = "new." + v.Mail
			put(v.Path, "email", v.Mail)
		case i%5 == 3 && keys[v.Name] != "":
			v.Key = keys[v.Name]
			put(v.Path, "pgp", "")
		}
		return true
	}, func(o *demo.Offer) bool {
		if to := changed[o.Vendor]; to != "" && len(o.Addresses) > 0 {
			o.Addresses[0] = to
			put(o.Path, "address", to)
		}
		switch {
		case gone[o.Vendor] || o.Charset != "":
		case o.ID%7 == 0 && o.Currency == "USD":
			o.Price = fmt.Sprintf("%d.75", 11+o.ID%200)
			o.PriceText = "$" + o.Price
			put(o.Path, "price", o.Price)
		case o.ID%7 == 2 && o.Lang == "en" && o.ToText != "Germany":
			o.ToText = "Germany"
			put(o.Path, "to", "")
		}
		return true
	})
	later = walkSite(m.Handler())
	for k := range later {
		name := strings.TrimPrefix(later[k].path, "/vendor/")
		if !gone[name] {
			continue
		}
		if name == "WindmillTwo" {
			copied := later[k]
			copied.host, copied.path = "otherdemo.example", "/vendor/WindmillThree"
			copied.body = strings.NewReplacer("WindmillTwo", "WindmillThree", `class="bzr`, `class="inn`).Replace(copied.body)
			later = append(later, copied)
			put(copied.path, "moved", "")
		}
		later[k].gone = true
		put(later[k].path, "gone", "")
	}
	return later, made
}

func demoWallets(m *demo.Market) (out []string) {
	for _, v := range m.Vendors() {
		for _, a := range v.Addresses {
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

// agoraPages is how many pages of each kind are compared.
const agoraPages = 80

// changesAgora measures the same on pages of a real market: of vendors that are set
// aside, and of lists.
func changesAgora(t *table) error {
	var first []visited
	for _, folder := range []string{"vendor", "cat"} {
		files, err := os.ReadDir(t.path("agora/mirror/" + folder))
		if err != nil {
			return err
		}
		n := 0
		for _, f := range files {
			if f.IsDir() || n >= agoraPages || folder == "vendor" && !setAside(strings.TrimSuffix(f.Name(), ".1")) {
				continue
			}
			body, err := os.ReadFile(t.path(filepath.ToSlash(filepath.Join("agora/mirror", folder, f.Name()))))
			if err != nil {
				return err
			}
			first = append(first, visited{path: "/" + folder + "/" + strings.TrimSuffix(f.Name(), ".1"), body: strings.ToValidUTF8(string(body), "?")})
			n++
		}
	}
	rows := regexp.MustCompile(`(?s)<tr class="products-list-item".*?</tr>`)
	adverts := []string{"Sponsored: Moon dust 5g by LampVendor, 0.021 BTC", "Sponsored: Grey tablets x20 by NewLamp, 0.4 BTC, ships from Poland"}
	for _, mode := range []struct{ name, profile string }{{"Agora, profile", ""}, {"Agora, no profile", extract.NoProfile}} {
		found, err := compareVisits(t, first, first, mode.profile, rows, adverts, false)
		if err != nil {
			return err
		}
		still(t, mode.name, found, len(first))
		later, made, err := t.agoraChanges(first, mode.profile)
		if err != nil {
			return err
		}
		if found, err = compareVisits(t, first, later, mode.profile, rows, adverts, false); err != nil {
			return err
		}
		scoreChanges(t, mode.name, found, made, 0.95, 0.95)
	}
	return nil
}

// agoraChanges changes what the reader finds on pages of vendors: a key, an address, a
// price of each fourth; each eighth is gone.
func (t *table) agoraChanges(first []visited, profile string) (later []visited, made []seeded, err error) {
	later = slices.Clone(first)
	other := demo.New().Vendors()[0].Key
	for i := range later {
		v := &later[i]
		if !strings.HasPrefix(v.path, "/vendor/") {
			continue
		}
		page, err := t.reader.Page(extract.Input{URL: "http://" + changeHost + v.path, ContentType: "text/html; charset=utf-8", Body: []byte(v.body), Profile: profile})
		if err != nil {
			return nil, nil, err
		}
		if page.Vendor == nil || page.Source != v.body {
			continue
		}
		swap := func(f tamga.Finding, to, field, value string) {
			v.body = v.body[:f.Start] + to + v.body[f.End:]
			made = append(made, seeded{v.path, field, value})
		}
		own := func(kind tamga.FindingType) (f tamga.Finding, ok bool) {
			n := 0
			for _, x := range page.Findings {
				if x.Type == kind && x.Confidence >= 0.6 {
					f, n = x, n+1
				}
			}
			return f, n == 1
		}
		switch i % 8 {
		case 0:
			if f, ok := own(tamga.FindPGP); ok && strings.Contains(v.body[f.Start:f.End], "BEGIN PGP PUBLIC KEY") {
				swap(f, other, "pgp", "")
			}
		case 2:
			if f, ok := own(tamga.FindEmail); ok && strings.Contains(f.Raw, "@") {
				swap(f, "new."+f.Raw, "email", "new.")
			}
		case 4:
			v.gone = true
			made = append(made, seeded{v.path, "gone", ""})
		}
	}
	return later, made, nil
}
