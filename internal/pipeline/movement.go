package pipeline

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"

	"tamga"
	"tamga/extract/change"
)

// What a shared value says for two vendors being one, as log-odds in nats; the odds
// are against it to begin with. A key is enough, a wallet needs a contact or the
// name beside it. See extract/link for the weighing of many.
var ties = map[string]float64{"pgp": 7, "address": 5, "email": 4, "handle": 4, "phone": 4, "account": 4, "name": 2.5}

const (
	tiePrior   = -4
	tieLeast   = 0.9
	maxHolders = 8 // a value that more vendors have ties nobody
)

// holder is a vendor that showed a value.
type holder struct {
	Key   string         `json:"key"` // of its record
	Place string         `json:"place"`
	Name  string         `json:"name"`
	Path  string         `json:"path"` // of its page: mirrors of a market share it
	Seen  tamga.Sighting `json:"seen"`
}

type holders struct {
	Vendors []holder `json:"vendors"`
	Common  bool     `json:"common,omitempty"` // too many have it, or several of one place
}

// at is the market of a record, or its host.
func at(r *remembered) string {
	if r.Market != "" {
		return r.Market
	}
	return host(r.URL)
}

func holderOf(r *remembered) holder {
	h := holder{Key: r.Key, Place: at(r), Name: r.Name, Seen: r.at(nil)}
	if u, err := url.Parse(r.URL); err == nil {
		h.Path = u.RequestURI()
	}
	return h
}

func sameName(a, b string) bool { return strings.EqualFold(a, b) }

// tied are the vendors of other places that share values with one.
func (b *comparison) tied(me holder, r *remembered) map[string]*tie {
	out := map[string]*tie{}
	for _, field := range change.Identifiers {
		for _, v := range r.Fields[field] {
			h := load[holders](b, "id "+field+" "+v.Text)
			if h == nil || h.Common {
				continue
			}
			for _, other := range h.Vendors {
				if other.Place == me.Place || other.Key == me.Key || sameName(other.Name, me.Name) && other.Path == me.Path {
					continue
				}
				t := out[other.Key]
				if t == nil {
					t = &tie{other: other}
					out[other.Key] = t
				}
				t.add(field, v.Text)
			}
		}
	}
	for _, t := range out {
		if sameName(t.other.Name, me.Name) {
			t.add("name", me.Name)
		}
	}
	return out
}

type tie struct {
	other   holder
	reasons []tamga.Reason
}

// add takes one value of a kind: three wallets of one vendor were stolen together.
func (t *tie) add(kind, value string) {
	if !slices.ContainsFunc(t.reasons, func(r tamga.Reason) bool { return r.Kind == kind }) {
		t.reasons = append(t.reasons, tamga.Reason{Kind: kind, Value: value, Weight: ties[kind]})
	}
}

func (t *tie) score() float64 {
	sum := float64(tiePrior)
	for _, r := range t.reasons {
		sum += r.Weight
	}
	return math.Round(1000/(1+math.Exp(-sum))) / 1000
}

// vendor notes what a vendor shows, and says where else it was shown when the
// vendor is new here.
func (b *comparison) vendor(c tamga.Capture, old, now *remembered) {
	me := holderOf(now)
	if old == nil || old.Kind != change.Vendor {
		for _, key := range sorted(b.tied(me, now)) {
			b.claimMove(c, key, me, now.at(nil), now)
		}
	}
	for _, field := range change.Identifiers {
		for _, v := range now.Fields[field] {
			b.hold("id "+field+" "+v.Text, me)
		}
	}
}

// vendorGone says where a vendor that is gone is still known.
func (b *comparison) vendorGone(c tamga.Capture, gone *remembered, seen tamga.Sighting) {
	for _, t := range sorted(b.tied(holderOf(gone), gone)) {
		other := load[remembered](b, t.other.Key)
		if other == nil || other.Gone || t.score() < tieLeast {
			continue
		}
		x := claim(c, tamga.ChangeMoved, other)
		x.From, x.To = []string{at(gone) + "/" + gone.Name}, []string{at(other) + "/" + other.Name}
		x.Was, x.Is, x.Confidence, x.Reasons = gone.at(nil), seen, t.score(), t.reasons
		x.Reasons = append(slices.Clone(x.Reasons), tamga.Reason{Kind: "seen", Value: fmt.Sprintf("entry %d: %s", other.Seen.Seq, other.Seen.URL)})
		b.emit(x, "")
	}
}

func (b *comparison) claimMove(c tamga.Capture, t *tie, me holder, is tamga.Sighting, now *remembered) {
	if t.score() < tieLeast {
		return
	}
	kind := tamga.ChangeAppeared
	if old := load[remembered](b, t.other.Key); old != nil && old.Gone {
		kind = tamga.ChangeMoved
	}
	x := claim(c, kind, now)
	x.From, x.To = []string{t.other.Place + "/" + t.other.Name}, []string{me.Place + "/" + me.Name}
	x.Was, x.Is, x.Confidence, x.Reasons = t.other.Seen, is, t.score(), t.reasons
	b.emit(x, "")
}

// sorted are the ties by record, so that a run says the same as the one before.
func sorted(m map[string]*tie) []*tie {
	var out []*tie
	for _, t := range m {
		out = append(out, t)
	}
	slices.SortFunc(out, func(x, y *tie) int { return strings.Compare(x.other.Key, y.other.Key) })
	return out
}

// ofTheSite tells whether contacts are all known from vendors of two names on one
// market: they come and go with what the market shows beside its vendors. A wallet or
// key that a market shows everywhere matters when it changes, back again too.
func (b *comparison) ofTheSite(field string, values []change.Value) bool {
	if field == "address" || field == "pgp" || !slices.Contains(change.Identifiers, field) {
		return false
	}
	for _, v := range values {
		if h := load[holders](b, "id "+field+" "+v.Text); h == nil || !h.Common {
			return false
		}
	}
	return true
}

// hold notes that a vendor shows a value. Two names of one place with the same value
// make it the market's, not theirs.
func (b *comparison) hold(key string, me holder) {
	h := load[holders](b, key)
	if h == nil {
		h = &holders{}
	}
	if h.Common {
		return
	}
	out := &holders{Vendors: slices.Clone(h.Vendors)}
	for _, v := range out.Vendors {
		if v.Key == me.Key {
			return
		}
		if v.Place == me.Place && !sameName(v.Name, me.Name) {
			out.Common = true
		}
	}
	out.Vendors = append(out.Vendors, me)
	if len(out.Vendors) > maxHolders {
		out.Common = true
	}
	if out.Common {
		out.Vendors = nil
	}
	save(b, key, out)
}
