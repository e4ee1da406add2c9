package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"tamga"
)

// benchPages are pages of a real market where the data is at hand, else made up
// ones; the two differ in size more than in how they compress.
func benchPages(b *testing.B) []*tamga.Exchange {
	b.Helper()
	root := os.Getenv("TAMGA_DATA")
	if root == "" {
		cache, _ := os.UserCacheDir()
		root = filepath.Join(cache, "tamga-data")
	}
	var pages []*tamga.Exchange
	filepath.WalkDir(filepath.Join(root, "agora"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || len(pages) >= 400 {
			return fs.SkipAll
		}
		if info, err := d.Info(); err != nil || !info.Mode().IsRegular() || info.Size() < 2000 || filepath.Ext(name) == ".jsonl" {
			return nil
		}
		if body, err := os.ReadFile(name); err == nil {
			pages = append(pages, page(fmt.Sprint("/p/", len(pages)), string(body)))
		}
		return nil
	})
	if len(pages) > 50 {
		return pages
	}
	random := rand.New(rand.NewPCG(3, 4))
	words := strings.Fields("offer vendor ships worldwide quality stealth price gram escrow feedback listing market profile contact terms refund policy delivery")
	for i := range 200 {
		var s strings.Builder
		for s.Len() < 20000 {
			fmt.Fprintf(&s, "<div class=\"row row-%d\"><a href=\"/item/%x\">%s %s</a><span>%d.%02d</span></div>\n",
				random.IntN(9), random.Uint32(), words[random.IntN(len(words))], words[random.IntN(len(words))], random.IntN(500), random.IntN(100))
		}
		pages = append(pages, page(fmt.Sprint("/p/", i), s.String()))
	}
	return pages
}

// BenchmarkPut stores the same records that a loop of nothing but gzip and
// SHA-256 compresses, in one run; ratio is the speed of Put to that of the loop.
func BenchmarkPut(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprint("workers=", workers), func(b *testing.B) {
			pages := benchPages(b)
			var size int64
			for _, ex := range pages {
				size += int64(len(ex.Body) + len(ex.RequestHead) + len(ex.ResponseHead))
			}
			a := openArchive(b, initArchive(b), Options{Now: time.Now})
			b.SetBytes(size)
			var took, bare time.Duration
			round := 0
			for b.Loop() {
				round++
				// New bytes each round, or every page would be a revisit.
				fresh := make([]*tamga.Exchange, len(pages))
				for i, ex := range pages {
					c := *ex
					c.Body = append(bytes.Clone(ex.Body), fmt.Sprint(round)...)
					fresh[i] = &c
				}
				start := time.Now()
				share(workers, fresh, func(ex *tamga.Exchange) {
					if _, err := a.Put(context.Background(), ex); err != nil {
						b.Error(err)
					}
				})
				took += time.Since(start)
				start = time.Now()
				share(workers, fresh, bareRecords)
				bare += time.Since(start)
			}
			b.ReportMetric(float64(bare)/float64(took), "ratio")
			b.ReportMetric(float64(size)*float64(round)/took.Seconds()/1e6, "put-MB/s")
			b.ReportMetric(float64(len(pages))*float64(round)/took.Seconds(), "captures/s")
		})
	}
}

// bareRecords compresses the two records of a page and hashes them.
func bareRecords(ex *tamga.Exchange) {
	z := bareWriters.Get().(*gzip.Writer)
	defer bareWriters.Put(z)
	var out bytes.Buffer
	for _, parts := range [][][]byte{{ex.RequestHead}, {ex.ResponseHead, ex.Body}} {
		sum := sha256.New()
		for _, p := range parts {
			sum.Write(p)
		}
		z.Reset(&out)
		z.Write([]byte("WARC/1.1\r\nWARC-Block-Digest: sha256:" + hex.EncodeToString(sum.Sum(nil)) + "\r\n\r\n"))
		for _, p := range parts {
			z.Write(p)
		}
		z.Close()
	}
	sink.Add(int64(out.Len()))
}

var (
	sink        atomic.Int64
	bareWriters = sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		return z
	}}
)

func share(workers int, pages []*tamga.Exchange, f func(*tamga.Exchange)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(pages)); i = next.Add(1) - 1 {
				f(pages[i])
			}
		})
	}
	wg.Wait()
}

// BenchmarkVerify verifies an archive of those pages; the bytes are compressed.
func BenchmarkVerify(b *testing.B) {
	dir := initArchive(b)
	a := openArchive(b, dir, Options{})
	var raw int64
	for _, ex := range benchPages(b) {
		put(b, a, ex)
		raw += int64(len(ex.Body))
	}
	closeArchive(b, a)
	b.SetBytes(raw)
	for b.Loop() {
		if _, err := Verify(context.Background(), dir, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReplay reads every exchange back.
func BenchmarkReplay(b *testing.B) {
	a := openArchive(b, initArchive(b), Options{})
	var raw int64
	for _, ex := range benchPages(b) {
		put(b, a, ex)
		raw += int64(len(ex.Body))
	}
	b.SetBytes(raw)
	for b.Loop() {
		if err := a.Replay(context.Background(), 0, func(tamga.Capture, *tamga.Exchange) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
