package demo

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// base is the last day of the market: no date on its pages is later.
var base = time.Date(2026, 10, 30, 12, 0, 0, 0, time.UTC)

// DefaultSeed is the seed of the market that the program shows.
const DefaultSeed = 78284

// firstOffer is the number of the oldest offer.
const firstOffer = 1001

// Market is a generated market: all its pages, and what stands on them. It is
// immutable and safe for concurrent use.
type Market struct {
	rng     *rand.Rand
	traders []Trader
	offers  []Offer // by number, which is by date
	shelves []shelf
	pages   map[string]page
}

// New generates the market that the program shows.
func New() *Market { return NewSeed(DefaultSeed) }

// NewSeed generates a market. The vendors, the ledger and the story are the same
// for every seed; what is offered, in which amounts, at which prices and when is
// not.
func NewSeed(seed uint64) *Market {
	m := &Market{rng: rand.New(rand.NewPCG(seed, 0xba2aa2)), pages: map[string]page{}}
	for _, p := range personas {
		m.traders = append(m.traders, m.trader(p))
	}
	for i, p := range personas {
		for n, key := range p.goods {
			m.offers = append(m.offers, m.offer(&m.traders[i], p, catalogue[key], n))
		}
	}
	slices.SortStableFunc(m.offers, func(a, b Offer) int { return a.Posted.Compare(b.Posted) })
	for i := range m.offers {
		m.offers[i].number(firstOffer + i)
	}
	m.render()
	return m
}

// Truth is what stands on the listing pages, by number.
func (m *Market) Truth() []Offer { return slices.Clone(m.offers) }

// Vendors is what stands on the vendor pages, in the order of the directory.
func (m *Market) Vendors() []Trader { return slices.Clone(m.traders) }

// Handler serves the market. It answers every host, so that the same market can
// stand on loopback and behind an onion.
func (m *Market) Handler() http.Handler { return http.HandlerFunc(m.serve) }

var shown = sync.OnceValue(New)

// StoryListing is the path of the page, in the market of [New], that names
// [Wallet] first.
func StoryListing() string {
	for _, o := range shown().offers {
		if slices.Contains(o.Addresses, Wallet()) {
			return o.Path
		}
	}
	return ""
}

// pick is a random element.
func pick[T any](rng *rand.Rand, all []T) T { return all[rng.IntN(len(all))] }
