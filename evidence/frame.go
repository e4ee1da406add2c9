package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// An entry is framed as one line:
//
//	LENGTH LEAF CHECK TEXT\n
//
// LENGTH is the length of TEXT in 8 hexadecimal digits, LEAF its RFC 6962 leaf
// hash (SHA-256 of a zero byte and TEXT) in 64, CHECK the first 8 digits of the
// SHA-256 of "LENGTH LEAF ". The check makes a changed length told from a
// missing end: a frame whose head is right and whose text stops short is torn,
// every other fault is a changed byte.
const (
	frameHead = 8 + 1 + 64 + 1 + 8 + 1
	maxEntry  = 16 << 20
)

// errTorn is the end of a log that a crash left.
var errTorn = errors.New("torn")

// corruption is a whole frame that is wrong.
type corruption struct {
	what   string
	framed bool // the frame is right, and the text is not what it says
}

func (c *corruption) Error() string { return c.what }

func appendFrame(dst, text []byte) ([]byte, tlog.Hash) {
	leaf := tlog.RecordHash(text)
	dst = append(dst, frameHeadOf(len(text), leaf)...)
	dst = append(dst, text...)
	return append(dst, '\n'), leaf
}

func frameHeadOf(n int, leaf tlog.Hash) []byte {
	h := fmt.Appendf(make([]byte, 0, frameHead), "%08x %x ", n, leaf[:])
	sum := sha256.Sum256(h)
	h = hex.AppendEncode(h, sum[:4])
	return append(h, ' ')
}

// parseFrameHead accepts exactly what frameHeadOf writes.
func parseFrameHead(b []byte) (n int, leaf tlog.Hash, ok bool) {
	if len(b) != frameHead {
		return 0, leaf, false
	}
	size, err := strconv.ParseUint(string(b[:8]), 16, 32)
	if err != nil || size > maxEntry {
		return 0, leaf, false
	}
	if _, err := hex.Decode(leaf[:], b[9:73]); err != nil {
		return 0, leaf, false
	}
	return int(size), leaf, bytes.Equal(b, frameHeadOf(int(size), leaf))
}

// frameReader reads frames from r, which holds exactly left more bytes.
type frameReader struct {
	r    *bufio.Reader
	off  int64 // where the next frame starts
	left int64
	head [frameHead]byte
	buf  []byte

	blank bool // the entry that next returned has the text of a withdrawn claim
}

func newFrameReader(r io.Reader, off, size int64) *frameReader {
	return &frameReader{r: bufio.NewReaderSize(io.LimitReader(r, size-off), int(min(size-off, 256<<10))), off: off, left: size - off}
}

// next returns the text of the next frame, good until the call after, and its
// leaf hash; of a claim that was withdrawn what stands in its place, which does not
// have that hash. It returns io.EOF at the end, errTorn where the last frame stops
// short, and *corruption, with what text it found, where a whole frame is wrong;
// the call after that goes on behind it.
func (f *frameReader) next() ([]byte, tlog.Hash, error) {
	var leaf tlog.Hash
	f.blank = false
	if f.left == 0 {
		return nil, leaf, io.EOF
	}
	if f.left < frameHead {
		return nil, leaf, errTorn
	}
	if err := f.read(f.head[:]); err != nil {
		return nil, leaf, err
	}
	n, leaf, ok := parseFrameHead(f.head[:])
	if !ok {
		return f.resync()
	}
	if f.left < frameHead+int64(n)+1 {
		return nil, leaf, errTorn
	}
	if cap(f.buf) < n+1 {
		f.buf = make([]byte, n+1, 2*n+1)
	}
	f.buf = f.buf[:n+1]
	if err := f.read(f.buf); err != nil {
		return nil, leaf, err
	}
	f.advance(frameHead + n + 1)
	text := f.buf[:n]
	if f.buf[n] != '\n' {
		return text, leaf, &corruption{what: "the entry does not end in a line end"}
	}
	if tlog.RecordHash(text) != leaf {
		if f.blank = isBlank(text); f.blank {
			return text, leaf, nil
		}
		return text, leaf, &corruption{"the entry does not have the hash in its frame", true}
	}
	return text, leaf, nil
}

// resync finds the line end behind a wrong frame head.
func (f *frameReader) resync() ([]byte, tlog.Hash, error) {
	f.buf = f.buf[:0]
	for {
		part, err := f.r.ReadSlice('\n')
		if len(f.buf)+len(part) > maxEntry {
			part = nil // no entry: keep reading, keep nothing
			f.buf = f.buf[:0]
		}
		f.buf = append(f.buf, part...)
		f.advance(len(part))
		if err == nil || err == io.EOF {
			break
		}
		if err != bufio.ErrBufferFull {
			return nil, tlog.Hash{}, err
		}
	}
	f.advance(frameHead)
	text := bytes.TrimSuffix(f.buf, []byte("\n"))
	return text, tlog.RecordHash(text), &corruption{what: "the frame of the entry is wrong"}
}

func (f *frameReader) read(b []byte) error {
	if _, err := io.ReadFull(f.r, b); err != nil {
		return fmt.Errorf("read log: %w", err)
	}
	return nil
}

func (f *frameReader) advance(n int) { f.off += int64(n); f.left -= int64(n) }
