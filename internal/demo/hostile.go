package demo

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// Sizes of the hostile inputs.
const (
	BigSize  = 2 << 30  // bytes of /big
	BombSize = 1 << 30  // bytes of /bomb when unpacked; about 1 MiB on the wire
	DeepTags = 100_000  // nested tags of /deep
	LongLine = 64 << 20 // bytes of the one attribute of /attribute
)

// Hostile serves what a crawler must survive:
//
//	/            an index that links to all of it
//	/big         a page of 2 GiB, streamed, with its length declared
//	/endless     a page without length or end
//	/bomb        a gzip page of 1 MiB that unpacks to 1 GiB
//	/nested      gzip inside gzip inside gzip, declared as such
//	/loop        a redirect to itself under a new query, without end
//	/circle      a redirect to itself
//	/koi8        a Russian page in KOI8-R, declared by <meta> alone
//	/deep        100,000 nested elements
//	/attribute   an element with an attribute of 64 MiB
//	/slow        one byte a second, without end
//	/stall       a header, then silence
//	/reset       a connection that is reset in the middle of the body
//	/short       a body that ends before its declared length
//	/trap/N      a page that links to two more, without end
//
// Streams stop when the client goes away.
func Hostile() http.Handler {
	mux := http.NewServeMux()
	pages := []string{"big", "endless", "bomb", "nested", "loop", "circle", "koi8", "deep", "attribute", "slow", "stall", "reset", "short", "trap/1"}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "<!DOCTYPE html><title>Hostile pages</title><ul>")
		for _, p := range pages {
			fmt.Fprintf(w, `<li><a href="/%s">%[1]s</a>`, p)
		}
	})
	mux.HandleFunc("GET /big", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(BigSize))
		stream(w, BigSize)
	})
	mux.HandleFunc("GET /endless", func(w http.ResponseWriter, r *http.Request) { stream(w, 1<<62) })
	mux.HandleFunc("GET /bomb", func(w http.ResponseWriter, r *http.Request) { packed(w, "gzip", bomb()) })
	mux.HandleFunc("GET /nested", func(w http.ResponseWriter, r *http.Request) {
		packed(w, "gzip, gzip, gzip", gz(gz(bomb())))
	})
	mux.HandleFunc("GET /loop", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		http.Redirect(w, r, "/loop?n="+strconv.Itoa(n+1), http.StatusFound)
	})
	mux.HandleFunc("GET /circle", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/circle", http.StatusMovedPermanently)
	})
	mux.HandleFunc("GET /koi8", koi8)
	mux.HandleFunc("GET /deep", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		io.WriteString(w, "<!DOCTYPE html><title>Deep</title>"+strings.Repeat("<div>", DeepTags)+"MDMA crystals 5g, $40"+strings.Repeat("</div>", DeepTags))
	})
	mux.HandleFunc("GET /attribute", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		io.WriteString(w, `<!DOCTYPE html><title>Attribute</title><a href="/`)
		chunk := bytes.Repeat([]byte("a"), 1<<20)
		for range LongLine >> 20 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
		io.WriteString(w, `">link</a>`)
	})
	mux.HandleFunc("GET /slow", slow)
	mux.HandleFunc("GET /stall", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /reset", func(w http.ResponseWriter, r *http.Request) { broken(w, true) })
	mux.HandleFunc("GET /short", func(w http.ResponseWriter, r *http.Request) { broken(w, false) })
	mux.HandleFunc("GET /trap/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseUint(r.PathValue("n"), 10, 60)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		html(w)
		fmt.Fprintf(w, `<!DOCTYPE html><title>Trap %d</title><a href="/trap/%d">left</a> <a href="/trap/%d">right</a>`, n, 2*n, 2*n+1)
	})
	return mux
}

func html(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html; charset=utf-8") }

// stream writes a page of n bytes until the client goes away.
func stream(w http.ResponseWriter, n int64) {
	html(w)
	line := []byte("<p>Bazaar Nowhere has nothing to sell, and a lot of it.</p>\n")
	chunk := bytes.Repeat(line, (64<<10)/len(line))
	head, _ := io.WriteString(w, "<!DOCTYPE html><title>Big</title>\n")
	for n -= int64(head); n > 0; n -= int64(len(chunk)) {
		if n < int64(len(chunk)) {
			chunk = chunk[:n]
		}
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

var bomb = sync.OnceValue(func() []byte { return zeroBomb(BombSize >> 20) })

// zeroBomb is a gzip stream (RFC 1952) of the start of a page and so many MiB of
// zeros. A stretch of zeros after zeros packs to the same bytes every time, since
// a flush ends it at a byte and it refers back by one, so it is packed once.
func zeroBomb(mib int) []byte {
	const head = "<!DOCTYPE html><title>Bomb</title>"
	zeros := make([]byte, 1<<20)
	var b bytes.Buffer
	b.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255})
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err) // the level is valid
	}
	sum := crc32.NewIEEE()
	sum.Write([]byte(head))
	z.Write([]byte(head))
	z.Flush()
	var from int
	for i := range min(mib, 2) {
		from = b.Len()
		z.Write(zeros)
		z.Flush()
		if i == 1 {
			b.Write(bytes.Repeat(bytes.Clone(b.Bytes()[from:]), mib-2))
		}
	}
	z.Close()
	for range mib {
		sum.Write(zeros)
	}
	out := binary.LittleEndian.AppendUint32(b.Bytes(), sum.Sum32())
	return binary.LittleEndian.AppendUint32(out, uint32(len(head)+mib<<20))
}

func gz(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}

func packed(w http.ResponseWriter, coding string, body []byte) {
	html(w)
	w.Header().Set("Content-Encoding", coding)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func koi8(w http.ResponseWriter, r *http.Request) {
	body, err := charmap.KOI8R.NewEncoder().String(`<!DOCTYPE html><html lang="ru"><head><meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><title>Доска объявлений Нигде</title></head><body><h1>Гашиш сухой 5 г</h1><p>Цена 4500 руб. Закладка, прикоп. Оператор @nowhere_demo_koi</p></body></html>`)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	io.WriteString(w, body)
}

// slow writes a byte a second.
func slow(w http.ResponseWriter, r *http.Request) {
	html(w)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for text := "<!DOCTYPE html><title>Slow</title>"; ; text = "slow " {
		for i := range len(text) {
			if _, err := io.WriteString(w, text[i:i+1]); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	}
}

// broken ends the connection in the middle of a body: with a TCP reset, or as if
// the server had ended it in order.
func broken(w http.ResponseWriter, reset bool) {
	conn, buf, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	buf.WriteString("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n<!DOCTYPE html><title>Broken</title>half a pa")
	buf.Flush()
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok && reset {
		tcp.SetLinger(0)
	}
}
