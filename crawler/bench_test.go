package crawler

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gocolly/colly/v2"
)

// page is a synthetic market page of about size bytes that links to some of n
// others, as category pages do.
func page(i, n, size int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<html><head><title>demo page %d</title></head><body><div id=menu>", i)
	for k := range 30 {
		fmt.Fprintf(&b, "<a class=menu href='/p/%d'>category %d</a>", k%n, k)
	}
	b.WriteString("</div><table>")
	for k := 0; b.Len() < size; k++ {
		to := (i*37 + k*11 + 1) % n
		fmt.Fprintf(&b, `<tr class="row"><td><a href="/p/%d" title="demo listing">Fictional item %d of nothing</a></td><td><div class="price"><span>%d.%02d</span> demo coins</div></td><td>ships from <b>Nowhere</b> to <b>Elsewhere</b></td><td class="text">Invented text that fills a row as descriptions do, with <i>some</i> markup in it.</td></tr>`, to, to, k, k%100)
	}
	b.WriteString("</table></body></html>")
	return []byte(b.String())
}

func syntheticSite(n, size int) http.Handler {
	pages := make([][]byte, n)
	for i := range pages {
		pages[i] = page(i, n, size)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := 0
		if r.URL.Path != "/" {
			if _, err := fmt.Sscanf(r.URL.Path, "/p/%d", &i); err != nil || i >= n {
				http.NotFound(w, r)
				return
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(pages[i])
	})
}

// bareColly crawls with Colly alone and the same selector.
func bareColly(b testing.TB, start string) (pages int64) {
	var n atomic.Int64
	c := colly.NewCollector(colly.Async(true), colly.MaxBodySize(0))
	c.SetRequestTimeout(time.Minute)
	c.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: DefaultParallel})
	host := hostname(start)
	c.AllowedDomains = []string{host}
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

// BenchmarkCrawl crawls the same pages with and without us, in turns, in one run:
// the metric "of-bare-colly" is our pages a second as a part of Colly's, and
// "of-bare-colly-by-cpu" the same by processor time.
func BenchmarkCrawl(b *testing.B) {
	sites := map[string]func(b *testing.B) http.Handler{
		"100kB": func(*testing.B) http.Handler { return syntheticSite(400, 100<<10) },
		"10kB":  func(*testing.B) http.Handler { return syntheticSite(2000, 10<<10) },
		"agora": agora,
	}
	for _, name := range []string{"100kB", "10kB", "agora"} {
		b.Run(name, func(b *testing.B) {
			s := httptest.NewServer(sites[name](b))
			defer s.Close()
			var ours, bare, oursCPU, bareCPU time.Duration
			var pages, barePages int64
			for b.Loop() {
				runtime.GC()
				start, used := time.Now(), cpuTime()
				barePages += bareColly(b, s.URL+"/")
				bare, bareCPU = bare+time.Since(start), bareCPU+cpuTime()-used

				runtime.GC()
				l := newLab(b)
				start, used = time.Now(), cpuTime()
				pages += l.run(b, s.URL+"/").Captured
				ours, oursCPU = ours+time.Since(start), oursCPU+cpuTime()-used
			}
			// Colly checks and marks a visited URL in two steps: of small pages it fetches
			// some twice, and they count as its pages.
			if barePages < pages || barePages > 2*pages {
				b.Fatalf("%d pages against %d", pages, barePages)
			}
			mine, theirs := float64(pages)/ours.Seconds(), float64(barePages)/bare.Seconds()
			b.ReportMetric(mine/theirs, "of-bare-colly")
			b.ReportMetric(bareCPU.Seconds()/oursCPU.Seconds(), "of-bare-colly-by-cpu")
			b.ReportMetric(mine, "pages/s")
			b.ReportMetric(theirs, "bare-pages/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// cpuTime is what this process has used: on a busy machine a better measure than
// the clock. Both crawls pay for the same server.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// agora serves a real market's pages from the data folder.
func agora(b *testing.B) http.Handler {
	dir := filepath.Join(dataDir(), "agora", "mirror")
	if _, err := os.Stat(dir); err != nil {
		b.Skip("real pages are not there: ", err)
	}
	return mirror(os.DirFS(dir))
}

func dataDir() string {
	if d := os.Getenv("TAMGA_DATA"); d != "" {
		return d
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "tamga-data"
	}
	return filepath.Join(cache, "tamga-data")
}

// mirror serves the files of a saved site under their paths; pages have no
// extension.
func mirror(root fs.FS) http.Handler {
	var mu sync.Mutex
	held := map[string][]byte{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.Trim(r.URL.Path, "/")
		if name == "" {
			name = "index.html"
		}
		mu.Lock()
		b, ok := held[name]
		mu.Unlock()
		if !ok {
			var err error
			if b, err = fs.ReadFile(root, name); err != nil {
				if b, err = fs.ReadFile(root, name+"/index.html"); err != nil {
					http.NotFound(w, r)
					return
				}
			}
			mu.Lock()
			held[name] = b
			mu.Unlock()
		}
		if strings.HasPrefix(http.DetectContentType(b), "text/html") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		w.Write(b)
	})
}
