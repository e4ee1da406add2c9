package importer

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// maxAttempts is how often what looks like a gzip member is tried behind a damaged
// one, a file.
const maxAttempts = 1 << 16

// memberHead is what is looked at of a member that may be one, in bytes.
const memberHead = 4 << 10

// recover goes on to the record behind a damaged one: to the next gzip member that
// holds a record, or the next line that begins one. io.EOF: there is none.
func (f *warcFile) recover(met error) error {
	switch {
	case errors.Is(met, errBomb):
		return io.EOF
	case f.gz == nil:
		return f.recoverPlain()
	}
	f.back()
	for ; f.attempts < maxAttempts; f.attempts++ {
		if err := f.seekMember(); err != nil {
			return err
		}
		head, err := f.src.Peek(memberHead)
		if err != nil && err != io.EOF {
			return err
		}
		if holdsRecord(head) {
			return f.member()
		}
		f.src.Discard(1)
	}
	return io.EOF
}

// back goes to behind the first byte of the damaged member, whose end may be
// missing: what follows it was read as if it were its own.
func (f *warcFile) back() {
	to, from := f.at+1, f.consumed()
	if f.file == nil || to >= from || f.again+from-to > f.file.size+maxAgain {
		return
	}
	f.again += from - to
	f.file.off, f.read = to, to
	f.src.Reset(&countReader{f.file, &f.read})
}

// seekMember goes to the next bytes that a gzip member may begin with.
func (f *warcFile) seekMember() error {
	for {
		b, err := f.src.Peek(memberHead)
		if len(b) < 10 {
			if err == nil || err == io.EOF {
				return io.EOF
			}
			return err
		}
		if n := bytes.Index(b, []byte{0x1f, 0x8b, 8}); n >= 0 {
			f.src.Discard(n)
			return nil
		}
		f.src.Discard(len(b) - 2)
	}
}

// holdsRecord says whether the member that b begins with holds a WARC record.
func holdsRecord(b []byte) bool {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return false
	}
	first := make([]byte, 5)
	n, _ := io.ReadFull(z, first)
	return string(first[:n]) == "WARC/"
}

func (f *warcFile) recoverPlain() error {
	for fresh := true; ; {
		if next, _ := f.z.Peek(5); fresh && string(next) == "WARC/" && f.consumed() > f.at {
			return nil
		}
		_, err := f.z.ReadSlice('\n')
		if fresh = err == nil; err != nil && err != bufio.ErrBufferFull {
			return err
		}
	}
}

// begin is where the record that is read next begins, or its member.
func (f *warcFile) begin() int64 {
	if f.gz != nil {
		return f.at
	}
	return f.consumed()
}
