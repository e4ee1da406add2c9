package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode/utf8"
)

// messages seals the messages of an array. One that is broken is sealed as it
// stands, up to where the next one begins; name tells the address of a message,
// "" where it has none, and its media type.
func (r *run) messages(s *jsonStream, name func(raw []byte) (url, mediaType string)) error {
	c, err := s.next()
	if err != nil {
		return err
	}
	if c != '[' {
		s.unread()
		return s.skip()
	}
	indent := -1
	for {
		if c, err = s.peek(); err != nil {
			return err
		}
		if c == ']' {
			s.next()
			return nil
		}
		if c == '{' && s.indent >= 0 {
			indent = s.indent
		}
		s.indent = indent
		raw, start, fits, err := s.value(maxMessage)
		whole := err == nil && fits && valid(raw)
		if err == nil && !whole && nextMessage(raw) > 0 { // it swallowed others
			err = fmt.Errorf("%w: a value that does not end", errNotJSON)
		}
		if err != nil {
			if err := r.broken(s, start, indent, err, name); err != nil {
				return err
			}
			continue
		}
		flaw := ""
		switch {
		case !fits:
			flaw = fmt.Sprintf("a message longer than %d bytes: sealed in part", maxMessage)
		case raw[0] != '{':
			flaw = "a message that is no object"
		case !utf8.Valid(raw):
			flaw = "a message that is not UTF-8"
		case !whole:
			flaw = "a message that is not valid JSON"
		}
		if err := r.message(raw, start, !fits, flaw, name); err != nil {
			return err
		}
		end := s.off
		switch c, err = s.next(); {
		case err != nil:
			return err
		case c == ',':
		case c == ']':
			return nil
		case c == '{':
			r.sum.problem(where(r.name, s.off-1), "no comma before a message")
			s.unread()
		default:
			if err := r.broken(s, end, indent, s.wrong(c, "a comma"), nil); err != nil {
				return err
			}
		}
	}
}

// message seals a message and lists what is wrong with it.
func (r *run) message(raw []byte, start int64, cut bool, flaw string, name func([]byte) (string, string)) error {
	u, contentType := name(mended(raw))
	if u == "" {
		u = fmt.Sprintf("urn:sha256:%s#byte=%d", r.digest, start)
	}
	ex := r.exchange(u, contentType, raw)
	ex.Detail = at(start, len(raw))
	if cut {
		ex.Truncated = "length"
	}
	if flaw != "" {
		r.sum.problem(where(r.name, start), "%s", flaw)
		ex.Detail += "; " + flaw
	}
	return r.seal(ex)
}

// maxAgain is how many bytes beyond the length of a file are read more than once
// to find the messages behind broken ones.
const maxAgain = 64 << 20

// broken goes on to the message behind a broken one that begins at start, or to
// the end of the array, and seals what stands between. Where there is neither, the
// error is the one that was met. indent is that of the messages, or less than 0.
func (r *run) broken(s *jsonStream, start int64, indent int, met error, name func([]byte) (string, string)) error {
	if !errors.Is(met, errNotJSON) && !errors.Is(met, io.ErrUnexpectedEOF) {
		return met
	}
	if s.again > s.src.size+maxAgain {
		return fileError{fmt.Errorf("too many broken messages: what is behind byte %d is not taken in", start)}
	}
	s.seek(start)
	var raw []byte
	end, err := s.resync(indent, &raw)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		if errors.Is(met, io.ErrUnexpectedEOF) {
			r.sum.problem(where(r.name, start), "the file ends in the middle of a record")
		} else {
			r.sum.problem(where(r.name, start), "a broken message, and none behind it: what follows is not taken in: %v", met)
		}
		return errStop
	}
	if err != nil {
		return err
	}
	if name == nil {
		r.sum.problem(where(r.name, start), "%v: the %d bytes up to the next message are not taken in", met, end-start)
		return nil
	}
	flaw := "a broken message, sealed up to where the next one begins: " + met.Error()
	raw = bytes.TrimRight(raw, " \t\r\n,")
	return r.message(raw, start, false, flaw, name)
}

// resync goes to where the next message begins, or to the end of the array, and
// keeps what it passes over, within the bound of a message. Messages that stand
// indented in lines of their own are known by that; else by their first members.
func (s *jsonStream) resync(indent int, raw *[]byte) (int64, error) {
	start, column := s.off, -1
	for {
		c, err := s.byte()
		if err != nil {
			return 0, unexpected(err)
		}
		switch {
		case c == '\n':
			column = 0
		case column >= 0 && (c == ' ' || c == '\t' || c == '\r'):
			column++
		case column >= 0 && indent >= 0 && s.off-1 > start && (c == '{' && column == indent || c == ']' && column < max(indent, 1)):
			s.unread()
			return s.off, nil
		default:
			column = -1
		}
		if indent < 0 && s.off-1 > start && (c == '{' || c == '"') {
			s.unread()
			next, err := s.r.Peek(256)
			if err != nil && err != io.EOF {
				return 0, err
			}
			switch {
			case firstMembers.Match(next):
				return s.off, nil
			case bytes.HasPrefix(next, []byte(`"messages"`)): // of another chat
				return 0, io.ErrUnexpectedEOF
			}
			s.byte()
		}
		if len(*raw) < maxMessage {
			*raw = append(*raw, c)
		}
	}
}

// firstMembers are those that a message begins with, in both exports. Within a
// string their quotes would be escaped.
var firstMembers = regexp.MustCompile(`^\{\s*"id"\s*:\s*"?\d+"?\s*,\s*"type"\s*:`)

// nextMessage is where in raw, behind its first byte, a message begins; 0: nowhere.
func nextMessage(raw []byte) int {
	for i := 1; i < len(raw); i++ {
		n := bytes.Index(raw[i:], []byte("{"))
		if n < 0 {
			return 0
		}
		if i += n; firstMembers.Match(raw[i:min(len(raw), i+256)]) {
			return i
		}
	}
	return 0
}

// valid says whether raw is JSON, or what Telegram Desktop takes for it.
func valid(raw []byte) bool { return json.Valid(raw) || json.Valid(mended(raw)) }

// mended is raw with the escape that Telegram Desktop writes for control
// characters, \x1F, as JSON has it.
func mended(raw []byte) []byte {
	if !bytes.Contains(raw, []byte(`\x`)) {
		return raw
	}
	out := make([]byte, 0, len(raw)+64)
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			out = append(out, raw[i])
			continue
		}
		i++
		if raw[i] == 'x' {
			out = append(out, `\u00`...)
		} else {
			out = append(out, '\\', raw[i])
		}
	}
	return out
}

// members are those of an object by name; of a broken one its number, which
// stands first.
func members(raw []byte) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &m) == nil {
		return m
	}
	if id := firstID.FindSubmatch(raw[:min(len(raw), 256)]); id != nil {
		return map[string]json.RawMessage{"id": id[1]}
	}
	return nil
}

var firstID = regexp.MustCompile(`^\{\s*"id"\s*:\s*("\d{1,20}"|\d{1,20})`)

// number is a whole number, or one in a string, as it may stand in a URL.
func number(raw json.RawMessage) string {
	return digits(json.Number(bytes.Trim(raw, `"`)))
}
