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
}

func newJSONStream(r io.Reader) *jsonStream {
	return &jsonStream{r: bufio.NewReaderSize(r, 64<<10)}
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
	for {
		c, err := s.byte()
		if err != nil {
			return 0, unexpected(err)
		}
		switch c {
		case ' ', '\t', '\n', '\r':
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
	for first := true; ; first = false {
		if c, err = s.next(); err != nil {
			return err
		}
		if c == '}' && first {
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
	c, err := s.next()
	if err != nil {
		return nil, s.off, false, err
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
		case '\\':
			if c, err = s.byte(); err != nil {
				return unexpected(err)
			}
			keep(c)
		}
	}
}

func (s *jsonStream) nested(keep func(byte)) error {
	for depth := 1; depth > 0; {
		c, err := s.byte()
		if err != nil {
			return unexpected(err)
		}
		keep(c)
		switch c {
		case '"':
			if err := s.text(keep); err != nil {
				return err
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
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
