package extract

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"tamga"
)

// maxArmour is the longest armoured block that is looked at, in bytes.
const maxArmour = 1 << 20

const armourMark = "-----BEGIN PGP "

// keys reads armoured public keys, and masks every armoured block so that no
// other recogniser reads letters of a key as words.
func (s *scan) keys() {
	for at := 0; ; {
		i := strings.Index(s.s[at:], armourMark)
		if i < 0 {
			return
		}
		start := at + i
		head := start + len(armourMark)
		j := strings.Index(s.s[head:min(len(s.s), head+64)], "-----")
		if j < 0 {
			at = head
			continue
		}
		kind := s.s[head : head+j]
		if kind == "SIGNED MESSAGE" { // its body is text
			at = head
			continue
		}
		body := head + j + len("-----")
		tail := "-----END PGP " + kind + "-----"
		limit := min(len(s.s), body+maxArmour)
		k := strings.Index(s.s[body:limit], tail)
		stop, end := body+k, body+k+len(tail)
		if k < 0 { // cut off: what of it is base64
			stop = armourEnd(s.s, body, limit)
			end = stop
		}
		s.mask(start, end)
		if kind == "PUBLIC KEY BLOCK" {
			s.publicKey(start, body, stop, end)
		}
		at = max(end, head)
	}
}

// armourEnd is the end of the base64 lines from i, for a block without a tail.
func armourEnd(t string, i, limit int) int {
	for i < limit {
		c := t[i]
		if !isAlnum(c) && strings.IndexByte("+/= \n\t\r.:()-", c) < 0 {
			break
		}
		i++
	}
	return i
}

// keyStart finds where the base64 of a key begins in a block whose lines were
// run together: an old or new packet header of a public key (RFC 9580 §4.2).
var keyStart = regexp.MustCompile(`m(?:[Q-T][A-P]|[I-L][0-9A-Za-z+/]|[D-H][0-9A-Za-z+/])[0-9A-Za-z+/]{20}|x[s-v][0-9A-Za-z+/]{22}|x[i-m][0-9A-Za-z+/]{22}`)

func (s *scan) publicKey(start, body, stop, end int) {
	f := tamga.Finding{Type: tamga.FindPGP, Rule: "pgp-key@1", Confidence: 1}
	if fp := fingerprintOf(s.s[body:stop]); fp != "" {
		f.Value, f.Valid = fp, true
		s.add(f, start, end)
		return
	}
	f.Confidence = 0.5
	f.Value = "unreadable"
	s.add(f, start, end)
}

// fingerprintOf is the fingerprint of the key in the body of an armoured block,
// upper-case hexadecimal; "" where there is none. Line breaks may be missing,
// and so may the blank line after the headers.
func fingerprintOf(body string) string {
	for _, m := range keyStart.FindAllStringIndex(body, 8) {
		if fp := firstKey(body[m[0]:]); fp != "" {
			return fp
		}
	}
	return ""
}

// firstKey decodes base64 up to its end and reads the first packet.
func firstKey(s string) (fingerprint string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '=' {
			break
		}
		if isAlnum(c) || c == '+' || c == '/' {
			b.WriteByte(c)
		}
	}
	text := b.String()
	raw, err := base64.RawStdEncoding.DecodeString(text[:len(text)-len(text)%4])
	if err != nil {
		return ""
	}
	// The parser is another's and its input is hostile: a panic in it is a key
	// that cannot be read.
	defer func() {
		if recover() != nil {
			fingerprint = ""
		}
	}()
	p, err := packet.Read(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	key, ok := p.(*packet.PublicKey)
	if !ok {
		return ""
	}
	return strings.ToUpper(hex.EncodeToString(key.Fingerprint))
}

// fingerprint reports 40 hexadecimal digits after a word that says what they
// are: alone they may be any digest.
func (s *scan) fingerprint(start, end int) bool {
	if end-start != 40 || !isHex(s.s[start:end]) {
		return false
	}
	before := string(s.low[max(0, start-60):start])
	for _, cue := range []string{"fingerprint", "pgp", "gpg", "key id", "отпечаток", "0x"} {
		if strings.Contains(before, cue) {
			s.add(tamga.Finding{Type: tamga.FindPGP, Value: strings.ToUpper(s.s[start:end]), Rule: "pgp-fingerprint@1", Confidence: 0.7, Valid: true}, start, end)
			return true
		}
	}
	return false
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}
