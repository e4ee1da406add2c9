package pipeline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tamga"
	"tamga/extract/change"
)

// How often a record is missed on a list before it counts as gone, and how sure
// that is: an offer may have gone down in the order of the list, a post does not.
const (
	missedCards = 2
	missedPosts = 1

	maxTurns    = 3
	sureTurning = 0.3

	sureMissed  = 0.6
	sureDeleted = 0.8
	sure404     = 0.9
	sure410     = 0.95
)

// take compares one capture with what was before.
func (b *comparison) take(c tamga.Capture, page *tamga.Page) {
	if chatter(c, page) {
		return
	}
	ownKey := change.OwnKey(c.URL)
	own := load[remembered](b, ownKey)
	if own != nil && c.Route == tamga.RouteImport && c.Requested.Before(own.Seen.Time) {
		return // an older page, imported later
	}
	seen := tamga.Sighting{Seq: c.Seq, Capture: c.Digest, URL: c.URL, Time: c.Requested.UTC()}
	if c.Outcome == tamga.OutcomeNotFound {
		if page == nil || page.Kind == tamga.PageError || !change.Wall(page) {
			b.notFound(c, ownKey, own, seen)
		}
		return
	}
	v, ok := change.Read(c, page)
	if !ok {
		return
	}
	n := len(v.Members) + 1
	if c.Route == tamga.RouteImport && v.Lone() {
		n-- // a message of an export: there is nothing around it to compare
	}
	diffs := make([][]change.Difference, n)
	olds := make([]*remembered, n)
	for i := range diffs {
		r := record(&v, i)
		if olds[i] = load[remembered](b, r.Key); olds[i] != nil {
			diffs[i] = change.Compare(&olds[i].Record, r)
		}
	}
	dropDrift(diffs, olds)
	for i := range diffs {
		r := record(&v, i)
		now := &remembered{Record: *r, Seen: seen}
		b.differences(c, olds[i], now, diffs[i])
		if now.Own && now.Kind == change.Vendor {
			b.vendor(c, olds[i], now)
		}
		save(b, r.Key, now)
	}
	b.list(c, &v, seen)
}

// dropDrift takes out the prices that moved with a rate of exchange.
func dropDrift(diffs [][]change.Difference, olds []*remembered) {
	var prices []change.Difference
	priced := 0
	isPrice := func(d change.Difference) bool { return d.Field == "price" }
	for i, ds := range diffs {
		if olds[i] != nil && len(olds[i].Fields["price"]) > 0 {
			priced++
		}
		if j := slices.IndexFunc(ds, isPrice); j >= 0 {
			prices = append(prices, ds[j])
		}
	}
	if !change.Drift(prices, priced) {
		return
	}
	for i := range diffs {
		diffs[i] = slices.DeleteFunc(diffs[i], isPrice)
	}
}

func (b *comparison) differences(c tamga.Capture, old, now *remembered, diffs []change.Difference) {
	if old == nil {
		return
	}
	if old.Gone {
		x := claim(c, tamga.ChangeReturned, now)
		x.Was, x.Is, x.Confidence = old.at(nil), now.at(nil), sure404
		b.emit(x, where(now))
	}
	for _, d := range diffs {
		if b.ofTheSite(d.Field, d.From) && b.ofTheSite(d.Field, d.To) {
			continue
		}
		x := claim(c, tamga.ChangeValue, now)
		if now.Kind == change.Post && d.Field == "text" {
			x.Kind = tamga.ChangeEdited
		}
		x.Field, x.Confidence = d.Field, d.Confidence
		for _, v := range d.From {
			x.From = append(x.From, v.Text)
		}
		for _, v := range d.To {
			x.To = append(x.To, v.Text)
		}
		x.Was, x.Is = old.at(d.From), now.at(d.To)
		if slices.Contains(change.Identifiers, d.Field) {
			now.turn(&x, old.Turns[d.Field]+1)
		}
		about := where(now)
		if now.Kind == change.Page { // a wallet at the foot of each page
			about = host(now.URL)
		}
		b.emit(x, about)
	}
}

