package mirror

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// What can be said of an address that a site tells.
const (
	Verified = "verified"      // the site's key signed it
	Claimed  = "claimed"       // nobody vouches for it, or there is no key to ask
	Bad      = "bad-signature" // it claims the key's signature and does not have it
	Other    = "other-key"     // another key signed it
	Expired  = "expired"       // the key or the signature had expired or was revoked
)

// List is a clear-signed list of addresses.
type List struct {
	Hosts   []string
	Verdict string
	Key     string    // fingerprint of the key that signed; of one that is not known, the key ID that the signature names
	Signed  time.Time // as the signature says; zero where it does not
	Detail  string    // why it is not verified
}

const (
	signedBegin = "-----BEGIN PGP SIGNED MESSAGE-----"
	signedEnd   = "-----END PGP SIGNATURE-----"
)

// Lists reads the signed lists of a page that name addresses, and verifies them
// against key as of a time; without a key they are only claimed.
func Lists(page []byte, key *Key, at time.Time) (out []List) {
	for _, block := range blocks(page, signedBegin, signedEnd) {
		var best List
		found := false
		for _, text := range readings(block) {
			l := read(text, key, at)
			if len(l.Hosts) > 0 && (!found || l.Verdict == Verified) {
				best, found = l, true
			}
		}
		if found {
			out = append(out, best)
		}
	}
	return out
}

func read(text string, key *Key, at time.Time) (l List) {
	l.Verdict = Claimed
	block, _ := clearsign.Decode([]byte(text))
	if block == nil {
		l.Hosts = addresses(text)
		l.Detail = "not a clear-signed message"
		if key != nil {
			l.Verdict = Bad
		}
		return l
	}
	l.Hosts = addresses(string(block.Plaintext))
	if again, _ := clearsign.Decode([]byte(text)); again != nil {
		l.Key, l.Signed = issuer(again.ArmoredSignature.Body)
	}
	if key == nil {
		l.Detail = "no key was given for this source"
		return l
	}
	signer, err := block.VerifySignature(key.ring, &packet.Config{Time: func() time.Time { return at }})
	if signer != nil {
		l.Key = fingerprint(signer)
	}
	switch {
	case err == nil:
		l.Verdict = Verified
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		l.Verdict, l.Detail = Other, "signed with another key"
	case errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrSignatureExpired), errors.Is(err, pgperrors.ErrKeyRevoked):
		l.Verdict, l.Detail = Expired, err.Error()
	default:
		l.Verdict, l.Detail = Bad, err.Error()
	}
	return l
}

// issuer is what a signature says of itself.
func issuer(signature io.Reader) (key string, at time.Time) {
	p, err := packet.NewReader(signature).Next()
	if err != nil {
		return "", time.Time{}
	}
	s, ok := p.(*packet.Signature)
	if !ok {
		return "", time.Time{}
	}
	switch {
	case len(s.IssuerFingerprint) > 0:
		key = fmt.Sprintf("%X", s.IssuerFingerprint)
	case s.IssuerKeyId != nil:
		key = fmt.Sprintf("%016X", *s.IssuerKeyId)
	}
	return key, s.CreationTime.UTC()
}
