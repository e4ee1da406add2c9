// Package indextest holds every index.Store to one behaviour: a naive oracle, and
// a suite that asks the store and the oracle the same questions.
package indextest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"tamga"
	"tamga/index"
)

// The vocabulary of the fixtures. Every name is invented.
var (
	words = strings.Fields(`crystal crystals powder pills tablets sample free shipping stealth vacuum lab tested opening sale
		wholesale bulk fresh organic strong pure premium discount new old best quality dead drop courier city
		кристалл кристаллы порошок таблетки закладка закладки закладками магнит прикоп тайник доставка почта опт оптом
		розница чистый свежий ёлка елка Ёлки новинка скидка проба город берег й мой мая районы`)
	emoji     = []string{"❄️", "💊", "🍄", "🌿", "🔥🔥", "🚀"}
	oddWords  = []string{"мефедрoн", "MEФEДPOH", "o'zbek", "oʻzbekcha", "vendor-name", "0.5g", "don't", "t.me/demo", "naïve", "№5", "ﬁne", "zero\u200bwidth", "漢字", "и\u0306од"}
	markets   = []string{"demo-bazaar", "Demo Bazaar", "silkless", "полночь"}
	vendors   = []string{"DemoChef", "demochef", "Alpine Fox", "alpine-fox", "Снежок", "снeжок", "nobody_42", "Zürich"}
	substance = []string{"mdma", "cannabis", "amphetamine", "mephedrone", "lsd"}
	countries = []string{"DE", "NL", "KZ", "UZ", "RU", "US", "EU", "WW"}
	prices    = []string{"0.5", "0.50", "1", "5", "5.00", "12.5", "99.99", "100", "27.41", "0.00000001", "1000000", "on request"}
	addresses = []string{"mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "mIPCBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "bcrt1qdemodemodemo"}
)

// Documents makes n documents from a seed: English and Russian listings, vendors,
// posts and captures, with gaps, odd values and values that differ little.
func Documents(seed uint64, n int) []index.Document {
	r := rand.New(rand.NewPCG(seed, 7))
	start := time.Date(2026, 11, 1, 22, 30, 0, 0, time.UTC)
	docs := make([]index.Document, n)
	for i := range docs {
		kind := []string{"listing", "listing", "listing", "vendor", "post", "capture"}[r.IntN(6)]
		at := start.Add(time.Duration(r.IntN(20*24)) * time.Hour).Add(time.Duration(r.IntN(3)) * 400 * time.Millisecond)
		f := map[string]any{"source": "demo", "route": "tor", "captured": at.Format(time.RFC3339Nano), "note": fmt.Sprint("kept ", i)}
		maybe(r, 90, func() { f["title"] = sentence(r, 1+r.IntN(5)) })
		maybe(r, 80, func() { f["text"] = sentence(r, 3+r.IntN(40)) })
		maybe(r, 90, func() { f["market"] = pick(r, markets) })
		maybe(r, 80, func() { f["vendor"] = pick(r, vendors) })
		maybe(r, 70, func() { f["url"] = fmt.Sprintf("http://demo%d.onion/item/%d", r.IntN(3), i) })
		maybe(r, 60, func() { f["language"] = pick(r, []string{"en", "ru", "RU"}) })
		switch kind {
		case "listing":
			maybe(r, 90, func() { f["price"], f["currency"] = pick(r, prices), pick(r, []string{"BTC", "USD", "kzt"}) })
			maybe(r, 60, func() { f["quantity"], f["unit"] = fmt.Sprint(r.IntN(20)), "g" })
			maybe(r, 80, func() { f["substances"] = some(r, substance) })
			maybe(r, 70, func() { f["from"] = some(r, countries[:6]) })
			maybe(r, 70, func() { f["to"] = some(r, countries) })
			maybe(r, 50, func() { f["category"] = pick(r, []string{"stimulants", "cannabis", "Ecstasy"}) })
			maybe(r, 50, func() { f["section"] = "Drugs/" + pick(r, substance) })
			maybe(r, 90, func() { f["span"] = [2]int{i, i + 10} })
			maybe(r, 30, func() { f["address"] = some(r, addresses) })
		case "vendor":
			maybe(r, 50, func() { f["rating"], f["deals"] = "4.9/5", "40~55" })
			maybe(r, 50, func() { f["pgp"] = []string{fmt.Sprintf("%040X", r.IntN(5))} })
			maybe(r, 50, func() { f["handle"] = []string{pick(r, []string{"@Demo_Shop", "demo_shop", "@other"})} })
			maybe(r, 50, func() { f["email"] = []string{"Shop@demo.example"} })
		case "post":
			maybe(r, 90, func() { f["author"] = pick(r, vendors) })
			maybe(r, 90, func() { f["channel"] = pick(r, []string{"demo-talk", "Demo-Talk", "новости"}) })
			maybe(r, 80, func() { f["posted"] = at.Add(-time.Duration(r.IntN(2000)) * time.Hour).Format(time.RFC3339) })
			maybe(r, 5, func() { f["posted"] = "yesterday" })
		case "capture":
			f["outcome"], f["size"] = pick(r, []string{"ok", "captcha", "dial-timeout"}), int64(r.IntN(5))*1024
			maybe(r, 80, func() { f["status"] = []int{200, 404, 503}[r.IntN(3)] })
			maybe(r, 20, func() { f["title"] = "   …!" })
		}
		maybe(r, 3, func() { delete(f, "captured") })
		docs[i] = index.Document{
			ID: fmt.Sprintf("%s:%04d", kind, i), Kind: kind, Seq: int64(i / 3), Fields: f,
			Capture: tamga.DigestOf([]byte{byte(i / 3)}),
		}
	}
	return docs
}

func maybe(r *rand.Rand, percent int, f func()) {
	if r.IntN(100) < percent {
		f()
	}
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func some(r *rand.Rand, from []string) []string {
	out := make([]string, 1+r.IntN(3))
	for i := range out {
		out[i] = pick(r, from) // may repeat a value
	}
	return out
}

func word(r *rand.Rand) string {
	switch r.IntN(12) {
	case 0:
		return pick(r, emoji)
	case 1:
		return pick(r, oddWords)
	case 2:
		return strings.ToUpper(pick(r, words))
	}
	return pick(r, words)
}

func sentence(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(pick(r, []string{" ", " ", " ", ", ", ". ", " - ", "\n"}))
		}
		b.WriteString(word(r))
	}
	return b.String()
}
