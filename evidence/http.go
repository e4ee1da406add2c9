package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
)

// maxHead bounds an HTTP head, in bytes.
const maxHead = 1 << 20

// headEnd is the length of the HTTP head at the start of b: up to and with its
// first empty line, LF or CRLF; -1 where there is none.
func headEnd(b []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return -1
		}
		if n == 0 || (n == 1 && b[i] == '\r') {
			return i + n + 1
		}
		i += n + 1
	}
}

// checkHead says whether h is one HTTP head and nothing more.
func checkHead(h []byte) error {
	switch end := headEnd(h[:min(len(h), maxHead+1)]); {
	case len(h) > maxHead:
		return fmt.Errorf("HTTP head of %d bytes: the limit is %d", len(h), maxHead)
	case end < 0:
		return errors.New("HTTP head does not end in an empty line")
	case end != len(h) || end <= 2:
		return errors.New("HTTP head has an empty line before its end")
	}
	return nil
}

// plainHead says whether every reader finds the same end of the head: some take
// a line of blanks for the empty one.
func plainHead(h []byte) bool {
	for line := range bytes.Lines(h[:len(h)-1]) {
		if len(bytes.TrimFunc(line, func(r rune) bool { return r <= ' ' || r == 0x85 || r == 0xa0 || r == 0xfffd })) == 0 && !bytes.Equal(line, []byte("\r")) {
			return false
		}
	}
	return true
}

// A stored body has no transfer coding, so a reader that finds the field in the
// stored head would undo it a second time. The field is kept under another name,
// and the change can be undone exactly: one prefix more on the way in, one less
// on the way out, for a field of any number of prefixes.
const (
	codingField = "Transfer-Encoding"
	origPrefix  = "X-Orig-"
)

// coding says whether a header line is Transfer-Encoding under any number of
// prefixes, and under how many.
func coding(line []byte) (prefixes int, ok bool) {
	for len(line) >= len(origPrefix) && strings.EqualFold(string(line[:len(origPrefix)]), origPrefix) {
		line = line[len(origPrefix):]
		prefixes++
	}
	if len(line) < len(codingField) || !strings.EqualFold(string(line[:len(codingField)]), codingField) {
		return 0, false
	}
	name, _, ok := bytes.Cut(line[len(codingField):], []byte(":"))
	return prefixes, ok && len(bytes.Trim(name, " \t")) == 0
}

// storedHead is a received head as it is stored.
func storedHead(h []byte) []byte {
	return mapLines(h, func(line []byte) []byte {
		if _, ok := coding(line); ok {
			return append([]byte(origPrefix), line...)
		}
		return line
	})
}

// receivedHead undoes storedHead.
func receivedHead(h []byte) []byte {
	return mapLines(h, func(line []byte) []byte {
		if n, ok := coding(line); ok && n > 0 {
			return line[len(origPrefix):]
		}
		return line
	})
}

func mapLines(h []byte, f func([]byte) []byte) []byte {
	out := make([]byte, 0, len(h)+len(origPrefix))
	for line := range bytes.Lines(h) {
		out = append(out, f(line)...)
	}
	return out
}

// parseHeader reads the fields of a head as leniently as it was received: a
// folded line belongs to the field before, a line without a colon to none.
func parseHeader(head []byte) http.Header {
	h := http.Header{}
	name := ""
	first := true
	for line := range bytes.Lines(head) {
		text := strings.TrimRight(string(line), "\r\n")
		if first {
			first = false
			continue
		}
		if text != "" && (text[0] == ' ' || text[0] == '\t') {
			if v := h[name]; len(v) > 0 {
				v[len(v)-1] += " " + strings.Trim(text, " \t")
			}
			continue
		}
		k, v, ok := strings.Cut(text, ":")
		if !ok {
			name = ""
			continue
		}
		name = textproto.CanonicalMIMEHeaderKey(strings.TrimRight(k, " \t"))
		h[name] = append(h[name], strings.Trim(v, " \t"))
	}
	return h
}
