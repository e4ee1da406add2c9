package link

import (
	"fmt"
	"strings"
	"testing"
)

const demoPage = `<!DOCTYPE html><html><head><title>Quiet  Harbour &amp; Co</title><style>p{}</style></head><body><img src=x><p>Hi<br/>there</p><script>var p="<p>"</script></body></html>`

func TestFingerprint(t *testing.T) {
	p := Fingerprint([]string{"Server", "Date"}, []byte(demoPage))
	// SHA-256 of "html|head|title|style|body|img|p|br|script", and of "Server:Date".
	if p.DOM != "935a97c2f8934070c9cd823638c5b86b" || p.Tags != 9 {
		t.Errorf("dom %s of %d tags", p.DOM, p.Tags)
	}
	if p.Title != "Quiet Harbour & Co" || p.Words != 2 || p.Header != "hhh:1:8a715bebde87769b509d4ae3cdc9b6d3ddfbb2abbe06e6bc4f3c8abaed15e727" {
		t.Errorf("%+v", p)
	}
	other := Fingerprint([]string{"Date", "Server"}, []byte(strings.Replace(demoPage, "Hi", "Hello", 1)))
	if other.DOM != p.DOM {
		t.Error("the text changes the dom hash")
	}
	if other.Header == p.Header {
		t.Error("the order of the header fields does not count")
	}
	if p := Fingerprint(nil, nil); p != (Print{}) {
		t.Errorf("of nothing: %+v", p)
	}
}

func TestHeaderNames(t *testing.T) {
	got := HeaderNames([]byte("HTTP/1.1 200 OK: yes\r\nServer: x\r\n folded: no\r\nDate: y\r\n\r\n"))
	if fmt.Sprint(got) != "[Server Date]" {
		t.Errorf("%q", got)
	}
}

// page is a page of a site with its own markup and text.
func page(markup string, n int) Print {
	words := ""
	for i := range 80 {
		words += fmt.Sprintf("%s%d ", markup, i*n%97)
	}
	return Fingerprint([]string{"Server", "X-" + markup}, []byte("<title>"+markup+"</title>"+strings.Repeat("<div><"+markup+">", 20+n)+words))
}

func TestSites(t *testing.T) {
	mirror := func(host, market string) Site {
		return Site{Host: host, Favicon: "icon of " + market, Prints: []Print{page(market, 1), page(market, 2), page(market, 3)}}
	}
	links := Sites([]Site{
		mirror("a1.example", "aleph"), mirror("a2.example", "aleph"), mirror("b1.example", "beth"), mirror("c1.example", "gimel"),
		{Host: "b2.example", Prints: []Print{page("beth", 1)}, Mirrors: []string{"b1.example", "b2.example", "gone.example"}},
	}, 0)
	if l := between(links, "a1.example", "a2.example"); l.Score < Same || len(l.Reasons) < 4 {
		t.Errorf("mirrors: %+v", l)
	}
	if l := between(links, "b1.example", "b2.example"); l.Score < Same || l.Reasons[0].Weight < mirrorNats {
		t.Errorf("a mirror that is named: %+v", l)
	}
	if l := between(links, "a1.example", "c1.example"); l.Score > 0.1 {
		t.Errorf("two sites: %+v", l)
	}
}

// Sites of one software share its markup and icon, and are no mirrors for that.
func TestSoftwareIsNoEvidence(t *testing.T) {
	var all []Site
	for i := range 30 {
		p := page("forum", 1)
		p.Text, p.Title = uint64(i)*0x9E3779B97F4A7C15, fmt.Sprint("forum ", i)
		all = append(all, Site{Host: fmt.Sprint("s", i, ".example"), Favicon: "default", Prints: []Print{p}})
	}
	if links := Sites(all, 0.2); len(links) > 0 {
		t.Errorf("%+v", links[0])
	}
}
