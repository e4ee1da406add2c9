package importer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// jsonStream cuts JSON (RFC 8259) into values without holding the document. It
// tells where values begin and end and leaves it to others whether they are
// right: depth costs it nothing.
type jsonStream struct {
	r   *bufio.Reader
	off int64 // bytes read
	buf []byte

	src    *source // that it reads; nil: one that cannot go back
	indent int     // white space before the byte that next read, from the start of its line; -1: something else
	again  int64   // bytes that were read more than once
}

func newJSONStream(r io.Reader) *jsonStream {
	src, _ := r.(*source)
	return &jsonStream{r: bufio.NewReaderSize(r, 64<<10), src: src}
}

// seek goes to a byte of the file.
func (s *jsonStream) seek(off int64) {
	if off < s.off {
		s.again += s.off - off
	}
	s.src.off, s.off = off, off
	s.r.Reset(s.src)
}

// ahead reads on from here without moving.
func (s *jsonStream) ahead(f func(*jsonStream)) {
	f(newJSONStream(withContext{s.src.run.ctx, io.NewSectionReader(s.src.r, s.off, s.src.size-s.off)}))
}

// maxKey is the longest key of an object on the way to the records, in bytes.
const maxKey = 4 << 10

var errNotJSON = errors.New("not JSON")

func (s *jsonStream) byte() (byte, error) {
	c, err := s.r.ReadByte()
	if err == nil {
		s.off++
	}
	return c, err
}

func (s *jsonStream) unread() {
	s.r.UnreadByte() // of the byte just read
	s.off--
}

// next is the first byte that is no white space.
func (s *jsonStream) next() (byte, error) {
	for s.indent = -1; ; {
		c, err := s.byte()
		if err != nil {
			return 0, unexpected(err)
		}
		switch c {
		case '\n':
			s.indent = 0
		case ' ', '\t', '\r':
			if s.indent >= 0 {
				s.indent++
			}
		default:
			return c, nil
		}
	}
}

// peek is next without taking it.
func (s *jsonStream) peek() (byte, error) {
	c, err := s.next()
	if err == nil {
		s.unread()
	}
	return c, err
}

