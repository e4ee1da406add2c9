package importer

import (
	"crypto/md5" // digests that others wrote
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
)

// digesters are the hashes that a labelled digest asks for, by label; none where
// the label is unknown.
func digesters(labelled string) map[string]hash.Hash {
	label, _, ok := strings.Cut(labelled, ":")
	if !ok {
		return nil
	}
	var h hash.Hash
	switch strings.ReplaceAll(strings.ToLower(label), "-", "") {
	case "sha1":
		h = sha1.New()
	case "sha256":
		h = sha256.New()
	case "sha512":
		h = sha512.New()
	case "md5":
		h = md5.New()
	default:
		return nil
	}
	return map[string]hash.Hash{label: h}
}

// sameDigest compares a sum with a labelled digest: hexadecimal, base32 as is the
// custom with SHA-1, or base64.
func sameDigest(sum []byte, labelled string) bool {
	_, text, _ := strings.Cut(labelled, ":")
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	return strings.EqualFold(text, hex.EncodeToString(sum)) ||
		strings.EqualFold(text, base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum)) ||
		text == base64.RawStdEncoding.EncodeToString(sum)
}

// blockDigest says whether the block has the digest of its header; ok is false
// where there is none to compare.
func (w *warcRecord) blockDigest() (same, ok bool) {
	for _, h := range w.digests {
		return sameDigest(h.Sum(nil), w.get("WARC-Block-Digest")), true
	}
	return false, false
}

// payloadDigest says whether one of the readings of the payload has the digest of
// the header. Writers differ on whether it is taken before or after the transfer
// coding is removed.
func (w *warcRecord) payloadDigest(readings ...[]byte) (same, ok bool) {
	labelled := w.get("WARC-Payload-Digest")
	for _, b := range readings {
		for _, h := range digesters(labelled) {
			h.Write(b)
			if ok = true; sameDigest(h.Sum(nil), labelled) {
				return true, true
			}
		}
	}
	return false, ok
}
