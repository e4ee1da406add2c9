package main

import (
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gocolly/colly/v2"

	"tamga/crawler"
	"tamga/evidence"
	"tamga/internal/database"
	"tamga/internal/demo"
)

// BenchmarkCrawlWithEvidence crawls the same pages sealed and with bare Colly, in
// turns, in one run: "of-bare-colly" is our pages a second as a part of Colly's.
// The pages are a real market's where the data is there, else the demo's.
func BenchmarkCrawlWithEvidence(b *testing.B) {
	b.Run("demo", func(b *testing.B) {
		s := httptest.NewServer(demo.New().Handler())
		defer s.Close()
		compareCrawls(b, s.URL+"/")
	})
	b.Run("agora", func(b *testing.B) {
		s := serveFolder(b, filepath.Join(dataDir(b), "agora", "mirror"))
		compareCrawls(b, s.URL+"/")
	})
}

func compareCrawls(b *testing.B, start string) {
	var ours, bare time.Duration
	var pages, barePages, distinct int64
	for b.Loop() {
		t := time.Now()
		fetched, urls := bareColly(b, start)
		bare += time.Since(t)
		barePages, distinct = barePages+fetched, distinct+urls

		t = time.Now()
		pages += sealedCrawl(b, start)
		ours += time.Since(t)
	}
	// Both must have done the same work. Colly follows a redirect inside a fetch, we
	// count its hop; and Colly fetches some small pages twice, which count as its pages.
	if distinct > pages || pages > distinct+distinct/50 {
		b.Fatalf("%d pages against %d of bare Colly", pages, distinct)
	}
	mine, theirs := float64(pages)/ours.Seconds(), float64(barePages)/bare.Seconds()
	b.ReportMetric(mine/theirs, "of-bare-colly")
	b.ReportMetric(mine, "pages/s")
	b.ReportMetric(theirs, "bare-pages/s")
	b.ReportMetric(0, "ns/op")
}

// sealedCrawl crawls into a new archive, frontier and all.
func sealedCrawl(b *testing.B, start string) int64 {
	dir := b.TempDir()
	if err := evidence.Init(filepath.Join(dir, "evidence"), "bench"); err != nil {
		b.Fatal(err)
	}
	archive, err := evidence.Open(filepath.Join(dir, "evidence"), evidence.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer archive.Close()
	db, err := database.Open(filepath.Join(dir, "tamga.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	frontier, err := crawler.Open(db.Writer())
	if err != nil {
		b.Fatal(err)
	}
	c, err := crawler.New(crawler.Options{Sink: archive, Frontier: frontier, Local: true, Delay: -1, Parallel: 8, Workers: 16})
	if err != nil {
		b.Fatal(err)
	}
	sum, err := c.Run(b.Context(), []string{start})
	if err != nil {
		b.Fatal(err)
	}
	return sum.Captured
}

// bareColly crawls with Colly alone, the same selectors and parallelism. It
// returns the pages fetched and how many of them were different.
func bareColly(b *testing.B, start string) (fetched, distinct int64) {
	u, err := url.Parse(start)
	if err != nil {
		b.Fatal(err)
	}
	var n, urls atomic.Int64
	var seen sync.Map
	count := func(r *colly.Response) {
		n.Add(1)
		if _, again := seen.LoadOrStore(r.Request.URL.String(), true); !again {
			urls.Add(1)
		}
	}
	c := colly.NewCollector(colly.Async(true), colly.MaxBodySize(0), colly.AllowedDomains(u.Host, u.Hostname()))
	c.SetRequestTimeout(time.Minute)
	if err := c.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: 8}); err != nil {
		b.Fatal(err)
	}
	c.OnHTML("a[href], area[href]", func(e *colly.HTMLElement) { e.Request.Visit(e.Attr("href")) })
	c.OnHTML("frame[src], iframe[src]", func(e *colly.HTMLElement) { e.Request.Visit(e.Attr("src")) })
	c.OnResponse(count)
	c.OnError(func(r *colly.Response, _ error) {
		if r.StatusCode != 0 {
			count(r)
		}
	})
	if err := c.Visit(start); err != nil {
		b.Fatal(err)
	}
	c.Wait()
	return n.Load(), urls.Load()
}
