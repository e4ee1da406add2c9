package timestamp

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrRevoked: the authority's certificate, or one above it, was revoked, and the
// token is not from before that.
var ErrRevoked = errors.New("the certificate of the authority was revoked")

// maxRevocations bounds a file of revocation lists, in bytes.
const maxRevocations = 1 << 20

var oidReason = asn1.ObjectIdentifier{2, 5, 29, 21}

// Revocations are revocation lists (RFC 5280), and certificates of who issued
// them. Kept beside a token they tell years later, when the authority and its lists
// are gone, what was known of its certificate.
type Revocations struct {
	lists []*x509.RevocationList
	certs []*x509.Certificate
}

// ReadRevocations reads a PEM file of X509 CRL and CERTIFICATE blocks.
func ReadRevocations(file string) (*Revocations, []byte, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxRevocations {
		err = fmt.Errorf("%d bytes: the limit is %d", info.Size(), maxRevocations)
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read revocation lists: %w", err)
	}
	r, err := ParseRevocations(b)
	if err != nil {
		return nil, nil, fmt.Errorf("read revocation lists %s: %w", file, err)
	}
	return r, b, nil
}

// ParseRevocations reads the bytes of such a file.
func ParseRevocations(b []byte) (*Revocations, error) {
	if len(b) > maxRevocations {
		return nil, fmt.Errorf("%d bytes: the limit is %d", len(b), maxRevocations)
	}
	r := &Revocations{}
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		switch block.Type {
		case "X509 CRL":
			l, err := x509.ParseRevocationList(block.Bytes)
			if err != nil {
				return nil, err
			}
			r.lists = append(r.lists, l)
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			r.certs = append(r.certs, c)
		}
	}
	if len(r.lists) == 0 {
		return nil, errors.New("no revocation list in PEM there")
	}
	return r, nil
}

// Check looks for the certificates of a token in the lists. It returns the time of
// the newest list of who issued the authority's certificate; the zero time says that
// there is none, which proves nothing. The error is ErrRevoked where the token is
// worth nothing any more (RFC 3161, section 4): it is from after the revocation, or
// the key was lost, or no reason is given. roots may be nil: then who issued a list
// is not followed up to one.
func (r *Revocations) Check(t Token, roots *x509.CertPool) (asOf time.Time, err error) {
	pool := append(append([]*x509.Certificate{}, t.certs...), r.certs...)
	for i, c := range t.certs {
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			continue // a root vouches for itself
		}
		for _, l := range r.lists {
			if !bytes.Equal(l.RawIssuer, c.RawIssuer) {
				continue
			}
			if err := issued(l, pool, roots, t.Time); err != nil {
				return asOf, err
			}
			if i == 0 && l.ThisUpdate.After(asOf) {
				asOf = l.ThisUpdate.UTC()
			}
			for _, e := range l.RevokedCertificateEntries {
				if e.SerialNumber.Cmp(c.SerialNumber) == 0 && void(e, t.Time) {
					return asOf, fmt.Errorf("%w: %s, on %s", ErrRevoked, c.Subject, e.RevocationTime.UTC().Format(time.RFC3339))
				}
			}
		}
	}
	return asOf, nil
}

// void tells whether a revocation makes a token of that time worth nothing.
func void(e x509.RevocationListEntry, at time.Time) bool {
	given := false
	for _, x := range e.Extensions {
		given = given || x.Id.Equal(oidReason)
	}
	switch e.ReasonCode {
	case 0, 3, 4, 5: // unspecified, affiliation changed, superseded, cessation of operation
		return !given || !at.Before(e.RevocationTime)
	}
	return true
}

// issued checks who signed a list.
func issued(l *x509.RevocationList, pool []*x509.Certificate, roots *x509.CertPool, at time.Time) error {
	between := x509.NewCertPool()
	for _, c := range pool {
		between.AddCert(c)
	}
	err := errors.New("the certificate of who issued it is not at hand")
	for _, c := range pool {
		if !bytes.Equal(c.RawSubject, l.RawIssuer) {
			continue
		}
		if err = l.CheckSignatureFrom(c); err != nil {
			continue
		}
		if roots == nil {
			return nil
		}
		if _, err = c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err == nil {
			return nil
		}
	}
	return fmt.Errorf("revocation list of %s: %w", l.Issuer, err)
}
