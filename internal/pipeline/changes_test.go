package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tamga"
	"tamga/extract"
)

// passes puts pages as captures of one address after the other, reads them and
// compares them. Its clock goes a minute a capture.
type passes struct {
	t       *testing.T
	reader  *extract.Reader
	changes *Changes
	seq     int64
	profile string
}

func newPasses(t *testing.T) *passes {
	t.Helper()
	reader, err := extract.New(extract.Options{SecretKey: []byte("a key of the test, 32 bytes long")})
	if err != nil {
		t.Fatal(err)
	}
	return &passes{t: t, reader: reader, changes: newChanges(t), profile: extract.NoProfile}
}

var testStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// see captures a page, and returns what differs.
func (p *passes) see(url, body string) []tamga.Change {
	return p.capture(tamga.Capture{URL: url, Outcome: tamga.OutcomeOK, Status: 200}, body)
}

func (p *passes) missing(url string, status int) []tamga.Change {
	return p.capture(tamga.Capture{URL: url, Outcome: tamga.OutcomeNotFound, Status: status}, "<title>Not found</title><h1>404 Not Found</h1>")
}

func (p *passes) capture(c tamga.Capture, body string) []tamga.Change {
	p.t.Helper()
	c.Seq, c.Digest = p.seq, tamga.DigestOf([]byte(body))
	if c.Requested.IsZero() {
		c.Requested = testStart.Add(time.Duration(p.seq) * time.Minute)
	}
	p.seq++
	page, err := p.reader.Page(extract.Input{URL: c.URL, Body: []byte(body), Profile: p.profile, Time: c.Requested})
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.changes.Take(p.t.Context(), []tamga.Capture{c}, []*tamga.Page{page}, p.seq); err != nil {
		p.t.Fatal(err)
	}
	found, err := p.changes.Between(p.t.Context(), c.Seq, p.seq)
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

// said are changes in short, in the order of the log.
func said(all []tamga.Change) string {
	var out []string
	for _, x := range all {
		out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s→%s", x.Kind, x.Record, x.Field, strings.Join(x.From, ","), strings.Join(x.To, ","))), " "))
	}
	return strings.Join(out, "; ")
}

func (p *passes) want(got []tamga.Change, want string) {
	p.t.Helper()
	if s := said(got); s != want {
		p.t.Errorf("%q, want %q", s, want)
	}
}

var bodyTag = regexp.MustCompile(`<body[^>]*>`)

// rendered is a page as another request would show it: the clock, a visitor counter,
// a token and the rates of the day are others.
func rendered(page string, n int) string {
	volatile := fmt.Sprintf(`<div class="clock">%02d:%02d:07 UTC</div><div>%d users online, page viewed %d times</div><div>1 BTC = %d.10 USD / %d.55 EUR</div>`+
		`<form><input type="hidden" name="csrf_token" value="%064x"></form><!-- rendered in %d ms -->`, n%24, n%60, 100+n*7, 4000+n*13, 27000+n*311, 25000+n*289, n*7919, n)
	at := bodyTag.FindStringIndex(page)
	if at == nil {
		return page
	}
	return page[:at[1]] + volatile + page[at[1]:]
}

// A page says nothing new however often it is rendered, by whatever reader.
func TestVolatilePartsAreNoChange(t *testing.T) {
	files, err := filepath.Glob("../../extract/testdata/*/*.html")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d pages: %v", len(files), err)
	}
	records := 0
	for _, profile := range []string{"", extract.NoProfile} {
		p := newPasses(t)
		p.profile = profile
		for pass := range 3 {
			for i, f := range files {
				body, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				url := fmt.Sprintf("http://demo%d.example/p/one", i)
				if got := p.see(url, rendered(string(body), pass*100+i)); len(got) > 0 {
					t.Errorf("%s, profile %q: %s", f, profile, said(got))
				}
			}
		}
		if err := p.changes.db.QueryRowContext(t.Context(), `SELECT count(*) FROM change_state`).Scan(&records); err != nil || records < len(files)/2 {
			t.Errorf("%d records of %d pages: %v", records, len(files), err)
		}
	}
}

const (
	demoWallet  = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
	demoWallet2 = "1BitcoinEaterAddressDontSendf59kuE"
	otherWallet = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
)

func vendorPage(name, contact, wallet string) string {
	return `<html><head><title>` + name + ` vendor profile</title></head><body><h1>` + name + `</h1><p>Vendor since 2020, rating 4.9</p><p>Telegram: @` + contact +
		`</p><p>Bitcoin wallet: ` + wallet + `</p></body></html>`
}

const loginPage = `<html><head><title>Login</title></head><body><h1>Login</h1><form method="post"><input name="username"><input type="password" name="password"><button>Log in</button></form></body></html>`

