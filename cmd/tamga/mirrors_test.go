package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"tamga/internal/pipeline"
)

// pgpKey makes a key and its armoured public half.
func pgpKey(t *testing.T) (*openpgp.Entity, string) {
	t.Helper()
	e, err := openpgp.NewEntity("Demo Market", "", "demo@example.org", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := must(armor.Encode(&b, openpgp.PublicKeyType, nil))
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return e, b.String() + "\n"
}

func clearSigned(t *testing.T, e *openpgp.Entity, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := must(clearsign.Encode(&b, e.PrivateKey, nil))
	fmt.Fprint(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A site that names an onion and has a signed list: verified against the key that
// was given, by file or by fingerprint, and not against another; a list that is
// changed raises one alert.
func TestMirrors(t *testing.T) {
	ours, public := pgpKey(t)
	theirs, _ := pgpKey(t)
	onion, spare, fake := strings.Repeat("b", 56)+".onion", strings.Repeat("d", 56)+".onion", strings.Repeat("f", 56)+".onion"
	list := clearSigned(t, ours, "Mirrors\nhttp://"+onion+"/\nhttp://"+spare+"/\n")
	served := list
	var mu sync.Mutex // of served and asked
	asked := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path]++
		switch r.URL.Path {
		case "/":
			w.Header().Set("Onion-Location", "http://"+onion+"/")
			fmt.Fprint(w, "<html><title>Demo</title><p>welcome</p></html>")
		case "/mirrors.txt":
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, served)
		case "/pgp.txt":
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, public)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")

	for name, key := range map[string]string{"file": "market.asc", "fingerprint": fmt.Sprintf("%X", ours.PrimaryKey.Fingerprint)} {
		t.Run(name, func(t *testing.T) {
			mu.Lock()
			served = list
			mu.Unlock()
			c := newCLI(t)
			write := func(file, text string) {
				if err := os.WriteFile(filepath.Join(c.ws, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("market.asc", public)
			write("tamga.toml", fmt.Sprintf("[[source]]\nname = \"demo\"\nurl = %q\nmirror_key = %q\n", server.URL+"/", key))
			c.run("crawl", "--local", "demo")
			got := c.mirrors()
			if got[onion] != "onion-location claimed, signed-list verified" || got[spare] != "signed-list verified" || got[host] != "source " || len(got) != 3 {
				t.Fatalf("%q", got)
			}
			if n := len(lines(c.run("alerts", "--jsonl"))); n != 0 {
				t.Errorf("%d alerts", n)
			}
			// Again: nothing is told twice. A list that was changed, and one of another
			// key: two alerts, and the address is put to no site.
			for _, text := range []string{list, strings.Replace(list, spare, fake, 1), clearSigned(t, theirs, "http://"+fake+"/\n"), strings.Replace(list, spare, fake, 1)} {
				mu.Lock()
				served = text
				mu.Unlock()
				c.run("crawl", "--local", "demo")
			}
			got = c.mirrors()
			if got[onion] != "onion-location claimed, signed-list verified, signed-list bad-signature" || got[fake] != "alone signed-list bad-signature, signed-list other-key" {
				t.Errorf("%q", got)
			}
			alerts := lines(c.run("alerts", "--jsonl"))
			if len(alerts) != 2 || !strings.Contains(alerts[0], `"mirror-list-unsigned"`) {
				t.Errorf("alerts %q", alerts)
			}
			c.run("reindex")
			if again := lines(c.run("alerts", "--jsonl")); len(again) != 2 {
				t.Errorf("alerts after a reindex %q", again)
			}
			if text := string(c.run("mirrors")); !strings.Contains(text, "signed-list by "+host+": verified, signed ") || !strings.Contains(text, spare+"  not asked") {
				t.Errorf("%s", text)
			}
		})
	}
	if asked["/"+onion] != 0 {
		t.Error("the onion was asked of the site")
	}
}

// mirrors are the addresses of the sites and what told them.
func (c *cli) mirrors() map[string]string {
	c.t.Helper()
	out := map[string]string{}
	for _, s := range decodeJSON[struct{ Sites []pipeline.SiteAddresses }](c.t, c.run("mirrors", "--json")).Sites {
		for _, x := range s.Addresses {
			var told []string
			for _, t := range x.Told {
				told = append(told, t.How+" "+t.Status)
			}
			out[x.Address] = strings.Join(told, ", ")
			if len(s.Addresses) == 1 {
				out[x.Address] = "alone " + out[x.Address]
			}
		}
	}
	return out
}

// A source goes on at its mirror when its address does not answer; which one did
// is in the captures.
func TestMirrorStandsIn(t *testing.T) {
	down := httptest.NewServer(http.NotFoundHandler())
	gone := down.URL
	down.Close()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<a href=/1>1</a><a href=/2>2</a>")
	}))
	defer up.Close()
	c := newCLI(t)
	settings := fmt.Sprintf("[crawl]\nattempts = 1\n[[source]]\nname = \"demo\"\nurl = \"%s/\"\nmirrors = [\"%s/\"]\n", gone, up.URL)
	if err := os.WriteFile(filepath.Join(c.ws, "tamga.toml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	if sum := decodeJSON[crawlSummary](t, c.run("crawl", "--local", "--json", "demo")); sum.Captured != 3 || sum.Failed != 1 {
		t.Errorf("%+v", sum)
	}
	for _, s := range decodeJSON[struct{ Sites []pipeline.SiteAddresses }](t, c.run("mirrors", "--json")).Sites {
		if s.Source != "demo" || len(s.Addresses) != 2 || s.Addresses[0].LastUp != nil || s.Addresses[0].Outcome != "refused" || s.Addresses[1].LastUp == nil {
			t.Errorf("%+v", s)
		}
	}
}

// Two addresses that serve one market: a hit says where else its bytes were seen,
// and their likeness puts them together.
func TestAlsoSeen(t *testing.T) {
	market := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<html><head><title>Demo Bazaar %s</title></head><body><a href=/a>a</a><a href=/b>b</a>", r.URL.Path)
		for i := range 20 {
			fmt.Fprintf(w, "<div><h3>Offer %d of %s</h3><p>demo saffron number%d, packed in tin%d, sent from shelf%d</p></div>", i, r.URL.Path, i*7, i*3, i)
		}
	})
	one, two := httptest.NewServer(market), httptest.NewServer(market)
	defer one.Close()
	defer two.Close()
	c := newCLI(t)
	c.run("crawl", "--local", one.URL+"/", two.URL+"/")
	type hit struct {
		Fields map[string]any
		Also   []string `json:"also_seen_at"`
	}
	var hits []hit
	for _, line := range lines(c.run("search", "", "--kind", "capture", "--jsonl")) {
		hits = append(hits, decodeJSON[hit](t, []byte(line)))
	}
	hits = append(hits, decodeJSON[struct{ Hits []hit }](t, c.run("search", "saffron", "--kind", "capture", "--json")).Hits...)
	if len(hits) < 12 {
		t.Fatalf("%d hits", len(hits))
	}
	for _, h := range hits {
		at := h.Fields["url"].(string)
		want := strings.Replace(at, one.URL, two.URL, 1)
		if want == at {
			want = strings.Replace(at, two.URL, one.URL, 1)
		}
		if len(h.Also) != 1 || h.Also[0] != want {
			t.Errorf("%s: also at %q, want %s", at, h.Also, want)
		}
	}
	if got := c.mirrors(); len(got) != 0 {
		t.Errorf("without a look at the pages: %q", got)
	}
	sites := decodeJSON[struct{ Sites []pipeline.SiteAddresses }](t, c.run("mirrors", "--pages", "--json")).Sites
	if len(sites) != 1 || len(sites[0].Addresses) != 2 || len(sites[0].Addresses[1].Told) != 1 || sites[0].Addresses[1].Told[0].Score < 0.9 || sites[0].Addresses[0].LastUp == nil {
		t.Errorf("%+v", sites)
	}
}
