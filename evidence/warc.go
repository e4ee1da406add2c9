package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha1" // digests that others wrote
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Limits of the WARC reader. A header line of a record carries URLs, and those
// can be long.
const (
	maxWarcHeader = 256 << 10
	maxURL        = 64 << 10
	maxStoredHead = 2 * maxHead
	maxBlock      = 1 << 42
)

// warcRecord is one record being read from a gzip member. Read reads its block;
// finish must be called when the block was read, and checks what can only be
// known then.
type warcRecord struct {
	fields map[string]string // by lower-case name
	length int64

	z     *bufio.Reader
	head  int64 // bytes of the header
	left  int64
	block hash.Hash // nil where the header has no digest of a kind known here
}

func (r *warcRecord) get(name string) string { return r.fields[strings.ToLower(name)] }

// openRecord reads the header of the record in z, an uncompressed member. It
// reads at most maxWarcHeader bytes for it.
func openRecord(z *bufio.Reader) (*warcRecord, error) {
	r := &warcRecord{fields: map[string]string{}, z: z}
	budget := maxWarcHeader
	line, err := headerLine(z, &budget)
	if err != nil {
		return nil, err
	}
	if line != "WARC/1.1" && line != "WARC/1.0" {
		return nil, fmt.Errorf("WARC version %.40q", line)
	}
	for {
		if line, err = headerLine(z, &budget); err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("WARC header line %.40q", line)
		}
		name = strings.ToLower(name)
		if _, twice := r.fields[name]; twice && name != "warc-concurrent-to" {
			return nil, fmt.Errorf("WARC field %.40q stands twice", name)
		}
		r.fields[name] = strings.Trim(value, " \t")
	}
	for _, name := range []string{"WARC-Type", "WARC-Record-ID", "WARC-Date"} {
		if r.get(name) == "" {
			return nil, fmt.Errorf("WARC record without %s", name)
		}
	}
	text := r.get("Content-Length")
	if r.length, err = strconv.ParseInt(text, 10, 64); err != nil || r.length < 0 || r.length > maxBlock || text[0] == '+' {
		return nil, fmt.Errorf("WARC Content-Length %.40q", text)
	}
	r.left, r.head = r.length, int64(maxWarcHeader-budget)
	switch label, _, _ := strings.Cut(r.get("WARC-Block-Digest"), ":"); strings.ToLower(label) {
	case "sha256":
		r.block = sha256.New()
	case "sha1":
		r.block = sha1.New()
	}
	return r, nil
}

// take counts bytes of the block.
func (r *warcRecord) take(b []byte) {
	r.left -= int64(len(b))
	if r.block != nil {
		r.block.Write(b)
	}
}

// sameDigest compares a sum with a labelled digest, in hexadecimal or, as is the
// custom with SHA-1, in base32.
func sameDigest(sum []byte, labelled string) bool {
	_, text, _ := strings.Cut(labelled, ":")
	return strings.EqualFold(text, hex.EncodeToString(sum)) ||
		strings.EqualFold(strings.TrimRight(text, "="), base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum))
}

// headerLine reads a line that ends in CRLF and takes its length off the budget.
func headerLine(z *bufio.Reader, budget *int) (string, error) {
	var line []byte
	for {
		part, err := z.ReadSlice('\n')
		if *budget -= len(part); *budget < 0 {
			return "", fmt.Errorf("WARC header longer than %d bytes", maxWarcHeader)
		}
		line = append(line, part...)
		if err == nil {
			break
		}
		if err != bufio.ErrBufferFull {
			return "", fmt.Errorf("read WARC header: %w", unexpected(err))
		}
	}
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		return "", errors.New("a WARC header line does not end in CRLF")
	}
	return string(text), nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (r *warcRecord) Read(b []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.z.Read(b[:min(int64(len(b)), r.left)])
	r.take(b[:n])
	if err == io.EOF && r.left > 0 {
		err = fmt.Errorf("WARC block ends %d bytes early: %w", r.left, io.ErrUnexpectedEOF)
	} else if err == io.EOF {
		err = nil
	}
	return n, err
}

// finish reads what is left of the block, checks its digest, and that nothing
// but the two line ends of the format follows in the member.
func (r *warcRecord) finish() error { return r.finishIn(true) }

// finishIn is finish; alone says that nothing may follow the record.
func (r *warcRecord) finishIn(alone bool) error {
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{r}); err != nil {
		return err
	}
	if want := r.get("WARC-Block-Digest"); r.block != nil {
		if got := r.block.Sum(nil); !sameDigest(got, want) {
			return fmt.Errorf("WARC block has digest %x, its header says %.80s", got, want)
		}
	}
	var tail [5]byte
	most := 4
	if alone {
		most = 5
	}
	n, err := io.ReadFull(r.z, tail[:most])
	if err != io.ErrUnexpectedEOF && err != io.EOF && err != nil {
		return fmt.Errorf("read WARC record: %w", err)
	}
	if string(tail[:n]) != "\r\n\r\n" {
		return errors.New("WARC record does not end in two line ends")
	}
	return nil
}

// httpHead reads the HTTP head at the start of the block, as it is stored.
func (r *warcRecord) httpHead() ([]byte, error) {
	var head []byte
	for {
		start := len(head)
		for {
			part, err := r.z.ReadSlice('\n')
			if int64(len(part)) > r.left {
				return nil, errors.New("the WARC block ends inside its HTTP head")
			}
			r.take(part)
			head = append(head, part...)
			if len(head) > maxStoredHead {
				return nil, fmt.Errorf("HTTP head longer than %d bytes", maxStoredHead)
			}
			if err == nil {
				break
			}
			if err != bufio.ErrBufferFull {
				return nil, fmt.Errorf("read HTTP head: %w", unexpected(err))
			}
		}
		if line := head[start:]; string(line) == "\r\n" || string(line) == "\n" {
			return head, nil
		}
	}
}

// member is a gzip member being read: the source may hold it and nothing else.
type member struct {
	src *bufio.Reader
	gz  gzip.Reader
	out *bufio.Reader
}

var members = sync.Pool{New: func() any {
	return &member{src: bufio.NewReaderSize(nil, 32<<10), out: bufio.NewReaderSize(nil, 32<<10)}
}}

// readMember calls f with the record in the gzip member that r holds, and
// checks that record and member end together where r does. What is read of the
// uncompressed bytes is bounded by the limits of the reader, not by the member:
// f decides how much of the block it takes in memory.
func readMember(r io.Reader, f func(*warcRecord) error) error {
	m := members.Get().(*member)
	defer members.Put(m)
	m.src.Reset(r)
	if err := m.gz.Reset(m.src); err != nil {
		return fmt.Errorf("open gzip member: %w", unexpected(err))
	}
	m.gz.Multistream(false)
	m.out.Reset(&m.gz)
	rec, err := openRecord(m.out)
	if err != nil {
		return err
	}
	if err := f(rec); err != nil {
		return err
	}
	if err := rec.finish(); err != nil {
		return err
	}
	if _, err := m.src.ReadByte(); err != io.EOF {
		if err == nil {
			err = errors.New("bytes behind the gzip member")
		}
		return err
	}
	return nil
}
