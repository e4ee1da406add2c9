package mirror

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// maxBlock is the longest armoured block or signed list that is read, in bytes.
const maxBlock = 64 << 10

// maxBlocks of one page.
const maxBlocks = 8

// Key is what a site's lists are verified against.
type Key struct{ ring openpgp.EntityList }

// ReadKey reads a file of public keys, armoured or not.
func ReadKey(b []byte) (*Key, error) {
	read := openpgp.ReadKeyRing
	if bytes.Contains(b, []byte("-----BEGIN PGP")) {
		read = openpgp.ReadArmoredKeyRing
	}
	ring, err := read(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("read OpenPGP key: %w", err)
	}
	if len(ring) == 0 {
		return nil, errors.New("read OpenPGP key: there is none")
	}
	return &Key{ring}, nil
}

// Fingerprints of the keys, in upper-case hexadecimal.
func (k *Key) Fingerprints() (out []string) {
	for _, e := range k.ring {
		out = append(out, fingerprint(e))
	}
	return out
}

func fingerprint(e *openpgp.Entity) string {
	return strings.ToUpper(hex.EncodeToString(e.PrimaryKey.Fingerprint))
}

// ParseFingerprint reads one of version 4 or 6 as people write it; ok is false
// for anything else, so for the name of a file.
func ParseFingerprint(s string) (string, bool) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", ":", "").Replace(strings.TrimPrefix(strings.TrimSpace(s), "0x")))
	if len(s) != 40 && len(s) != 64 {
		return "", false
	}
	_, err := hex.DecodeString(s)
	return s, err == nil
}

const (
	keyBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
	keyEnd   = "-----END PGP PUBLIC KEY BLOCK-----"
)

// FindKey looks in a page for the public key with a fingerprint.
func FindKey(page []byte, want string) *Key {
	for _, block := range blocks(page, keyBegin, keyEnd) {
		for _, text := range readings(block) {
			ring, err := openpgp.ReadArmoredKeyRing(strings.NewReader(text))
			if err != nil {
				continue
			}
			for _, e := range ring {
				if fingerprint(e) == want {
					return &Key{openpgp.EntityList{e}}
				}
			}
			break
		}
	}
	return nil
}

// blocks are the parts of a page from a mark to the next end.
func blocks(page []byte, begin, end string) (out []string) {
	for len(out) < maxBlocks {
		i := bytes.Index(page, []byte(begin))
		if i < 0 {
			break
		}
		page = page[i:]
		j := bytes.Index(page[:min(len(page), maxBlock)], []byte(end))
		if j < 0 {
			page = page[len(begin):]
			if !bytes.Contains(page, []byte(end)) {
				break
			}
			out = append(out, "") // too long: it counts, so that the work is bounded
			continue
		}
		j += len(end)
		out = append(out, string(page[:j]))
		page = page[j:]
	}
	return out
}

var (
	lineBreak = regexp.MustCompile(`(?i)<br[^<>]{0,20}>\r?\n?`)
	element   = regexp.MustCompile(`<[^<>]{1,500}>`)
)

// readings of a block: as it stands and, where it may be part of an HTML page,
// without the markup.
func readings(block string) []string {
	if block == "" {
		return nil
	}
	out := []string{block}
	if strings.ContainsAny(block, "<&") {
		out = append(out, html.UnescapeString(element.ReplaceAllString(lineBreak.ReplaceAllString(block, "\n"), "")))
	}
	return out
}
