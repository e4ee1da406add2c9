package evidence

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"tamga"
)

// pack is a gzip member of text.
func pack(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.Bytes()
}

const recordHead = "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"

// readAll reads a member as Read does.
func readAll(member []byte, size int64) (*tamga.Exchange, error) {
	ex := &tamga.Exchange{}
	err := readMember(bytes.NewReader(member), func(w *warcRecord) error {
		return fill(ex, w, record{Type: w.get("WARC-Type"), Length: int64(len(member))}, size)
	})
	return ex, err
}

func TestReaderLimits(t *testing.T) {
	good := recordHead + "Content-Length: 23\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabcd\r\n\r\n"
	if ex, err := readAll(pack(good), 4); err != nil || string(ex.Body) != "abcd" {
		t.Fatalf("%+v %v", ex, err)
	}
	for name, member := range map[string][]byte{
		"empty":                  {},
		"not gzip":               []byte("WARC/1.1\r\n"),
		"torn gzip":              pack(good)[:40],
		"gzip checksum":          append(pack(good)[:len(pack(good))-8], 1, 2, 3, 4, 23, 0, 0, 0),
		"two members":            append(pack(good), pack(good)...),
		"bytes behind":           append(pack(good), 0),
		"two records":            pack(good + good),
		"no line ends":           pack(strings.TrimSuffix(good, "\r\n")),
		"version":                pack(strings.Replace(good, "1.1", "2.0", 1)),
		"endless header line":    pack("WARC/1.1\r\nA: " + strings.Repeat("x", 32<<20)),
		"endless header":         pack("WARC/1.1\r\n" + strings.Repeat("A: b\r\n", 1<<20)),
		"no colon":               pack("WARC/1.1\r\nnonsense\r\n\r\n"),
		"field twice":            pack(recordHead + "Content-Length: 23\r\nContent-Length: 4\r\n\r\n"),
		"no length":              pack(recordHead + "\r\n"),
		"negative length":        pack(recordHead + "Content-Length: -1\r\n\r\n\r\n\r\n"),
		"signed length":          pack(recordHead + "Content-Length: +0\r\n\r\n\r\n\r\n"),
		"huge length":            pack(recordHead + "Content-Length: 4000000000000\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabcd\r\n\r\n"),
		"overflowing length":     pack(recordHead + "Content-Length: 99999999999999999999\r\n\r\n"),
		"short block":            pack(strings.Replace(good, ": 23", ": 24", 1)),
		"long block":             pack(strings.Replace(good, ": 23", ": 22", 1)),
		"block digest":           pack(strings.Replace(good, "Content-L", "WARC-Block-Digest: sha256:00\r\nContent-L", 1)),
		"endless HTTP head":      pack(recordHead + "Content-Length: 33554432\r\n\r\n" + strings.Repeat("x", 32<<20) + "\r\n\r\n"),
		"HTTP head out of block": pack(recordHead + "Content-Length: 4\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabcd\r\n\r\n"),
		"gzip bomb":              pack(recordHead + "Content-Length: 67108883\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("\x00", 64<<20) + "\r\n\r\n"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readAll(member, 4)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: read", name)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s: %d MiB of memory", name, used>>20)
		}
	}
	// A log that promises more than the member can hold is not believed.
	if _, err := readAll(pack(recordHead+"Content-Length: 1099511627795\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), 1<<40); err == nil {
		t.Error("read a terabyte from 200 bytes")
	}
}

// A bomb in an archive is found by verify in bounded memory.
func TestVerifyStreams(t *testing.T) {
	dir := initArchive(t)
	a := openArchive(t, dir, Options{})
	put(t, a, page("/big", strings.Repeat("\x00", 48<<20)))
	closeArchive(t, a)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	verifyClean(t, dir)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("verify of a page of 48 MiB took %d MiB of memory", used>>20)
	}
}

