package evidence

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"tamga"
)

const (
	warcVersion     = "WARC/1.1"
	profileSame     = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
	typeRequest     = "application/http;msgtype=request"
	typeResponse    = "application/http;msgtype=response"
	typeWarcFields  = "application/warc-fields"
	typeOctetStream = "application/octet-stream"
)

// batch is a run of compressed WARC records that reach a file in one write.
// Offsets of its records are relative until it is placed.
type batch struct {
	buf     bytes.Buffer
	records []record
	gz      *gzip.Writer
	head    bytes.Buffer
}

// Level 1 of this gzip compresses market pages to about what level 5 of the
// standard library reaches; see BenchmarkPut.
var batches = sync.Pool{New: func() any {
	gz, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return &batch{gz: gz}
}}

func newBatch() *batch {
	b := batches.Get().(*batch)
	b.buf.Reset()
	b.records = nil
	return b
}

// free gives the buffers back, unless one huge page has made them huge.
func (b *batch) free() {
	if b.buf.Cap() <= 16<<20 {
		batches.Put(b)
	}
}

// field is a named field of a WARC record header; an empty value is left out.
type field struct{ name, value string }

// add compresses one record, whose block is the parts joined.
func (b *batch) add(kind, id string, date time.Time, fields []field, parts ...[]byte) error {
	return b.addBlock(kind, id, date, fields, digestOf(parts...), parts...)
}

// addBlock is add where the digest of the block is known.
func (b *batch) addBlock(kind, id string, date time.Time, fields []field, block tamga.Digest, parts ...[]byte) error {
	var size int64
	for _, p := range parts {
		size += int64(len(p))
	}
	h := &b.head
	h.Reset()
	fmt.Fprintf(h, "%s\r\nWARC-Type: %s\r\nWARC-Record-ID: <urn:uuid:%s>\r\nWARC-Date: %s\r\n", warcVersion, kind, id, warcDate(date))
	for _, f := range fields {
		if f.value == "" {
			continue
		}
		if strings.ContainsFunc(f.value, isControl) {
			return fmt.Errorf("WARC field %s holds a control character: %q", f.name, f.value)
		}
		h.WriteString(f.name + ": " + f.value + "\r\n")
	}
	fmt.Fprintf(h, "WARC-Block-Digest: %s\r\nContent-Length: %d\r\n\r\n", block, size)
	if h.Len() > maxWarcHeader {
		return fmt.Errorf("WARC header of %d bytes: the limit is %d", h.Len(), maxWarcHeader)
	}

	start := b.buf.Len()
	b.gz.Reset(&b.buf)
	b.gz.Write(h.Bytes()) // a bytes.Buffer takes every write
	for _, p := range parts {
		b.gz.Write(p)
	}
	b.gz.Write([]byte("\r\n\r\n"))
	if err := b.gz.Close(); err != nil {
		return fmt.Errorf("compress WARC record: %w", err)
	}
	b.records = append(b.records, record{
		Type: kind, ID: id, Offset: int64(start), Length: int64(b.buf.Len() - start),
		Digest: tamga.DigestOf(b.buf.Bytes()[start:]),
	})
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// place returns the records as they stand in file once the batch is at offset.
func (b *batch) place(file string, offset int64) []record {
	out := make([]record, len(b.records))
	for i, r := range b.records {
		r.File = file
		r.Offset += offset
		out[i] = r
	}
	return out
}

// warcDate is a WARC 1.1 date: UTC, as many digits of the second as there are.
func warcDate(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// newID returns a random (version 4) UUID.
func newID(random io.Reader) (string, error) {
	var u [16]byte
	if _, err := io.ReadFull(random, u[:]); err != nil {
		return "", fmt.Errorf("make record id: %w", err)
	}
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// warcFields is the body of a warcinfo or metadata record: a line a field, line
// ends of the values folded to spaces.
func warcFields(fields ...field) []byte {
	var b bytes.Buffer
	for _, f := range fields {
		if f.value != "" {
			b.WriteString(f.name + ": " + strings.Join(strings.Fields(f.value), " ") + "\r\n")
		}
	}
	return b.Bytes()
}
