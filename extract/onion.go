package extract

import (
	"crypto/sha3"
	"encoding/base32"
	"strings"

	"tamga"
)

func isBase32(c byte) bool { return c >= 'a' && c <= 'z' || c >= '2' && c <= '7' }

func allBase32(b []byte) bool {
	for _, c := range b {
		if !isBase32(c) {
			return false
		}
	}
	return true
}

// hidden32 reports a run that is the name of an onion service of version 3,
// which its checksum proves, with or without ".onion"; or of an I2P destination
// with ".b32.i2p". True where nothing else may read the run.
func (s *scan) hidden32(start, end int) bool {
	n := end - start
	if n == 56 && onionV3(string(s.low[start:end])) {
		stop := end
		if s.suffix(end, ".onion") {
			stop += len(".onion")
		}
		s.onion(start, stop, string(s.low[start:end])+".onion", "v3", "onion-v3@1", 1)
		return true
	}
	if s.suffix(end, ".b32.i2p") && allBase32(s.low[start:end]) && (n == 52 || n >= 56) {
		stop := end + len(".b32.i2p")
		kind := "i2p-b32"
		if n >= 56 { // names of encrypted leasesets are longer (I2P, b32 for encrypted leasesets)
			kind = "i2p-b33"
		}
		s.onion(start, stop, string(s.low[start:stop]), kind, "i2p-b32@1", 0.95)
		return true
	}
	return s.suffix(end, ".onion")
}

func (s *scan) onion(start, end int, value, kind, rule string, confidence float64) {
	s.add(tamga.Finding{Type: tamga.FindOnion, Value: value, Rule: rule, Confidence: confidence, Valid: true, Kind: kind}, start, end)
}

// suffix says whether s goes on with a suffix at i and then ends as a name does.
func (s *scan) suffix(i int, suffix string) bool {
	end := i + len(suffix)
	if end > len(s.low) || string(s.low[i:end]) != suffix {
		return false
	}
	return end == len(s.s) || !isName(s.s[end]) && s.s[end] != '-' && !(s.s[end] == '.' && end+1 < len(s.s) && isAlnum(s.s[end+1]))
}

// onionV3 checks a name of version 3: a key, a checksum and the version
// (rend-spec-v3 §6).
func onionV3(word string) bool {
	b, err := base32.StdEncoding.DecodeString(strings.ToUpper(word))
	if err != nil || len(b) != 35 || b[34] != 3 {
		return false
	}
	sum := sha3.Sum256([]byte(".onion checksum" + string(b[:32]) + "\x03"))
	return sum[0] == b[32] && sum[1] == b[33]
}

// shortHidden reports the names that carry no check and are told by their
// suffix alone: onion services of version 2 (16 letters of base32, out of use
// since 2021), and hosts of I2P's address books. The cue is the suffix.
func (s *scan) hiddenForm(_ *contactWord, g gap) int {
	end := g.from - len(".onion")
	if end >= 0 && s.low[end] != '.' {
		end = g.from - len(".i2p")
	}
	start := end
	for start > 0 && end-start < 64 && isAlnum(s.s[start-1]) {
		start--
	}
	if start < end && end-start < 64 && s.shortHidden(start, end) {
		return g.from
	}
	return 0
}

func (s *scan) shortHidden(start, end int) bool {
	if end-start == 16 && s.suffix(end, ".onion") && allBase32(s.low[start:end]) {
		s.onion(start, end+len(".onion"), string(s.low[start:end])+".onion", "v2", "onion-v2@1", 0.8)
		return true
	}
	if s.suffix(end, ".i2p") && string(s.low[start:end]) != "b32" {
		for start > 0 && end-start < 63 && (isAlnum(s.s[start-1]) || s.s[start-1] == '-' || s.s[start-1] == '.') {
			start--
		}
		for start < end && (s.s[start] == '-' || s.s[start] == '.') {
			start++
		}
		host := string(s.low[start : end+len(".i2p")])
		if start < end && !strings.Contains(host, "..") && !strings.HasSuffix(host, ".b32.i2p") && (start == 0 || !isName(s.s[start-1]) && s.s[start-1] != '@') {
			s.onion(start, end+len(".i2p"), host, "i2p", "i2p-host@1", 0.85)
			return true
		}
	}
	return false
}