func FuzzWARC(f *testing.F) {
	f.Add([]byte(recordHead + "Content-Length: 23\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabcd\r\n\r\n"))
	f.Add([]byte("WARC/1.1\r\n\r\n"))
	dir := initArchive(f)
	a := openArchive(f, dir, Options{})
	for _, ex := range hostile() {
		put(f, a, ex)
	}
	for e, err := range a.all(context.Background(), 0) {
		if err != nil {
			f.Fatal(err)
		}
		for _, r := range e.Records {
			member := make([]byte, r.Length)
			w, err := os.Open(a.warcPath(r.File))
			if err != nil {
				f.Fatal(err)
			}
			w.ReadAt(member, r.Offset)
			w.Close()
			z, err := gzip.NewReader(bytes.NewReader(member))
			if err != nil {
				f.Fatal(err)
			}
			plain, err := io.ReadAll(z)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(plain)
			f.Add(member)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		readAll(data, 4) // as a gzip member
		w, err := openRecord(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		ex := &tamga.Exchange{}
		if err := fill(ex, w, record{Type: w.get("WARC-Type"), Length: int64(len(data))}, int64(len(data))/2); err != nil {
			return
		}
		if err := w.finish(); err == nil && w.length > int64(len(data)) {
			t.Errorf("a block of %d bytes in %d", w.length, len(data))
		}
		if !bytes.Equal(receivedHead(storedHead(ex.ResponseHead)), ex.ResponseHead) {
			t.Errorf("head %q does not come back", ex.ResponseHead)
		}
		parseHeader(ex.ResponseHead)
	})
}

// Every log that reads without fault is one this package would have written.
func FuzzEntries(f *testing.F) {
	two, _ := appendFrame(nil, []byte(`{"kind":"warcinfo","seq":0,"records":[{"type":"warcinfo","file":"tamga-000000.warc.gz","offset":0,"length":9}]}`))
	two, _ = appendFrame(two, []byte(`{"kind":"capture","seq":1,"digest":"sha256:`+strings.Repeat("ab", 32)+`","records":[]}`))
	f.Add(two)
	frame, _ := appendFrame(nil, []byte(`{"kind":"claim","seq":0,"time":"2026-01-01T00:00:00Z","claim":"x","data":1}`))
	f.Add(frame)
	f.Add(frame[:len(frame)-1])
	f.Add([]byte("ffffffff 00"))
	f.Add(bytes.Repeat([]byte("0"), 100))
	f.Add([]byte(`{"kind":"capture","seq":0,"digest":"sha256:` + strings.Repeat("a", 64) + `"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newFrameReader(bytes.NewReader(data), 0, int64(len(data)))
		var again []byte
		clean := true
		for seq := int64(0); ; seq++ {
			text, _, err := r.next()
			var bad *corruption
			if errors.As(err, &bad) {
				clean = false
				continue
			}
			if err != nil {
				if err != io.EOF && err != errTorn {
					t.Fatal(err)
				}
				break
			}
			k, quick := quickDigest(seq, text)
			if e, err := decodeEntry(seq, text); err == nil {
				if d, ok := keyOfDigest(e.Digest); quick && (!ok || d != k) && !bytes.Contains(text[1:], []byte(`"digest"`)) {
					t.Errorf("two digests in %q", text)
				}
			}
			again, _ = appendFrame(again, text)
		}
		if clean && !bytes.HasPrefix(data, again) {
			t.Errorf("accepted %q, would write %q", data, again)
		}
		decodeEntry(0, data)
		quickDigest(0, data)
	})
}

func FuzzHead(f *testing.F) {
	dir := sample(f)
	v, err := readKey(dir)
	if err != nil {
		f.Fatal(err)
	}
	head, err := os.ReadFile(filepath.Join(dir, headFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(head)
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := parseHead(data, v)
		if err == nil && !bytes.Equal(data, head) {
			t.Errorf("a head of %d entries that was never signed", h.Size)
		}
	})
}

// A million entries need little memory: a slot of a map and an offset each.
func TestStateIsSmall(t *testing.T) {
	const n = 50_000
	st := &state{}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range int64(n) {
		k, ok := keyOfDigest(tamga.DigestOf(fmt.Append(nil, i)))
		if !ok {
			t.Fatal("no key")
		}
		st.hold(k, i)
		st.push(i*900, (i+1)*900, [32]byte{1})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (after.HeapAlloc - before.HeapAlloc) / n; each > 120 {
		t.Errorf("%d bytes an entry", each)
	} else {
		t.Logf("%d bytes an entry", each)
	}
	runtime.KeepAlive(st)
}
