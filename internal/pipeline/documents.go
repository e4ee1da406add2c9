package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"tamga"
	"tamga/index"
)

// Documents are what the index holds of a capture: one of kind capture, and one
// for each listing, vendor and post on the page. page may be nil.
//
// A listing is one document however often and wherever it was seen; its id is
// made from its URL, so a later capture replaces an earlier one.
func Documents(c tamga.Capture, page *tamga.Page) []index.Document {
	docs := []index.Document{captureDocument(c, page)}
	if page == nil {
		return docs
	}
	for i := range page.Listings {
		// On a page of kind listing the first is the page's own offer; any other is
		// a card ("more from this vendor"), as on a page of kind listings.
		own := i == 0 && page.Kind == tamga.PageListing
		docs = append(docs, listingDocument(c, page, &page.Listings[i], own))
	}
	if v := page.Vendor; v != nil && v.Name != "" {
		docs = append(docs, vendorDocument(c, page))
	}
	keys := postKeys(c, page)
	for i := range page.Posts {
		docs = append(docs, postDocument(c, page, &page.Posts[i], keys[i]))
	}
	return docs
}

// fields collects the values of a document; an unknown value is left out.
type fields map[string]any

func (f fields) str(name, v string) {
	if v != "" {
		f[name] = v
	}
}

func (f fields) list(name string, v []string) {
	if len(v) > 0 {
		f[name] = v
	}
}

func base(c tamga.Capture, page *tamga.Page) fields {
	f := fields{
		"seq": c.Seq, "source": c.Source, "route": string(c.Route),
		"captured": c.Requested.UTC().Format(time.RFC3339), "day": c.Requested.UTC().Format(time.DateOnly),
	}
	if page != nil {
		f.str("market", page.Market)
		f.str("language", page.Language)
		f.str("page_kind", string(page.Kind))
		f.str("reader", page.Reader)
	}
	return f
}

// identifier names the index field of each finding that is searched as a whole.
var identifier = map[tamga.FindingType]string{
	tamga.FindAddress: "address", tamga.FindOnion: "onion", tamga.FindEmail: "email", tamga.FindHandle: "handle",
	tamga.FindPGP: "pgp", tamga.FindTxID: "txid", tamga.FindPhone: "phone", tamga.FindAccount: "account",
	tamga.FindSecret: "secret", tamga.FindPlace: "place",
}

// within are the findings that start in span, of which a few may end beyond it;
// an empty span is all. They are sorted by Start.
func within(fs []tamga.Finding, span [2]int) []tamga.Finding {
	if span[1] <= span[0] {
		return fs
	}
	at := func(i int) int {
		n, _ := slices.BinarySearchFunc(fs, i, func(f tamga.Finding, i int) int { return f.Start - i })
		return n
	}
	return fs[at(span[0]):at(span[1])]
}

// findings adds what is named within span: identifiers, each once, and the
// first purity.
func (f fields) findings(page *tamga.Page, span [2]int) {
	seen := map[[2]string]bool{}
	one := func(name, v string) {
		if key := [2]string{name, v}; v != "" && !seen[key] {
			seen[key] = true
			have, _ := f[name].([]string)
			f[name] = append(have, v)
		}
	}
	for _, x := range within(page.Findings, span) {
		if span[1] > span[0] && x.End > span[1] {
			continue
		}
		if name, ok := identifier[x.Type]; ok {
			one(name, x.Value)
			one("service", x.Service)
		}
		if f["purity"] == nil && x.Percent != "" && span[1] > span[0] {
			f["purity"] = x.Percent
		}
	}
}

func captureDocument(c tamga.Capture, page *tamga.Page) index.Document {
	if page != nil && len(page.Posts) > 0 && message(c) {
		page = nil // the post says it all, and there may be millions
	}
	f := base(c, page)
	f["url"], f["outcome"], f["size"] = c.URL, string(c.Outcome), c.Size
	if c.Status != 0 {
		f["status"] = c.Status
	}
	if page != nil {
		f.str("title", page.Title)
		f.str("text", page.Text.Body)
		f.findings(page, [2]int{})
		if page.Vendor != nil {
			f.str("vendor", page.Vendor.Name)
		}
	}
	return document("capture", fmt.Sprint(c.Seq), c, f)
}

func listingDocument(c tamga.Capture, page *tamga.Page, l *tamga.Listing, own bool) index.Document {
	f := base(c, page)
	url := l.URL
	switch {
	case !own:
		f["page_kind"] = string(tamga.PageListings)
	case url == "":
		url = c.URL
	}
	f["title"], f["span"] = l.Title, l.Span
	f.str("url", url)
	f.str("text", l.Description)
	f.str("vendor", l.Vendor)
	f.str("price", l.Price)
	f.str("currency", l.Currency)
	f.str("quantity", l.Quantity)
	f.str("unit", l.Unit)
	f.list("substances", l.Substances)
	f.str("category", l.Category)
	f.str("section", l.Section)
	f.list("from", l.From)
	f.list("to", l.To)
	f.str("from_text", l.FromText)
	f.str("to_text", l.ToText)
	f.findings(page, l.Span)
	key := url
	if key == "" {
		key = fmt.Sprintf("%s#%d", c.URL, l.Span[0])
	}
	return document("listing", key, c, f)
}

