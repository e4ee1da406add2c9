package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// Limits of a foreign WARC file, in bytes. Deflate yields at most 1032 for one;
// what grows faster than maxRatio for that long is a bomb.
const (
	maxWarcHeader = 256 << 10
	maxHead       = 1 << 20
	maxBlock      = 1 << 40
	maxRatio      = 200
	freeOutput    = 256 << 20
)

var errBomb = errors.New("it grows without end when it is unpacked")

// warcRecord is a record of a WARC file (ISO 28500): its header, and the first
// bytes of its block.
type warcRecord struct {
	at      int64 // in the file: of its gzip member, where it has one
	fields  map[string]string
	length  int64
	block   []byte // up to maxHead + MaxRecord
	digests map[string]hash.Hash
}

func (w *warcRecord) get(name string) string { return w.fields[strings.ToLower(name)] }

// cut says that the block is longer than what is kept of it.
func (w *warcRecord) cut() bool { return int64(len(w.block)) < w.length }

// warcFile reads records one after the other, from a file that is plain, one gzip
// member, or a member a record.
type warcFile struct {
	src  *bufio.Reader // of the file
	read int64         // bytes taken from below src
	gz   *gzip.Reader
	z    *bufio.Reader // of the records
	at   int64         // of the member; of a plain file, of the next record
	out  int64         // bytes unpacked
	buf  []byte

	file     *source // where it can go back
	attempts int     // to find a member behind a damaged one
	again    int64   // bytes that were read more than once
}

func newWarcFile(in io.Reader) (*warcFile, error) {
	f := &warcFile{}
	f.file, _ = in.(*source)
	f.src = bufio.NewReaderSize(&countReader{in, &f.read}, 64<<10)
	magic, err := f.src.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		f.z = bufio.NewReaderSize(&countReader{f.src, &f.out}, 64<<10)
		return f, nil
	}
	if f.gz, err = gzip.NewReader(f.src); err != nil {
		return nil, fileError{fmt.Errorf("not gzip: %w", err)}
	}
	f.gz.Multistream(false)
	f.z = bufio.NewReaderSize(f, 64<<10)
	return f, nil
}

// Read reads the unpacked bytes of a member.
func (f *warcFile) Read(b []byte) (int, error) {
	n, err := f.gz.Read(b)
	f.out += int64(n)
	if f.out > freeOutput && f.out/maxRatio > f.read {
		return 0, fileError{errBomb}
	}
	if err != nil && err != io.EOF {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return n, err
		}
		var flaw flate.CorruptInputError
		if errors.As(err, &flaw) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
			return n, fileError{fmt.Errorf("damaged gzip: %w", err)}
		}
	}
	return n, err
}

// consumed is how far into the file the reader is.
func (f *warcFile) consumed() int64 {
	if f.gz == nil {
		return f.out - int64(f.z.Buffered())
	}
	return f.read - int64(f.src.Buffered())
}

// next reads the next record; io.EOF after the last. Bytes of the block beyond
// what is kept are digested and passed over.
func (f *warcFile) next() (*warcRecord, error) {
	w := &warcRecord{fields: map[string]string{}}
	budget := maxWarcHeader
	var first string
	for {
		if f.gz == nil {
			f.at = f.consumed()
		}
		line, err := f.line(&budget)
		if err == io.EOF && line == "" {
			if f.gz == nil {
				return nil, io.EOF
			}
			if err := f.member(); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, unexpected(err)
		}
		if first = strings.TrimRight(line, "\r\n"); first != "" {
			break
		}
	}
	w.at = f.at
	if !strings.HasPrefix(first, "WARC/") {
		return nil, fileError{fmt.Errorf("not a WARC record: it begins with %.20q", first)}
	}
	last := ""
	for {
		line, err := f.line(&budget)
		if err != nil {
			return nil, unexpected(err)
		}
		text := strings.TrimRight(line, "\r\n")
		if text == "" {
			break
		}
		if (text[0] == ' ' || text[0] == '\t') && last != "" { // folded, as WARC 1.0 allows
			w.fields[last] += " " + strings.TrimSpace(text)
			continue
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			return nil, fileError{fmt.Errorf("a header line of a record: %.40q", text)}
		}
		last = strings.ToLower(strings.TrimSpace(name))
		if _, twice := w.fields[last]; !twice || last != "warc-concurrent-to" {
			w.fields[last] = strings.TrimSpace(value)
		}
	}
	n, err := strconv.ParseInt(w.get("Content-Length"), 10, 64)
	if err != nil || n < 0 || n > maxBlock {
		return nil, fileError{fmt.Errorf("a record of Content-Length %.40q", w.get("Content-Length"))}
	}
	w.length = n
	return w, f.body(w)
}

// body reads the block.
func (f *warcFile) body(w *warcRecord) error {
	w.digests = digesters(w.get("WARC-Block-Digest"))
	in := io.Reader(&io.LimitedReader{R: f.z, N: w.length})
	for _, h := range w.digests {
		in = io.TeeReader(in, h)
	}
	keep := min(w.length, maxHead+MaxRecord)
	b := bytes.NewBuffer(f.buf[:0])
	n, err := io.Copy(b, io.LimitReader(in, keep))
	f.buf = b.Bytes()
	w.block = f.buf
	if err != nil {
		return err
	}
	if n < keep {
		return io.ErrUnexpectedEOF
	}
	rest, err := io.Copy(io.Discard, in)
	if err == nil && n+rest < w.length {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// line reads a header line with its end.
func (f *warcFile) line(budget *int) (string, error) {
	var line []byte
	for {
		part, err := f.z.ReadSlice('\n')
		if *budget -= len(part); *budget < 0 {
			return "", fileError{fmt.Errorf("a record's header is longer than %d bytes", maxWarcHeader)}
		}
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return string(line), err
		}
	}
}

// member goes on to the next gzip member; io.EOF where there is none.
func (f *warcFile) member() error {
	// Zeros behind the last member are padding.
	for {
		b, err := f.src.Peek(1)
		if err != nil {
			return err
		}
		if b[0] != 0 {
			break
		}
		f.src.Discard(1)
	}
	f.at = f.consumed()
	if err := f.gz.Reset(f.src); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return fileError{fmt.Errorf("bytes that are no gzip behind the last record: %w", err)}
	}
	f.gz.Multistream(false)
	f.z.Reset(f)
	return nil
}

// date is WARC-Date: RFC 3339, or less of it (WARC 1.1 allows a bare year).
func (w *warcRecord) date() (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, w.get("WARC-Date")); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// uri is WARC-Target-URI; old writers put it in angle brackets.
func (w *warcRecord) uri() string {
	return absolute(strings.TrimSuffix(strings.TrimPrefix(w.get("WARC-Target-URI"), "<"), ">"))
}
