package dashboards

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"tamga"
	"tamga/index"
)

// A workspace of invented markets, vendors and pages: no name, onion or wallet
// in it exists, apart from two addresses that are known to burn what they get.

const (
	burnAddress = "1BitcoinEaterAddressDontSendf59kuE"
	burnOther   = "1CounterpartyXXXXXXXXXXXXXXXUWLpVr"
)

// fakeFan is a subject whose trace is too large to draw whole.
const fakeFan = "1DemoFanDemoFanDemoFan"

var fakeNow = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// fakePage makes a page and the offsets of its visible text: tags go, a tag of
// a block ends a line, entities stay as they are written.
func fakePage(source string) *tamga.Page {
	p := &tamga.Page{Kind: tamga.PageListing, Source: source, Reader: "generic@1"}
	var body strings.Builder
	for i := 0; i < len(source); {
		if source[i] == '<' {
			end := strings.IndexByte(source[i:], '>')
			if end < 0 {
				break
			}
			tag := source[i : i+end+1]
			if strings.HasPrefix(tag, "<script") {
				end = strings.Index(source[i:], "</script>") + len("</script>") - 1
			}
			for _, block := range []string{"</title", "</p", "</h1", "<br", "</li", "</td"} {
				if strings.HasPrefix(tag, block) {
					body.WriteByte('\n')
					p.Text.Offsets = append(p.Text.Offsets, int32(i))
				}
			}
			i += end + 1
			continue
		}
		body.WriteByte(source[i])
		p.Text.Offsets = append(p.Text.Offsets, int32(i))
		i++
	}
	p.Text.Body = body.String()
	p.Text.Offsets = append(p.Text.Offsets, int32(len(source)))
	return p
}

// find adds a finding for every place of raw in the source.
func find(p *tamga.Page, f tamga.Finding) {
	for at := 0; ; {
		i := strings.Index(p.Source[at:], f.Raw)
		if i < 0 || f.Raw == "" {
			return
		}
		f.Start, f.End = at+i, at+i+len(f.Raw)
		if f.Value == "" {
			f.Value = f.Raw
		}
		p.Findings = append(p.Findings, f)
		at = f.End
	}
}

type fakeOffer struct {
	title, substance, class, raw, quantity, unit, price, currency string
}

var fakeOffers = []fakeOffer{
	{"Moonstone crystals, 1 g", "mdma", "ecstasy", "Moonstone", "1", "g", "0.0021", "BTC"},
	{"Steppe haze, outdoor, 5 g", "cannabis-herb", "cannabis", "haze", "5", "g", "34.00", "USD"},
	{"Мягкий гашиш «Барс», 2 г", "hashish", "cannabis", "гашиш", "2", "g", "4200", "RUB"},
	{"White line, 0.5 g sample", "cocaine", "stimulants", "White line", "0.5", "g", "55.00", "EUR"},
	{"Кристаллы «Арал», 1 г", "mephedrone", "stimulants", "Кристаллы", "1", "g", "18500", "KZT"},
	{"Paper birds 120 µg x10", "lsd", "psychedelics", "Paper birds", "10", "piece", "0.0040", "BTC"},
	{"Blue calm tablets x20", "alprazolam", "benzodiazepines", "Blue calm", "20", "piece", "40.00", "USD"},
}

var fakeVendors = []string{"steppe_fox", "moonlit_yurt", "Тихий Дворик", "kelin-express", "aral_tides", "paper_crane"}

// hostileTitle is what a market would like us to run.
const hostileTitle = `<script>window.__pwned=1</script><img src=x onerror="window.__pwned=2">Lapis tablets`

// fakeWorkspace holds everything the server reads.
type fakeWorkspace struct {
	docs  []index.Document
	views map[int64]*View
}

func newFakeWorkspace() *fakeWorkspace {
	w := &fakeWorkspace{views: map[int64]*View{}}
	for i := range int64(96) {
		w.add(i)
	}
	return w
}

