package pipeline

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tamga"
	"tamga/extract/link"
	"tamga/internal/demo"
)

// The vendors of the index come back with what is known of them.
func TestPersonas(t *testing.T) {
	l := newLab(t)
	l.capture("/")
	l.capture(demo.StoryListing())
	l.ingest()
	personas, err := Personas(t.Context(), l.Store)
	if err != nil {
		t.Fatal(err)
	}
	vendor := first(l.story().Fields, "vendor")
	i := slices.IndexFunc(personas, func(p link.Persona) bool { return p.Name == vendor })
	if i < 0 || personas[i].Market == "" || len(personas[i].Texts) == 0 {
		t.Fatalf("the story's vendor %q among %d personas: %+v", vendor, len(personas), personas)
	}
	for i, p := range personas {
		for _, q := range personas[:i] {
			if p.Name == q.Name && p.Market == q.Market {
				t.Errorf("%s is there twice", p.Name)
			}
		}
	}
}

func TestReadPersona(t *testing.T) {
	l := newLab(t)
	p := link.Persona{Bio: "mail demo@mail.example or telegram @fictional_demo_1", Texts: []string{"pay to 1BoatSLRHtKNngkdXEeobR76b53LETtpyT"}}
	ReadPersona(l.Reader, &p, []string{"0x0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567", "not a key", strings.Repeat("AbZ9", 40)})
	if !slices.Contains(p.Mails, "demo@mail.example") || len(p.Contacts) != 1 || len(p.Wallets) != 1 {
		t.Errorf("%+v", p)
	}
	if len(p.Keys) != 2 || p.Keys[0] != "0123456789ABCDEF0123456789ABCDEF01234567" || !strings.HasPrefix(p.Keys[1], "sha256:") {
		t.Errorf("keys %q", p.Keys)
	}
	again := link.Persona{}
	ReadPersona(l.Reader, &again, []string{strings.Repeat("AbZ9", 10) + "\n" + strings.Repeat("AbZ9", 30)})
	if !slices.Equal(again.Keys, p.Keys[1:]) {
		t.Errorf("a key in other lines: %q and %q", again.Keys, p.Keys[1:])
	}
}

// Two addresses that answer with the same pages are one site; a third is not.
func TestSites(t *testing.T) {
	l := newLab(t)
	put := func(url, body string) {
		t.Helper()
		_, err := l.Archive.Put(t.Context(), &tamga.Exchange{
			URL: url, Route: tamga.RouteLocal, Outcome: tamga.OutcomeOK, Status: 200,
			RequestHead: []byte("GET / HTTP/1.1\r\n\r\n"), ResponseHead: []byte("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/html\r\n\r\n"),
			Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(body),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	page := func(tag, words string) string {
		return "<html><title>" + words[:9] + "</title><body>" + strings.Repeat("<p><"+tag+">", 20) + strings.Repeat(words, 30)
	}
	for _, host := range []string{"one.example", "two.example"} {
		put("http://"+host+"/", page("b", "quiet harbour sells tea and bread to sailors "))
		put("http://"+host+"/about", page("i", "the harbour opens at dawn and closes with the last boat "))
		put("http://"+host+"/favicon.ico", "icon")
	}
	put("http://three.example/", page("u", "a forum about the growing of pines in the north "))
	sites, err := l.Sites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	links := link.Sites(sites, link.Same)
	if len(sites) != 3 || len(links) != 1 || links[0].A.Name != "one.example" || links[0].B.Name != "two.example" {
		t.Errorf("%d sites, links %+v", len(sites), links)
	}
}