func TestChangedWallet(t *testing.T) {
	p := newPasses(t)
	url := "http://demo.example/user/DemoChef"
	p.want(p.see(url, vendorPage("DemoChef", "demochef_shop", demoWallet)), "")
	p.want(p.see(url, loginPage), "")
	p.want(p.capture(tamga.Capture{URL: url, Outcome: tamga.OutcomeReset}, ""), "")
	p.want(p.capture(tamga.Capture{URL: url, Outcome: tamga.OutcomeHTTPError, Status: 503}, "<title>503</title>"), "")
	got := p.see(url, vendorPage("DemoChef", "demochef_shop", demoWallet2))
	p.want(got, "changed vendor address "+demoWallet+"→"+demoWallet2)
	if len(got) == 1 {
		if x := got[0]; x.Was.Seq != 0 || x.Is.Seq != 4 || x.Subject != "DemoChef" || x.Was.Span[1]-x.Was.Span[0] != len(demoWallet) {
			t.Errorf("%+v", x)
		}
		if rule, severity := RuleOf(&got[0]); rule != AlertWallet || severity != "high" {
			t.Errorf("rule %q, %q", rule, severity)
		}
	}
}

// A page that shows each visitor another wallet is called out thrice, then no more.
func TestTurningWallet(t *testing.T) {
	p := newPasses(t)
	url := "http://demo.example/user/DemoChef"
	alerts := 0
	for i := range 9 {
		for _, x := range p.see(url, vendorPage("DemoChef", "demochef_shop", []string{demoWallet, demoWallet2, otherWallet}[i%3])) {
			if rule, _ := RuleOf(&x); rule != "" {
				alerts++
			}
		}
	}
	if alerts != maxTurns {
		t.Errorf("%d alerts, want %d", alerts, maxTurns)
	}
	p.see(url, vendorPage("DemoChef", "demochef_shop", otherWallet)) // it has come to rest
	got := p.see(url, vendorPage("DemoChef", "demochef_shop", demoWallet))
	if len(got) != 1 || got[0].Confidence < surestAlert {
		t.Errorf("%+v", got)
	}
}

func TestGoneAndReturned(t *testing.T) {
	p := newPasses(t)
	url := "http://demo.example/user/DemoChef"
	p.want(p.missing(url, 404), "") // it never was there
	page := vendorPage("DemoChef", "demochef_shop", demoWallet)
	p.want(p.see(url, page), "")
	got := p.missing(url, 410)
	p.want(got, "gone vendor →")
	if len(got) == 1 && got[0].Confidence != sure410 {
		t.Errorf("confidence %v of a page that is 410", got[0].Confidence)
	}
	p.want(p.missing(url, 404), "")
	p.want(p.see(url, page), "returned vendor →")
	p.want(p.missing(url, 404), "gone vendor →")
}

func cardsAt(price string, names ...string) string {
	page := "<html><head><title>Offers</title></head><body><h1>Offers</h1><ul>"
	for _, n := range names {
		page += fmt.Sprintf(`<li class="item"><a href="/l/%s">Demo hash %s 10g</a> <span>%s</span></li>`, n, n, price)
	}
	return page + "</ul></body></html>"
}

func TestGoneFromList(t *testing.T) {
	p := newPasses(t)
	list := "http://demo.example/offers"
	p.want(p.see(list, cardsAt("$50", "ada", "bob", "cyd", "dee", "eve")), "")
	p.want(p.see(list, cardsAt("$50", "ada", "bob", "dee", "eve")), "")
	p.want(p.see(list, loginPage), "")
	got := p.see(list, cardsAt("$50", "new", "ada", "bob", "dee", "eve"))
	p.want(got, "gone listing →")
	if len(got) == 1 && (got[0].URL != "http://demo.example/l/cyd" || got[0].Confidence != sureMissed) {
		t.Errorf("%+v", got[0])
	}
	p.want(p.see(list, cardsAt("$50", "new", "ada", "bob", "dee", "eve")), "")
	p.want(p.see(list, cardsAt("$50", "new", "ada", "bob", "cyd", "dee", "eve")), "returned listing →")

	// One that is on another page of the list now has only moved.
	p.want(p.see(list, cardsAt("$50", "new", "ada", "bob", "dee", "eve")), "")
	p.want(p.see(list+"?page=2", cardsAt("$50", "fay", "cyd", "gus")), "")
	p.want(p.see(list, cardsAt("$50", "new", "ada", "bob", "dee", "eve")), "")
}

func TestPriceOnSeveralPagesIsOneChange(t *testing.T) {
	p := newPasses(t)
	a, b := "http://demo.example/offers", "http://demo.example/new"
	names := []string{"ada", "bob", "cyd"}
	p.see(a, cardsAt("$50", names...))
	p.see(b, cardsAt("$50", names...))
	p.want(p.see(a, cardsAt("$80", names...)), strings.Repeat("changed listing price 50 USD→80 USD; ", 2)+"changed listing price 50 USD→80 USD")
	p.want(p.see(b, cardsAt("$80", names...)), "")
	p.want(p.see(a, cardsAt("$50", names...)), strings.Repeat("changed listing price 80 USD→50 USD; ", 2)+"changed listing price 80 USD→50 USD")
	p.want(p.see(a, cardsAt("$80", names...)), strings.Repeat("changed listing price 50 USD→80 USD; ", 2)+"changed listing price 50 USD→80 USD")
}

