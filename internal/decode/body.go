package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// MaxCodings is how many content codings may lie on top of each other.
const MaxCodings = 2

// ErrCorrupt marks a body that its coding cannot have produced; what decoded
// before the damage is returned with it.
var ErrCorrupt = errors.New("corrupt content coding")

// CodingError is a content coding that cannot be undone here: an unknown one
// (br among them) or too many layers.
type CodingError struct{ Coding string }

func (e *CodingError) Error() string {
	return fmt.Sprintf("content coding %q: not supported", e.Coding)
}

// Body undoes the Content-Encoding of header (RFC 9110 §8.4; gzip, deflate in
// its zlib and its raw form, zstd) on wire, and returns at most max bytes; max
// ≤ 0 means no bytes at all. truncated says that the plain body was longer
// than max, or that wire ended before its coding did, as it does after the
// capture cap; what decoded until then is returned without an error.
//
// A body that lacks the magic number of the gzip or zstd it claims is returned
// as it stands: servers that announce a coding and send none are common.
// On a *CodingError plain is nil; on ErrCorrupt it is what came before.
func Body(header http.Header, wire []byte, max int64) (plain []byte, truncated bool, err error) {
	codings, err := codingsOf(header)
	if err != nil {
		return nil, false, err
	}
	plain = wire
	for i := len(codings) - 1; i >= 0; i-- {
		var cut bool
		plain, cut, err = undo(codings[i], plain, max)
		truncated = truncated || cut
		if err != nil {
			return plain, truncated, err
		}
	}
	if max < 0 {
		max = 0
	}
	if int64(len(plain)) > max {
		return plain[:max], true, nil
	}
	return plain, truncated, nil
}

// codingsOf lists the codings in the order they were applied.
func codingsOf(header http.Header) ([]string, error) {
	var codings []string
	for _, line := range header.Values("Content-Encoding") {
		for _, c := range strings.Split(line, ",") {
			c = strings.ToLower(strings.TrimSpace(c))
			switch c {
			case "", "identity":
				continue
			case "gzip", "x-gzip", "deflate", "zstd":
				codings = append(codings, strings.TrimPrefix(c, "x-"))
			default:
				return nil, &CodingError{c}
			}
			if len(codings) > MaxCodings {
				return nil, &CodingError{strings.Join(header.Values("Content-Encoding"), ", ")}
			}
		}
	}
	return codings, nil
}

// undo removes one coding.
func undo(coding string, wire []byte, max int64) (plain []byte, truncated bool, err error) {
	if len(wire) == 0 {
		return nil, false, nil
	}
	switch coding {
	case "gzip":
		if !bytes.HasPrefix([]byte{0x1f, 0x8b, 0x08}, wire[:min(len(wire), 3)]) {
			return wire, false, nil
		}
		r, err := gzip.NewReader(bytes.NewReader(wire))
		if err != nil {
			return nothing(err)
		}
		defer r.Close()
		plain, truncated, err = bounded(r, len(wire), max)
		if errors.Is(err, gzip.ErrHeader) && len(plain) > 0 {
			return plain, false, nil // padding after the last member
		}
		return plain, truncated, err
	case "deflate":
		// RFC 9110 says zlib; some servers send raw deflate. The two header
		// bytes of zlib are a multiple of 31 with method 8 (RFC 1950).
		if len(wire) >= 2 && wire[0]&0x0f == 8 && (uint(wire[0])<<8|uint(wire[1]))%31 == 0 {
			if r, err := zlib.NewReader(bytes.NewReader(wire)); err == nil {
				defer r.Close()
				plain, truncated, err = bounded(r, len(wire), max)
				if err == nil || len(plain) > 0 {
					return plain, truncated, err
				}
			}
		}
		r := flate.NewReader(bytes.NewReader(wire))
		defer r.Close()
		return bounded(r, len(wire), max)
	default: // zstd
		if !bytes.HasPrefix([]byte{0x28, 0xb5, 0x2f, 0xfd}, wire[:min(len(wire), 4)]) {
			return wire, false, nil
		}
		r, err := zstd.NewReader(bytes.NewReader(wire), zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nothing(err)
		}
		defer r.Close()
		return bounded(r, len(wire), max)
	}
}

func nothing(err error) ([]byte, bool, error) {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, true, nil
	}
	return nil, false, fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// bounded reads r up to max bytes. The buffer grows with what arrives, so that
// a bound of gigabytes costs nothing until a bomb really fills it.
func bounded(r io.Reader, wire int, max int64) ([]byte, bool, error) {
	if max <= 0 {
		max = 0
	}
	var buf bytes.Buffer
	buf.Grow(int(min(int64(wire)*4, max, 1<<20)) + bytes.MinRead)
	n, err := buf.ReadFrom(io.LimitReader(r, max))
	plain := buf.Bytes()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return plain, true, nil
	case err != nil:
		return plain, true, fmt.Errorf("%w: %w", ErrCorrupt, err)
	case n < max:
		return plain, false, nil
	}
	var one [1]byte
	m, _ := io.ReadFull(r, one[:])
	return plain, m > 0, nil
}
