package crawler

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"tamga"
	"tamga/internal/decode"
)

// inlineLeast is the fewest letters of a run of Base64 that is looked at as a body of
// its own: an image in a page or an attachment of a mail, not a token.
const inlineLeast = 128

// Body returns the name of the list that a body is on: as it came, as it is after
// content decoding, or with something in it, in Base64, that is.
func (b *Blocklist) Body(raw, plain []byte) (list string, found bool) {
	if b.Len() == 0 {
		return "", false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if list, found = b.holds(raw); found {
		return list, true
	}
	if len(plain) != len(raw) || len(raw) > 0 && &plain[0] != &raw[0] {
		if list, found = b.holds(plain); found {
			return list, true
		}
	}
	inline(plain, func(part []byte) bool {
		list, found = b.holds(part)
		return !found
	})
	return list, found
}

// Refuses returns the name of the list that an exchange is on, by its address or
// by its body. It is the gate of what others have saved.
func (b *Blocklist) Refuses(ex *tamga.Exchange) (list string, found bool) {
	if b.Len() == 0 {
		return "", false
	}
	if u, err := Canonical(ex.URL); err == nil {
		if list, found = b.match(u); found {
			return list, true
		}
	}
	plain, _, _ := decode.Body(ex.Header, ex.Body, plainCap) // what cannot be decoded is looked at as it came
	return b.Body(ex.Body, plain)
}

// holds looks for the sums of bytes, of the kinds that the lists have. The lock is held.
func (b *Blocklist) holds(body []byte) (list string, found bool) {
	if len(body) == 0 {
		return "", false
	}
	look := func(sum []byte) bool {
		i, ok := b.sums[[16]byte(sum[:16])]
		if ok {
			list, found = b.names[i], true
		}
		return ok
	}
	if b.kinds[md5.Size] {
		if sum := md5.Sum(body); look(sum[:]) {
			return list, true
		}
	}
	if b.kinds[sha1.Size] {
		if sum := sha1.Sum(body); look(sum[:]) {
			return list, true
		}
	}
	if b.kinds[sha256.Size] {
		sum := sha256.Sum256(body)
		look(sum[:])
	}
	return list, found
}

// inline decodes the runs of Base64 (RFC 4648 §4) of a text, those of a data: address
// and those in lines of a mail (RFC 2045 §6.8), until fn returns false. An empty line
// ends a run.
func inline(text []byte, fn func([]byte) bool) {
	var run []byte
	for i := 0; i < len(text); {
		if !base64Letter(text[i]) {
			i++
			continue
		}
		run = run[:0]
		from, broken := i, 0 // line breaks since the last letter
	letters:
		for ; i < len(text); i++ {
			switch c := text[i]; {
			case base64Letter(c):
				broken = 0
			case c == '\n':
				if broken++; broken > 1 {
					break letters
				}
			case c != '\r':
				break letters
			}
		}
		if i-from < inlineLeast {
			continue
		}
		for _, c := range text[from:i] {
			if base64Letter(c) {
				run = append(run, c)
			}
		}
		if len(run)%4 == 1 { // one letter over is no byte
			run = run[:len(run)-1]
		}
		// '=' ends a run, so there is no padding.
		if n, err := base64.RawStdEncoding.Decode(run, run); err == nil && !fn(run[:n]) {
			return
		}
	}
}

func base64Letter(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// Name is how a URL is told of in logs: one that is on a list by the SHA-256 of it.
func (b *Blocklist) Name(canonical string) string {
	if _, listed := b.match(canonical); !listed {
		return canonical
	}
	sum := sha256.Sum256([]byte(canonical))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// drop leaves of an exchange what is no content: the body is neither kept nor read.
func drop(ex *tamga.Exchange, list string) {
	clear(ex.Body)
	ex.Body, ex.Truncated = nil, "unspecified"
	ex.Outcome, ex.Detail = tamga.OutcomeBlocked, "body dropped: it is on the blocklist "+list
}

// hashOf reads an entry of a list: 32, 40 or 64 hexadecimal digits, perhaps in quotes.
func hashOf(entry []byte) (sum []byte, ok bool) {
	entry = bytes.Trim(entry, `"'`)
	switch len(entry) {
	case 2 * md5.Size, 2 * sha1.Size, 2 * sha256.Size:
	default:
		return nil, false
	}
	sum = make([]byte, len(entry)/2)
	_, err := hex.Decode(sum, entry)
	return sum, err == nil
}
