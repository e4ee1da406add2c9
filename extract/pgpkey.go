package extract

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// maxPackets is how many packets of a key are read.
const maxPackets = 64

// publicKey is what a transferable public key says of itself.
type publicKey struct {
	fingerprint      string // upper-case hexadecimal
	created, expires time.Time
	users            []string
}

// armoured is the body of a block without what pages and people leave in it:
// character references, tags, marks of quotation.
func armoured(body string) string {
	if strings.IndexByte(body, '&') >= 0 {
		body = html.UnescapeString(body)
	}
	if strings.IndexByte(body, '<') < 0 {
		return body
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(body, '<')
		if i < 0 {
			break
		}
		b.WriteString(body[:i])
		j := strings.IndexByte(body[i:], '>')
		if j < 0 || j > 200 {
			body = body[i+1:]
			continue
		}
		body = body[i+j+1:]
	}
	b.WriteString(body)
	return b.String()
}

var unspaced = strings.NewReplacer("\n", "", "\r", "", " ", "", "\t", "", ">", "")

// readKey reads the key in the body of an armoured block. Line breaks may be
// missing, and so may the blank line after the headers; digest is that of the
// decoded bytes, which joins copies of a block that cannot be read.
func readKey(body string) (k publicKey, digest string) {
	body = unspaced.Replace(armoured(body))
	for _, m := range keyStart.FindAllStringIndex(body, 8) {
		raw := decodeArmour(body[m[0]:])
		if digest == "" && len(raw) > 64 {
			sum := sha256.Sum256(raw)
			digest = "sha256:" + hex.EncodeToString(sum[:])
		}
		if k = packets(raw); k.fingerprint != "" {
			return k, digest
		}
	}
	return publicKey{}, digest
}

// decodeArmour decodes base64 up to its end.
func decodeArmour(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		c := s[i]
		if c == '=' {
			break
		}
		if isAlnum(c) || c == '+' || c == '/' {
			b = append(b, c)
		}
	}
	raw, err := base64.RawStdEncoding.DecodeString(string(b[:len(b)-len(b)%4]))
	if err != nil {
		return nil
	}
	return raw
}

// Tags of packets (RFC 9580 §5).
const (
	tagSignature = 2
	tagPublicKey = 6
	tagUserID    = 13
	tagSubkey    = 14
)

// packets reads a key packet by packet, as far as they can be read. Fingerprint
// and dates stand in the bytes of the key packet itself, so a key of an
// algorithm or a size that the library refuses has them too.
func packets(raw []byte) (k publicKey) {
	// The parser is another's and its input is hostile: a panic in it ends the
	// reading, not the program.
	defer func() { _ = recover() }()
	r := packet.NewOpaqueReader(bytes.NewReader(raw))
	for range maxPackets {
		p, err := r.Next()
		if err != nil || p.Tag == tagSubkey || k.fingerprint == "" && p.Tag != tagPublicKey {
			return k
		}
		switch p.Tag {
		case tagPublicKey:
			if k.fingerprint != "" || !k.primary(p.Contents) {
				return k
			}
		case tagUserID:
			id := strings.TrimSpace(strings.ToValidUTF8(string(p.Contents), "\uFFFD"))
			if id != "" && len(id) <= 512 && !slices.Contains(k.users, id) {
				k.users = append(k.users, id)
			}
		case tagSignature:
			parsed, err := p.Parse()
			sig, ok := parsed.(*packet.Signature)
			if err == nil && ok && sig.KeyLifetimeSecs != nil && *sig.KeyLifetimeSecs > 0 && k.expires.IsZero() {
				k.expires = k.created.Add(time.Duration(*sig.KeyLifetimeSecs) * time.Second)
			}
		}
	}
	return k
}

// algorithms are the ids of public-key algorithms (RFC 9580 §9.1).
var algorithms = []byte{1, 2, 3, 16, 17, 18, 19, 22, 25, 26, 27, 28}

// primary reads the body of the key packet: version, time, algorithm, and the
// fingerprint over it (RFC 9580 §5.5.4).
func (k *publicKey) primary(body []byte) bool {
	if len(body) < 20 {
		return false
	}
	algorithm := body[5]
	switch body[0] {
	case 2, 3:
		algorithm = body[7]
		k.fingerprint = oldFingerprint(body)
	case 4:
		h := sha1.New()
		h.Write([]byte{0x99, byte(len(body) >> 8), byte(len(body))})
		h.Write(body)
		k.fingerprint = strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
	case 6:
		h := sha256.New()
		h.Write([]byte{0x9B})
		_ = binary.Write(h, binary.BigEndian, uint32(len(body)))
		h.Write(body)
		k.fingerprint = strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
	}
	if !slices.Contains(algorithms, algorithm) {
		k.fingerprint = ""
	}
	k.created = time.Unix(int64(binary.BigEndian.Uint32(body[1:5])), 0).UTC()
	return k.fingerprint != ""
}

// oldFingerprint is that of a key of version 2 or 3: the MD5 of the bodies of its
// modulus and exponent (RFC 4880 §12.2); "" where they are cut off.
func oldFingerprint(body []byte) string {
	h := md5.New()
	b := body[8:]
	for range 2 {
		if len(b) < 2 {
			return ""
		}
		n := ((int(b[0])<<8 | int(b[1])) + 7) / 8
		if n == 0 || len(b) < 2+n {
			return ""
		}
		h.Write(b[2 : 2+n])
		b = b[2+n:]
	}
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}
