package address

import (
	"bytes"
	"crypto/sha256"
	"net/url"
	"strings"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
)

// lightningNets are the currency prefixes of BOLT-11, the longer first.
var lightningNets = []struct{ prefix, network string }{
	{"bcrt", Regtest}, {"tbs", Signet}, {"bc", Mainnet}, {"tb", Testnet}, {"sb", "simnet"},
}

// readLightning reads an invoice (BOLT-11) or an LNURL (LUD-01).
func (a *Address) readLightning(hrp string, data []byte, constant uint32) bool {
	a.Chain, a.Network = Lightning, Mainnet
	if constant != bech32Const {
		return false
	}
	if hrp == "lnurl" {
		b, err := regroup(data, 5, 8, false)
		if err != nil {
			return false
		}
		u, err := url.Parse(string(b))
		a.Kind, a.Payload = "lnurl", b
		return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && strings.HasSuffix(u.Hostname(), ".onion"))
	}
	for _, n := range lightningNets {
		amount, ok := strings.CutPrefix(hrp, "ln"+n.prefix)
		if ok && invoiceAmount(amount) {
			payee, ok := invoicePayee(hrp, data)
			a.Network, a.Kind, a.Payload = n.network, "invoice", payee
			return ok
		}
	}
	return false
}

// invoiceAmount holds the amount to BOLT-11: digits without a leading zero and a
// multiplier; tenths of a millisatoshi cannot be paid.
func invoiceAmount(s string) bool {
	if s == "" {
		return true
	}
	unit := s[len(s)-1]
	digits := s
	if strings.IndexByte("munp", unit) >= 0 {
		digits = s[:len(s)-1]
	}
	if digits == "" || len(digits) > 16 || digits[0] == '0' {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return unit != 'p' || digits[len(digits)-1] == '0'
}

// Sizes of an invoice in groups of five bits.
const (
	timestampGroups = 7
	signatureGroups = 104
	hashGroups      = 52
	keyGroups       = 53
)

// Fields of an invoice by their letter in bech32.
const (
	fieldPayment     = 1  // p: payment hash
	fieldSecret      = 16 // s: payment secret
	fieldDescription = 13 // d
	fieldDigest      = 23 // h: digest of the description
	fieldPayee       = 19 // n: key of the payee
	fieldFeatures    = 5  // 9
)

// invoiceFeatures are the even feature bits that a reader may meet without
// refusing the invoice (BOLT-9, and the trampoline and keysend bits in use).
var invoiceFeatures = map[int]bool{8: true, 14: true, 16: true, 24: true, 36: true, 48: true, 50: true, 54: true, 56: true, 148: true, 260: true, 262: true}

// invoicePayee reads the data part of an invoice: the time, the tagged fields
// that BOLT-11 demands, and the signature, from which the key of the payee is
// recovered, or with which the one that is given is verified.
func invoicePayee(hrp string, data []byte) (payee []byte, ok bool) {
	if len(data) < timestampGroups+signatureGroups {
		return nil, false
	}
	signed, tail := data[:len(data)-signatureGroups], data[len(data)-signatureGroups:]
	var seen [32]bool
	for f := signed[timestampGroups:]; len(f) > 0; {
		if len(f) < 3 {
			return nil, false
		}
		tag, size := f[0], int(f[1])<<5|int(f[2])
		if f = f[3:]; size > len(f) {
			return nil, false
		}
		value := f[:size]
		f = f[size:]
		switch tag {
		case fieldPayment, fieldSecret, fieldDigest:
			if size != hashGroups {
				continue // a reader skips a field of another length
			}
		case fieldPayee:
			if size != keyGroups {
				continue
			}
			if payee == nil {
				payee, _ = regroup(value, 5, 8, false)
			}
		case fieldFeatures:
			if !featuresKnown(value) {
				return nil, false
			}
		}
		seen[tag] = true
	}
	if !seen[fieldPayment] || !seen[fieldSecret] || !seen[fieldDescription] && !seen[fieldDigest] || seen[fieldPayee] && payee == nil {
		return nil, false
	}
	body, _ := regroup(signed, 5, 8, true) // padding cannot fail
	digest := sha256.Sum256(append([]byte(hrp), body...))
	sig, err := regroup(tail, 5, 8, false)
	if err != nil || len(sig) != 65 || sig[64] > 3 {
		return nil, false
	}
	if payee != nil {
		return payee, signedBy(payee, sig, digest[:])
	}
	key, _, err := ecdsa.RecoverCompact(append([]byte{27 + 4 + sig[64]}, sig[:64]...), digest[:])
	if err != nil {
		return nil, false
	}
	return key.SerializeCompressed(), true
}

func featuresKnown(groups []byte) bool {
	for i, g := range groups {
		for k := range 5 {
			if bit := (len(groups)-1-i)*5 + k; g>>k&1 == 1 && bit%2 == 0 && !invoiceFeatures[bit] {
				return false
			}
		}
	}
	return true
}

func signedBy(payee, sig, digest []byte) bool {
	key, err := btcec.ParsePubKey(payee)
	if err != nil {
		return false
	}
	var r, s btcec.ModNScalar
	// With the key declared, the signature has to be the lower of the two.
	if r.SetByteSlice(sig[:32]) || s.SetByteSlice(sig[32:64]) || s.IsOverHalfOrder() {
		return false
	}
	return ecdsa.NewSignature(&r, &s).Verify(digest, key)
}

// Ranges of the field types of an offer (BOLT-12).
const (
	offerLast       = 79
	offerExperiment = 1_000_000_000
	offerExtreme    = 1_999_999_999
)

// offer reads a BOLT-12 offer, lno1…, which has no checksum: fields of ascending
// type that fill it to the last byte, the key of the issuer or a path to it among
// them.
func offer(s string) (Address, bool) {
	low := strings.ToLower(s)
	text, ok := strings.CutPrefix(low, "lno1")
	if !ok || !oneCase(s) || len(s) > maxLength {
		return Address{}, false
	}
	groups := make([]byte, len(text))
	for i := range len(text) {
		d := bech32Digit[text[i]]
		if d < 0 {
			return Address{}, false
		}
		groups[i] = byte(d)
	}
	b, err := regroup(groups, 5, 8, false)
	if err != nil {
		return Address{}, false
	}
	a := Address{Chain: Lightning, Network: Mainnet, Kind: "offer", Value: low, Version: -1, Payload: bytes.Clone(b)}
	last, reachable := -1, false
	for len(b) > 0 {
		typ, rest, ok := bigSize(b)
		if !ok || int(typ) <= last || typ > offerLast && (typ < offerExperiment || typ > offerExtreme) {
			return Address{}, false
		}
		size, rest, ok := bigSize(rest)
		if !ok || size > uint64(len(rest)) {
			return Address{}, false
		}
		switch typ {
		case 16: // paths
			reachable = reachable || size > 0
		case 22: // issuer_id
			if !onCurve(rest[:size]) {
				return Address{}, false
			}
			reachable = true
		}
		last, b = int(typ), rest[size:]
	}
	return a, reachable
}

// bigSize reads an integer of BOLT-1, in its shortest form only.
func bigSize(b []byte) (v uint64, rest []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	width := 0
	switch b[0] {
	case 0xfd:
		width = 2
	case 0xfe:
		width = 4
	case 0xff:
		return 0, nil, false // longer than what is read
	default:
		return uint64(b[0]), b[1:], true
	}
	if len(b) < 1+width {
		return 0, nil, false
	}
	for _, c := range b[1 : 1+width] {
		v = v<<8 | uint64(c)
	}
	return v, b[1+width:], width == 2 && v >= 0xfd || width == 4 && v > 0xffff
}