// bom skips a UTF-8 byte order mark at the start of the file.
func (s *jsonStream) bom() {
	if b, _ := s.r.Peek(3); string(b) == "\xef\xbb\xbf" {
		s.r.Discard(3)
		s.off += 3
	}
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// wrong is the error for a byte that cannot stand where it does.
func (s *jsonStream) wrong(c byte, want string) error {
	return fmt.Errorf("%w: %q at byte %d, want %s", errNotJSON, c, s.off-1, want)
}

// object calls f with each key of an object; f reads the value.
func (s *jsonStream) object(f func(key string) error) error {
	c, err := s.next()
	if err != nil {
		return err
	}
	if c != '{' {
		return s.wrong(c, "an object")
	}
	return s.members(true, f)
}

// rest is object for the members behind a value that stands here.
func (s *jsonStream) rest(f func(key string) error) error {
	if err := s.skip(); err != nil {
		return err
	}
	if more, err := s.more('}'); err != nil || !more {
		return err
	}
	return s.members(false, f)
}

// members reads those of an object, which may have none where it is still empty.
func (s *jsonStream) members(empty bool, f func(key string) error) error {
	for ; ; empty = false {
		c, err := s.next()
		if err != nil {
			return err
		}
		if c == '}' && empty {
			return nil
		}
		if c != '"' {
			return s.wrong(c, "a key")
		}
		s.unread()
		raw, _, fits, err := s.value(maxKey)
		if err != nil {
			return err
		}
		key := ""
		if fits {
			if key, err = unquote(raw); err != nil {
				return fmt.Errorf("%w: key %.40q at byte %d", errNotJSON, raw, s.off)
			}
		}
		if c, err = s.next(); err != nil {
			return err
		}
		if c != ':' {
			return s.wrong(c, "a colon")
		}
		if err := f(key); err != nil {
			return err
		}
		if more, err := s.more('}'); err != nil || !more {
			return err
		}
	}
}

// more reads what stands behind a member: a comma, or the end.
func (s *jsonStream) more(end byte) (bool, error) {
	c, err := s.next()
	switch {
	case err != nil:
		return false, err
	case c == end:
		return false, nil
	case c != ',':
		return false, s.wrong(c, "a comma")
	}
	return true, nil
}

// array calls f before each element of an array; f reads it.
func (s *jsonStream) array(f func() error) error {
	c, err := s.next()
	if err != nil {
		return err
	}
	if c != '[' {
		return s.wrong(c, "an array")
	}
	for first := true; ; first = false {
		if c, err = s.peek(); err != nil {
			return err
		}
		if c == ']' && first {
			s.next()
			return nil
		}
		if err := f(); err != nil {
			return err
		}
		if more, err := s.more(']'); err != nil || !more {
			return err
		}
	}
}

// value reads one value as it stands. raw is good until the next call and, where
// the value is longer than limit bytes, its first limit bytes (fits is false);
// start is its first byte.
func (s *jsonStream) value(limit int) (raw []byte, start int64, fits bool, err error) {
	indent := s.indent // of a byte that was looked at
	c, err := s.next()
	if err != nil {
		return nil, s.off, false, err
	}
	if s.indent < 0 {
		s.indent = indent
	}
	start = s.off - 1
	s.buf = s.buf[:0]
	fits = true
	keep := func(c byte) {
		if len(s.buf) < limit {
			s.buf = append(s.buf, c)
		} else {
			fits = false
		}
	}
	keep(c)
	switch {
	case c == '"':
		err = s.text(keep)
	case c == '{' || c == '[':
		err = s.nested(keep)
	case c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z':
		err = s.scalar(keep)
	default:
		err = s.wrong(c, "a value")
	}
	return s.buf, start, fits, err
}

func (s *jsonStream) text(keep func(byte)) error {
	for {
		c, err := s.byte()
		if err != nil {
			return unexpected(err)
		}
		keep(c)
		switch c {
		case '"':
			return nil
		case '\n': // which JSON has as an escape: a quote is missing before it
			if _, err := s.r.Peek(1); err != nil {
				return unexpected(err)
			}
			return s.wrong(c, "the end of a string")
		case '\\':
			if c, err = s.byte(); err != nil {
				return unexpected(err)
			}
			keep(c)
		}
	}
}

// nested reads an object or array. Of one that is written a member a line, each
// line in it stands further in than its first: where none does, its end is missing.
func (s *jsonStream) nested(keep func(byte)) error {
	own, lines, indent := s.indent, false, -1
	blank := true // so far
	for depth := 1; depth > 0; {
		c, err := s.byte()
		if err != nil {
			return unexpected(err)
		}
		if lines && indent >= 0 && (c == '{' && indent <= own || c == ']' && indent < own) {
			s.unread()
			return fmt.Errorf("%w: a value that ends early at byte %d", errNotJSON, s.off)
		}
		keep(c)
		switch c {
		case '\n':
			lines = lines || blank && own >= 0
			indent = 0
			continue
		case ' ', '\t', '\r':
			if indent >= 0 {
				indent++
			}
			continue
		case '"':
			if err := s.text(keep); err != nil {
				return err
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		indent, blank = -1, false
	}
	return nil
}

func (s *jsonStream) scalar(keep func(byte)) error {
	for {
		c, err := s.byte()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch c {
		case ',', '}', ']', ':', ' ', '\t', '\n', '\r':
			s.unread()
			return nil
		}
		keep(c)
	}
}

// skip passes over a value.
func (s *jsonStream) skip() error {
	_, _, _, err := s.value(0)
	return err
}

// end is nil where nothing but white space follows.
func (s *jsonStream) end() error {
	c, err := s.next()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.wrong(c, "the end of the file")
}

// where names a place in the file for people.
func where(file string, offset int64) string {
	return file + " at byte " + strconv.FormatInt(offset, 10)
}