func TestVendorElsewhere(t *testing.T) {
	p := newPasses(t)
	p.see("http://one.example/user/DemoChef", vendorPage("DemoChef", "demochef_shop", demoWallet))
	p.see("http://one.example/user/DemoFox", vendorPage("DemoFox", "demofox_shop", otherWallet))
	got := p.see("http://two.example/seller/chef2", vendorPage("ChefTwo", "demochef_shop", demoWallet))
	p.want(got, "appeared vendor one.example/DemoChef→two.example/ChefTwo")
	if len(got) == 1 && (len(got[0].Reasons) != 2 || got[0].Confidence < tieLeast) {
		t.Errorf("%+v", got[0])
	}
	// A wallet alone ties nobody, nor does a mirror of the market.
	p.want(p.see("http://two.example/seller/fox", vendorPage("Unlike", "unlike_shop", otherWallet)), "")
	p.want(p.see("http://mirror.example/user/DemoFox", vendorPage("DemoFox", "demofox_shop", otherWallet)), "")
	p.want(p.missing("http://one.example/user/DemoChef", 404), "gone vendor →; moved vendor one.example/DemoChef→two.example/ChefTwo")
}

func TestPosts(t *testing.T) {
	p := newPasses(t)
	p.profile = ""
	url := "https://t.me/s/Nowhere_Shop"
	b, err := os.ReadFile("../../extract/testdata/telegram/channel.html")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	p.want(p.see(url, page), "")
	p.want(p.see(url, strings.ReplaceAll(strings.ReplaceAll(page, "1.2K", "1.9K"), "40%", "44%")), "")
	p.want(p.see(url, strings.Replace(page, "Passed on.", "Passed on, changed.", 1)), "edited post text Passed on.→Passed on, changed.")
	start := strings.Index(page, `<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message text_not_supported_wrap js-widget_message" data-post="Nowhere_Shop/43"`)
	end := strings.Index(page, `<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message text_not_supported_wrap js-widget_message" data-post="Nowhere_Shop/44"`)
	got := p.see(url, strings.Replace(page[:start]+page[end:], "Passed on.", "Passed on, changed.", 1))
	p.want(got, "gone post →")
	if len(got) == 1 && got[0].URL != "https://t.me/Nowhere_Shop/43" {
		t.Errorf("%+v", got[0])
	}
}

// An import of an older page says nothing of what is now.
func TestOlderImport(t *testing.T) {
	p := newPasses(t)
	url := "http://demo.example/user/DemoChef"
	p.see(url, vendorPage("DemoChef", "demochef_shop", demoWallet))
	old := tamga.Capture{URL: url, Route: tamga.RouteImport, Outcome: tamga.OutcomeOK, Requested: testStart.AddDate(-1, 0, 0)}
	p.want(p.capture(old, vendorPage("DemoChef", "demochef_shop", demoWallet2)), "")
	p.want(p.see(url, vendorPage("DemoChef", "demochef_shop", demoWallet)), "")
}

// What a batch holds makes no difference, nor does an interruption between two.
func TestBatches(t *testing.T) {
	reader := newPasses(t).reader
	var captures []tamga.Capture
	var pages []*tamga.Page
	for i := range 40 {
		wallet := []string{demoWallet, demoWallet2, otherWallet}[i/10%3]
		c := tamga.Capture{Seq: int64(i), URL: fmt.Sprintf("http://demo.example/user/v%d", i%5), Outcome: tamga.OutcomeOK, Requested: testStart.Add(time.Duration(i) * time.Minute)}
		body := vendorPage(fmt.Sprintf("DemoChef%d", i%5), "demochef_shop", wallet)
		page, err := reader.Page(extract.Input{URL: c.URL, Body: []byte(body), Profile: extract.NoProfile})
		if err != nil {
			t.Fatal(err)
		}
		c.Digest = tamga.DigestOf([]byte(body))
		captures, pages = append(captures, c), append(pages, page)
	}
	var want string
	for _, size := range []int{40, 1, 7} {
		c := newChanges(t)
		for i := 0; i < len(captures); i += size {
			j := min(i+size, len(captures))
			for range 2 { // said twice, done once
				if err := c.Take(t.Context(), captures[i:j], pages[i:j], int64(j)); err != nil {
					t.Fatal(err)
				}
			}
		}
		found, err := c.Between(t.Context(), 0, 40)
		if err != nil || len(found) != 15 {
			t.Fatalf("%d changes: %v", len(found), err)
		}
		if got := fmt.Sprintf("%+v", found); want == "" {
			want = got
		} else if got != want {
			t.Errorf("in batches of %d: %s, want %s", size, got, want)
		}
	}
}
