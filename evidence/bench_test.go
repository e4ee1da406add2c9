package evidence

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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
	seen := 0
	filepath.WalkDir(filepath.Join(root, "agora", "mirror"), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipAll
		}
		if !d.Type().IsRegular() {
			return nil
		}
		if seen++; seen%5 == 0 { // pages of every part of the site
			if body, err := os.ReadFile(name); err == nil && len(body) > 0 {
				pages = append(pages, page(fmt.Sprint("/p/", len(pages)), string(body)))
			}
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

// BenchmarkPut stores pages, and in turns with it loops of nothing but gzip and
// SHA-256 make the same records, in one run: "of-raw" is the speed of Put as a part of
// that of the loop, "of-written" of the loop that also writes its records to a file and
// syncs it as often, "of-std" of the loop with the gzip of the standard library at its
// default level. The median of the rounds counts; cpu- is the same by processor time,
// which a machine that is not quiet disturbs less. cores is GOMAXPROCS, and how many
// goroutines share the pages.
func BenchmarkPut(b *testing.B) {
	for _, cores := range []int{1, 2} {
		b.Run(fmt.Sprint("cores=", cores), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			pages := benchPages(b)
			var size int64
			for _, ex := range pages {
				size += int64(len(ex.Body) + len(ex.RequestHead) + len(ex.ResponseHead))
			}
			a := openArchive(b, initArchive(b), Options{Now: time.Now})
			raw, written, std := newBare(b, klauspost, false), newBare(b, klauspost, true), newBare(b, standard, false)
			b.SetBytes(size)
			var put []float64
			var clock, processor [3][]float64
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
				timed := func(f func(*tamga.Exchange), sync func()) cost {
					runtime.GC() // each pays for its own garbage
					start, before := time.Now(), processorTime(b)
					share(cores, fresh, f)
					sync()
					return cost{time.Since(start).Seconds(), processorTime(b) - before}
				}
				runs := []func() cost{
					func() cost {
						return timed(func(ex *tamga.Exchange) {
							if _, err := a.Put(context.Background(), ex); err != nil {
								b.Error(err)
							}
						}, func() {
							if err := a.Sync(); err != nil {
								b.Error(err)
							}
						})
					},
					func() cost { return timed(raw.records, raw.sync) },
					func() cost { return timed(written.records, written.sync) },
					func() cost { return timed(std.records, std.sync) },
				}
				took := make([]cost, len(runs))
				for i := range runs { // not always in the same order
					k := (i + round) % len(runs)
					took[k] = runs[k]()
				}
				put = append(put, took[0].clock)
				for i, t := range took[1:] {
					clock[i] = append(clock[i], t.clock/took[0].clock)
					processor[i] = append(processor[i], t.processor/took[0].processor)
				}
			}
			if std.made.Load() == 0 || raw.made.Load() == 0 || written.made.Load() != raw.made.Load() {
				b.Fatal("the loops have not made the same records")
			}
			for i, name := range []string{"of-raw", "of-written", "of-std"} {
				b.ReportMetric(median(clock[i]), name)
				b.ReportMetric(median(processor[i]), "cpu-"+name)
			}
			b.ReportMetric(float64(size)/median(put)/1e6, "put-MB/s")
			b.ReportMetric(float64(len(pages))/median(put), "captures/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// cost is time in seconds.
type cost struct{ clock, processor float64 }

// processorTime is what the process has taken so far, in seconds.
func processorTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// bare compresses the records of a page and hashes each once.
type bare struct {
	b       *testing.B
	writers sync.Pool
	file    *os.File // nil: what is made is dropped
	at      atomic.Int64
	made    atomic.Int64
}

// compressor is what both gzip libraries have.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

func klauspost() compressor {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level of Put
	return z
}

func standard() compressor { return stdgzip.NewWriter(nil) }

func newBare(b *testing.B, writer func() compressor, write bool) *bare {
	x := &bare{b: b, writers: sync.Pool{New: func() any { return &bareWriter{z: writer()} }}}
	if write {
		var err error
		if x.file, err = os.Create(filepath.Join(b.TempDir(), "records.gz")); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { x.file.Close() })
	}
	return x
}

type bareWriter struct {
	z   compressor
	out bytes.Buffer
}

func (x *bare) records(ex *tamga.Exchange) {
	w := x.writers.Get().(*bareWriter)
	defer x.writers.Put(w)
	w.out.Reset()
	kinds := [...]string{"request", "response"}
	for i, parts := range [][][]byte{{ex.RequestHead}, {ex.ResponseHead, ex.Body}} {
		sum := sha256.New()
		size := 0
		for _, p := range parts {
			sum.Write(p)
			size += len(p)
		}
		w.z.Reset(&w.out)
		fmt.Fprintf(w.z, "WARC/1.1\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-%012x>\r\nWARC-Date: 2026-01-02T03:04:05Z\r\n"+
			"WARC-Target-URI: %s\r\nContent-Type: application/http;msgtype=%s\r\nWARC-Block-Digest: sha256:%x\r\nContent-Length: %d\r\n\r\n",
			kinds[i], x.made.Add(1), ex.URL, kinds[i], sum.Sum(nil), size)
		for _, p := range parts {
			w.z.Write(p)
		}
		io.WriteString(w.z, "\r\n\r\n")
		if err := w.z.Close(); err != nil {
			x.b.Error(err)
		}
	}
	if x.file == nil {
		return
	}
	n := int64(w.out.Len())
	if _, err := x.file.WriteAt(w.out.Bytes(), x.at.Add(n)-n); err != nil {
		x.b.Error(err)
	}
}

func (x *bare) sync() {
	if x.file == nil {
		return
	}
	if err := x.file.Sync(); err != nil {
		x.b.Error(err)
	}
}

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