func vendorDocument(c tamga.Capture, page *tamga.Page) index.Document {
	v, f := page.Vendor, base(c, page)
	f["title"], f["vendor"], f["span"] = v.Name, v.Name, v.Span
	url := v.URL
	if url == "" {
		url = c.URL
	}
	f.str("url", url)
	f.str("text", v.Bio)
	f.str("rating", v.Rating)
	f.str("deals", v.Deals)
	f.findings(page, [2]int{})
	if len(v.PGP) > 0 {
		f.list("pgp", v.PGP)
	}
	return document("vendor", url, c, f)
}

func postDocument(c tamga.Capture, page *tamga.Page, p *tamga.Post, key string) index.Document {
	f := base(c, page)
	f["text"], f["span"] = p.Text, p.Span
	f.str("url", p.URL)
	f.str("title", p.Thread)
	f.str("channel", p.Channel)
	f.str("thread", p.Thread)
	f.str("author", p.Author)
	if p.Time != nil {
		f["posted"] = p.Time.UTC().Format(time.RFC3339)
	}
	if p.Edited != nil {
		f["edited"] = p.Edited.UTC().Format(time.RFC3339)
	}
	f.str("forwarded_from", p.ForwardedFrom)
	f.str("reply_to", p.ReplyTo)
	f.str("post_id", p.ID)
	f.str("author_id", p.AuthorID)
	f.str("cid", p.CID)
	f.list("media", p.Media)
	f.findings(page, p.Span)
	return document("post", key, c, f)
}

// postKeys are what makes the posts of a page one document each. An address that
// no other post of the page has is the post's own wherever it is met again: a
// channel shows a post on another page every day. Else it is its number on its page.
func postKeys(c tamga.Capture, page *tamga.Page) []string {
	keys, times := make([]string, len(page.Posts)), map[string]int{}
	for i := range page.Posts {
		p := &page.Posts[i]
		if keys[i] = p.URL; p.URL != "" && p.ForwardedFrom != "" { // who passes a post on may give the address of the original
			keys[i] += " by " + p.Author
		}
		times[keys[i]]++
	}
	for i := range page.Posts {
		p := &page.Posts[i]
		switch {
		case p.ID != "" && (p.URL == "" || p.URL == c.URL || times[keys[i]] > 1):
			keys[i] = c.URL + "#" + p.ID
		case p.URL == "":
			keys[i] = fmt.Sprintf("%s#%d", c.URL, p.Span[0])
		}
	}
	return keys
}

func document(kind, key string, c tamga.Capture, f fields) index.Document {
	if kind != "capture" {
		sum := sha256.Sum256([]byte(key))
		key = hex.EncodeToString(sum[:12])
	}
	return index.Document{ID: kind + ":" + key, Kind: kind, Capture: c.Digest, Seq: c.Seq, Fields: f}
}

// merger settles documents of one id, in the order of the log: a later one
// replaces an earlier one, but a listing read from a card on a list page never
// replaces what was read from the listing's own page, which says more.
type merger struct {
	store index.Store
	all   bool            // the run began with an empty store: own knows every listing
	own   map[string]bool // ids of listings known to have, or not to have, a page of their own
}

func newMerger(store index.Store, all bool) *merger { return &merger{store, all, map[string]bool{}} }

func (m *merger) merge(ctx context.Context, docs []index.Document) ([]index.Document, error) {
	place := map[string]int{}
	var out []index.Document
	for _, d := range docs {
		if d.Kind == "listing" {
			if isOwn(d) {
				m.own[d.ID] = true
			} else if own, err := m.isOwn(ctx, d.ID); err != nil {
				return nil, err
			} else if own {
				continue
			}
		}
		if i, ok := place[d.ID]; ok {
			out[i] = d
			continue
		}
		place[d.ID] = len(out)
		out = append(out, d)
	}
	return out, nil
}

func (m *merger) isOwn(ctx context.Context, id string) (bool, error) {
	if own, known := m.own[id]; known || m.all {
		return own, nil
	}
	d, found, err := m.store.Get(ctx, id)
	if err != nil {
		return false, fmt.Errorf("look up %s: %w", id, err)
	}
	m.own[id] = found && isOwn(d)
	return m.own[id], nil
}

func isOwn(d index.Document) bool {
	kind, _ := d.Fields["page_kind"].(string)
	return strings.EqualFold(kind, string(tamga.PageListing))
}