func (w *fakeWorkspace) add(seq int64) {
	o := fakeOffers[seq%int64(len(fakeOffers))]
	vendor := fakeVendors[(seq*5/2)%int64(len(fakeVendors))]
	market := []string{"demo-bazaar", "demo-caravan"}[seq%2]
	title, language := o.title, "en"
	if strings.Contains(title, "«") {
		language = "ru"
	}
	if seq == 3 {
		title = hostileTitle
	}
	from := []string{"KZ", "NL", "RU", "DE", "UZ"}[seq%5]
	to := [][]string{{"WW"}, {"KZ", "KG", "UZ"}, {"EU"}}[seq%3]
	source := fmt.Sprintf(`<!doctype html><html><head><title>%[1]s</title></head><body><h1>%[1]s</h1>
<p>Vendor: <a href="/u/%[2]s">%[2]s</a></p><p>Price: <b>%[3]s %[4]s</b> for %[5]s %[6]s</p>
<p>Ships from %[7]s to %[8]s. Quality was checked twice; purity 84 %%.</p>
<p>Нужен быстрый ответ? Пишите @%[9]s_demo, клад по городу за час.</p>
<p>Pay to <code>%[10]s</code> and wait for two confirmations.</p>
<p>Mirror: <a href="http://demo%[11]s.onion/">our onion</a></p></body></html>`,
		title, vendor, o.price, o.currency, o.quantity, o.unit, from, strings.Join(to, ", "), strings.ReplaceAll(vendor, " ", ""),
		[]string{burnAddress, burnOther}[seq%2], strings.Repeat("a", 52))
	p := fakePage(source)
	p.Title, p.Language, p.Market = title, language, market
	p.Listings = []tamga.Listing{{Title: title, Vendor: vendor, Price: o.price, Currency: o.currency, Quantity: o.quantity, Unit: o.unit,
		Substances: []string{o.substance}, Category: o.class, From: []string{from}, To: to, Span: [2]int{0, len(source)}}}
	find(p, tamga.Finding{Type: tamga.FindAddress, Raw: []string{burnAddress, burnOther}[seq%2], Rule: "bitcoin@1", Confidence: 1, Valid: true, Chain: "bitcoin", Kind: "p2pkh"})
	find(p, tamga.Finding{Type: tamga.FindPrice, Raw: o.price + " " + o.currency, Rule: "price@1", Confidence: 0.9, Valid: true, Amount: o.price, Currency: o.currency})
	find(p, tamga.Finding{Type: tamga.FindQuantity, Raw: o.quantity + " " + o.unit, Rule: "quantity@1", Confidence: 0.85, Valid: true, Amount: o.quantity, Unit: o.unit, Total: o.quantity, TotalUnit: o.unit})
	find(p, tamga.Finding{Type: tamga.FindSubstance, Raw: o.raw, Value: o.substance, Rule: "substance@1", Confidence: 0.6, Valid: true, ID: o.substance, Class: o.class})
	find(p, tamga.Finding{Type: tamga.FindPurity, Raw: "84 %", Rule: "purity@1", Confidence: 0.8, Valid: true, Percent: "84"})
	find(p, tamga.Finding{Type: tamga.FindRoute, Raw: "from " + from, Value: from, Rule: "route@1", Confidence: 0.8, Valid: true, Direction: "from", Countries: []string{from}})
	find(p, tamga.Finding{Type: tamga.FindHandle, Raw: "@" + strings.ReplaceAll(vendor, " ", "") + "_demo", Rule: "handle@1", Confidence: 0.5, Valid: true, Service: "telegram"})
	find(p, tamga.Finding{Type: tamga.FindDrop, Raw: "клад", Rule: "drop@1", Confidence: 0.35, Valid: true})
	find(p, tamga.Finding{Type: tamga.FindOnion, Raw: "demo" + strings.Repeat("a", 52) + ".onion", Rule: "onion@1", Confidence: 0.9})

	at := fakeNow.AddDate(0, 0, -int((seq*seq)%41)).Add(-time.Duration(seq) * 7 * time.Minute)
	c := tamga.Capture{Seq: seq, Digest: tamga.DigestOf([]byte(source)), URL: fmt.Sprintf("http://demo%s.onion/listing/%d", strings.Repeat("a", 52), seq),
		Route: tamga.RouteTor, Requested: at, Stored: at.Add(2 * time.Second), Operator: "analyst-1", Tool: "tamga/" + tamga.Version,
		Outcome: tamga.OutcomeOK, Status: 200, ContentType: "text/html; charset=utf-8", Size: int64(len(source)), Source: market}
	w.views[seq] = &View{Capture: c, Page: p, Payload: []byte(source),
		RequestHead:  "GET /listing/" + fmt.Sprint(seq) + " HTTP/1.1\r\nHost: demo.onion\r\n\r\n",
		ResponseHead: "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nX-Powered-By: <b>demo</b>\r\n\r\n",
		Proof:        &Proof{LogSize: 96, Root: "q2Zt0demoRootdemoRootdemoRootdemoRootdemo00=", Leaf: "demoLeaf=", Signed: "demo+0a1b2c3d", OK: true}}
	w.docs = append(w.docs, index.Document{ID: fmt.Sprintf("capture:%d", seq), Kind: "capture", Capture: c.Digest, Seq: seq, Fields: map[string]any{
		"captured": at.Format(time.RFC3339), "title": title, "text": p.Text.Body, "url": c.URL, "market": market, "language": language,
		"page_kind": "listing", "outcome": "ok", "status": 200, "vendor": vendor}})
	if seq < int64(len(fakeVendors)) {
		v := fakeVendors[seq]
		w.docs = append(w.docs, index.Document{ID: "vendor:" + v, Kind: "vendor", Capture: c.Digest, Seq: seq, Fields: map[string]any{
			"captured": at.Format(time.RFC3339), "title": v, "vendor": v, "market": market, "rating": "4.8/5", "deals": "40~55",
			"pgp": []string{"00112233445566778899AABBCCDDEEFF00112233"}, "text": "Trading since the spring fair."}})
	}
	w.docs = append(w.docs, index.Document{ID: fmt.Sprintf("listing:%d:0", seq), Kind: "listing", Capture: c.Digest, Seq: seq, Fields: map[string]any{
		"captured": at.Format(time.RFC3339), "span": []int{strings.Index(source, "<h1>"), strings.Index(source, "<p>Mirror")},
		"title": title, "vendor": vendor, "market": market, "price": o.price, "currency": o.currency, "quantity": o.quantity, "unit": o.unit,
		"substances": []string{o.substance}, "category": o.class, "from": []string{from}, "to": to, "language": language, "url": c.URL,
		"address": []string{[]string{burnAddress, burnOther}[seq%2]}, "text": p.Text.Body}})
}

