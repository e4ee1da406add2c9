package main

import (
	"database/sql"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gocolly/colly/v2"

	"tamga/crawler"
	"tamga/evidence"
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
	var pages, barePages int64
	for b.Loop() {
		t := time.Now()
		barePages += bareColly(b, start)
		bare += time.Since(t)

		t = time.Now()
		pages += sealedCrawl(b, start)
		ours += time.Since(t)
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
	db, err := sql.Open("sqlite", databaseURI(filepath.Join(dir, "tamga.db")))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	frontier, err := crawler.Open(db)
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

// bareColly crawls with Colly alone, the same selectors and parallelism.
func bareColly(b *testing.B, start string) int64 {
	u, err := url.Parse(start)
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	c := colly.NewCollector(colly.Async(true), colly.MaxBodySize(0), colly.AllowedDomains(u.Host, u.Hostname()))
	c.SetRequestTimeout(time.Minute)
	if err := c.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: 8}); err != nil {
		b.Fatal(err)
	}
	c.OnHTML("a[href], area[href]", func(e *colly.HTMLElement) { e.Request.Visit(e.Attr("href")) })
	c.OnHTML("frame[src], iframe[src]", func(e *colly.HTMLElement) { e.Request.Visit(e.Attr("src")) })
	c.OnResponse(func(*colly.Response) { n.Add(1) })
	c.OnError(func(r *colly.Response, _ error) {
		if r.StatusCode != 0 {
			n.Add(1)
		}
	})
	if err := c.Visit(start); err != nil {
		b.Fatal(err)
	}
	c.Wait()
	return n.Load()
}