// turn notes that an identifier is another one at each of some captures. Markets show
// every visitor an address of his own: from the fourth on that is what it is taken for.
func (r *remembered) turn(x *tamga.Change, n int) {
	if r.Turns == nil {
		r.Turns = map[string]int{}
	}
	r.Turns[x.Field] = n
	if n > maxTurns {
		x.Confidence = sureTurning
		x.Reasons = append(x.Reasons, tamga.Reason{Kind: "turns", Value: fmt.Sprintf("another one at each of %d captures", n)})
	}
}

// notFound notes that a page that was there is not.
func (b *comparison) notFound(c tamga.Capture, key string, own *remembered, seen tamga.Sighting) {
	if own == nil || own.Gone {
		return
	}
	x := claim(c, tamga.ChangeGone, own)
	x.Was, x.Is, x.Confidence = own.at(nil), seen, sure404
	if c.Status == http.StatusGone {
		x.Confidence = sure410
	}
	b.emit(x, where(own))
	gone := *own
	gone.Gone = true
	save(b, key, &gone)
	if own.Kind == change.Vendor {
		b.vendorGone(c, &gone, seen)
	}
}

// list notes which records a list has no more.
func (b *comparison) list(c tamga.Capture, v *change.View, seen tamga.Sighting) {
	if len(v.Members) < 2 || !v.Own.Whole { // one has no neighbours
		return
	}
	key := "list " + change.Stable(c.URL)
	was := load[members](b, key)
	if was == nil {
		was = &members{}
	}
	var now []string
	for i := range v.Members {
		now = append(now, v.Members[i].Key)
	}
	list, absent := change.Absent(was.Members, now, c.Seq, func(key string) int {
		if strings.HasPrefix(key, "post ") {
			return missedPosts
		}
		return missedCards
	})
	save(b, key, &members{list})
	for _, m := range absent {
		old := load[remembered](b, m.Key)
		if old == nil || old.Gone || old.Seen.Seq >= m.Since {
			continue // or seen elsewhere meanwhile
		}
		if own := load[remembered](b, change.OwnKey(old.URL)); old.Kind == change.Listing && own != nil && own.Seen.Seq >= m.Since && !own.Gone {
			continue
		}
		x := claim(c, tamga.ChangeGone, old)
		x.Was, x.Is, x.Confidence = old.at(nil), seen, sureMissed
		if old.Kind == change.Post {
			x.Confidence = sureDeleted
		}
		b.emit(x, where(old))
		gone := *old
		gone.Gone = true
		save(b, m.Key, &gone)
	}
}

// claim begins a change of a record.
func claim(c tamga.Capture, kind string, r *remembered) tamga.Change {
	return tamga.Change{
		Kind: kind, Record: r.Kind, Subject: cmp.Or(r.Name, r.URL), URL: r.URL, Market: r.Market, Vendor: r.Vendor,
		Source: c.Source, Rule: change.Rule,
	}
}

// where names a record for telling whether two changes are one.
func where(r *remembered) string {
	if r.Kind == change.Post {
		return r.Key
	}
	return r.Kind + " " + change.Stable(r.URL)
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// event is when a change was last claimed.
type event struct {
	Seq int64 `json:"seq"`
}

// emit claims a change, once: what another page shows of the same change, between
// captures that overlap with the first two, is that change.
func (b *comparison) emit(x tamga.Change, about string) {
	key := "event " + eventKey(x.Kind, about, x.Field, x.From, x.To)
	if e := load[event](b, key); e != nil && (x.Was.Seq <= e.Seq || x.Kind == tamga.ChangeAppeared || x.Kind == tamga.ChangeMoved) {
		return
	}
	save(b, key, &event{x.Is.Seq})
	x.ID = eventKey(x.Kind, about, x.Field, x.From, x.To, x.Was.Seq, x.Is.Seq)
	b.found = append(b.found, x)
}

// eventKey is a digest of its parts.
func eventKey(parts ...any) string {
	data, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings and numbers
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}

// record is the i-th record of a page, its own one last.
func record(v *change.View, i int) *change.Record {
	if i == len(v.Members) {
		return &v.Own
	}
	return &v.Members[i]
}
