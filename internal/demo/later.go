package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// What happens on the market between two visits: a vendor has another wallet, one
// another key, one asks for more, and one has gone to the Caravanserai.
const (
	newWallet = "PaperMoonCo"
	newKey    = "VelvetOwl"
	dearer    = "TulipDistrict"
	moved     = "WindmillTwo"
	movedTo   = "WindmillThree"

	// laterWallet is regtest P2WPKH (BIP 173) of a hash: nobody has a key for it.
	laterWallet = "bcrt1q0g5k8hpf75ddjy60qu50466kky6la0f6mf9v9z"
	laterKey    = "owl-later"
)

// Edit is the market after vendors and offers were changed; what a function returns
// false for is gone. m stays as it is.
func (m *Market) Edit(vendor func(*Trader) bool, offer func(*Offer) bool) *Market {
	l := &Market{pages: map[string]page{}}
	for _, t := range m.traders {
		if t.Addresses = slices.Clone(t.Addresses); vendor(&t) {
			l.traders = append(l.traders, t)
		}
	}
	for _, o := range m.offers {
		if o.Addresses = slices.Clone(o.Addresses); !offer(&o) {
			continue
		}
		if o.wallet != "" {
			o.wallet = o.Addresses[0]
		}
		l.offers = append(l.offers, o)
	}
	l.render()
	return l
}

// Later is the market at a second visit.
func (m *Market) Later() *Market {
	raised := false
	l := m.Edit(func(t *Trader) bool {
		switch t.Name {
		case newWallet:
			t.Addresses[0] = laterWallet
		case newKey:
			t.Key = publicKey(laterKey)
		}
		return true
	}, func(o *Offer) bool {
		switch o.Vendor {
		case newWallet:
			if len(o.Addresses) > 0 {
				o.Addresses[0] = laterWallet
			}
		case dearer:
			if usd, err := strconv.ParseFloat(o.Price, 64); err == nil && !raised {
				p := personas[slices.IndexFunc(personas, func(p persona) bool { return p.name == dearer })]
				o.Price, o.PriceText = money(usd/rates[p.money]*1.6, p)
				raised = true
			}
		}
		return o.Vendor != moved
	})
	delete(l.pages, "/vendor/"+moved) // the directory still links to it
	return l
}

// SecondVisit matches the paths that a second visit looks at: the vendors, and the
// offers of the one who asks for more.
func (m *Market) SecondVisit() string {
	at := []string{"vendors", "vendor/"}
	for _, o := range m.offers {
		if o.Vendor == dearer {
			at = append(at, strings.TrimPrefix(o.Path, "/")+"$")
		}
	}
	return "/(" + strings.Join(at, "|") + ")"
}

// inn is the page of the vendor who moved, on another market.
const inn = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%[1]s, vendor at the Caravanserai</title></head>
<body><p>Synthetic demonstration market: nothing is sold here</p>
<h1>%[1]s</h1>
<dl><dt>Vendor since</dt><dd>29 Oct 2026</dd><dt>Rating</dt><dd>5.00/5</dd><dt>Sales</dt><dd>3</dd></dl>
<p>You knew the second windmill. Same key, new wind.</p>
<p>%[2]s</p>
<h2>PGP key</h2>
<pre>%[3]s</pre>
</body></html>
`

// Caravanserai is another market, which has one vendor.
func Caravanserai() http.Handler {
	body := fmt.Sprintf(inn, movedTo, "windmill@example.org", publicKey("windmill"))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != CaravanseraiPath {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.ServeContent(w, r, "", base, strings.NewReader(body))
	})
}

// CaravanseraiPath is its only page.
const CaravanseraiPath = "/vendor/" + movedTo