// Open implements Opener.
func (w *fakeWorkspace) Open(_ context.Context, seq int64) (*View, error) {
	v, ok := w.views[seq]
	if !ok {
		return nil, fmt.Errorf("log entry %d: %w", seq, fs.ErrNotExist)
	}
	return v, nil
}

// coin is an output of the invented ledger.
type coin struct {
	txid, address string
	n             uint32
	value         int64
}

// Trace implements Tracer: value that splits in two at every transaction, or
// comes from two.
func (w *fakeWorkspace) Trace(_ context.Context, subject, direction string, hops int) (tamga.Trace, error) {
	t := tamga.Trace{Subject: subject, Direction: direction, Method: "fifo"}
	if strings.ContainsAny(subject, "<> ") {
		return t, fmt.Errorf("subject %q: %w", subject, fs.ErrInvalid)
	}
	level := []coin{{fakeTxID(0, 0), subject, 0, 123456789}}
	if subject == fakeFan {
		for n := range uint32(900) {
			t.Hops = append(t.Hops, fakeHop(1, 0, level[0], coin{fakeTxID(1, 0), fmt.Sprintf("1DemoFan%d", n), n, 61000}))
		}
		return t, nil
	}
	for depth := 1; depth <= min(hops, 5); depth++ {
		var next []coin
		for b, c := range level {
			if depth > 2 && b%3 == 1 {
				t.Ends = append(t.Ends, tamga.End{TxID: c.txid, Vout: c.n, Reason: []string{"unspent", "mix", "tag"}[b/3%3]})
				continue
			}
			for n, part := range []int64{c.value * 7 / 10, c.value*3/10 - 1000} {
				other := coin{fakeTxID(depth, b), fmt.Sprintf("1DemoDemoDemoDemo%dx%dx%d", depth, b, n), uint32(n), part}
				if direction == "backward" {
					other.txid = fakeTxID(depth, 2*b+n)
					t.Hops = append(t.Hops, fakeHop(depth, b, other, c))
				} else {
					t.Hops = append(t.Hops, fakeHop(depth, b, c, other))
				}
				next = append(next, other)
			}
		}
		level = next
	}
	for _, c := range level {
		t.Ends = append(t.Ends, tamga.End{TxID: c.txid, Vout: c.n, Reason: "hops"})
	}
	return t, nil
}

func fakeTxID(depth, branch int) string {
	return strings.TrimPrefix(string(tamga.DigestOf([]byte(fmt.Sprint("demo", depth, branch)))), "sha256:")
}

// fakeHop moves the smaller of the two values from one coin to the other, in
// the transaction that makes the second.
func fakeHop(depth, branch int, from, to coin) tamga.Hop {
	height, at := int64(800000+depth*7+branch), fakeNow.AddDate(0, 0, depth-30)
	in, out := tamga.NewAmount(from.value, "BTC"), tamga.NewAmount(to.value, "BTC")
	return tamga.Hop{Depth: depth, TxID: to.txid, Amount: tamga.NewAmount(min(from.value, to.value), "BTC"), Height: &height, Time: &at,
		In:  tamga.HopIn{TxID: from.txid, Vout: &from.n, Address: from.address, Value: &in},
		Out: tamga.HopOut{N: to.n, Address: to.address, Value: out}}
}
