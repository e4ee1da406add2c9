package extract

import (
	"regexp"
	"strings"
	"time"

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
// run together: an old or new packet header of a public key with a length of
// one, two or five octets, and the version 3, 4 or 6 (RFC 9580 §4.2, §5.5.2).
var keyStart = regexp.MustCompile(`m(?:[Q-T][0-9A-Za-z+/]{2}(?:B[A-Pg-v]|A[w-z0-9+/])|[A-P][AEIMQUYcgkosw048][EDG])[0-9A-Za-z+/]{16}` +
	`|x(?:[g-v][AEIMQUYcgkosw048][EG]|[s-v][0-9A-Za-z+/]{2}B[A-Pg-v]|v[0-9A-Za-z+/]{6}B[A-Pg-v])[0-9A-Za-z+/]{16}`)

func (s *scan) publicKey(start, body, stop, end int) {
	f := tamga.Finding{Type: tamga.FindPGP, Rule: "pgp-key@1", Confidence: 1, Kind: "key"}
	k, digest := readKey(s.s[body:stop])
	switch {
	case k.fingerprint != "":
		f.Value, f.Valid, f.UserIDs = k.fingerprint, true, k.users
		f.Created, f.Expires = day(k.created), day(k.expires)
	case digest != "":
		f.Value, f.Confidence = digest, 0.5
	default:
		f.Value, f.Confidence = "unreadable", 0.5
	}
	s.add(f, start, end)
}

// day is a time as RFC 3339 in UTC, "" for none.
func day(t time.Time) string {
	if t.IsZero() || t.Year() > 9999 {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
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
			s.add(tamga.Finding{Type: tamga.FindPGP, Value: strings.ToUpper(s.s[start:end]), Rule: "pgp-fingerprint@1", Confidence: 0.7, Valid: true, Kind: "fingerprint"}, start, end)
			return true
		}
	}
	return false
}

// fingerprintForm reads a fingerprint in groups of four behind its cue, as
// programs print it.
func (s *scan) fingerprintForm(_ *contactWord, g gap) int {
	var b []byte
	i, end := g.at, 0
	groups := 0
	for i < len(s.s) && len(b) < 40 && i-g.at < 64 {
		c := s.s[i]
		if c == ' ' || c == ':' || c == '-' {
			groups++
			i++
			continue
		}
		if !isHex(s.s[i : i+1]) {
			break
		}
		b = append(b, c)
		i++
		end = i
	}
	if len(b) != 40 || groups < 4 || end < len(s.s) && isName(s.s[end]) || strings.Trim(string(b), "0123456789") == "" && g.strength < 2 {
		return 0
	}
	s.add(tamga.Finding{Type: tamga.FindPGP, Value: strings.ToUpper(string(b)), Rule: "pgp-fingerprint@2", Confidence: 0.85, Valid: true, Kind: "fingerprint"}, g.at, end)
	return end
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}
