package timestamp

import (
	"bytes"
	"crypto"
	"crypto/sha1" // certificate identifiers of RFC 3161 tokens; no signature rests on it
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/big"
	"os"
	"time"

	"github.com/digitorus/pkcs7"
	tsp "github.com/digitorus/timestamp"
)

// Errors a caller branches on.
var (
	// ErrUntrusted: the token is whole, but none of the roots stands behind it at
	// the time it states.
	ErrUntrusted = errors.New("no given root stands behind the authority at the time of the token")
	// ErrImprint: the token is of other bytes.
	ErrImprint = errors.New("the token is of other bytes")
)

// Token is what a verified token states.
type Token struct {
	Time     time.Time     // UTC, as the authority states it
	Accuracy time.Duration // how far off it may be; 0 where the token does not say
	Serial   *big.Int
	Policy   string // object identifier
	Signer   string // subject of the certificate that signed
	Nonce    *big.Int
	Trusted  bool // the chain ends in a given root; false where no roots were given

	certs []*x509.Certificate // that are in the token, the signer's first
}

var (
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // RFC 2634
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035
	oidExtKeyUsage   = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// Verify verifies the response of an authority (TimeStampResp, the bytes of a
// .tsr file) over data whose SHA-256, SHA-384 or SHA-512 is asked of imprint.
// roots may be nil: then nobody stands behind the token, and Trusted is false.
// The error is ErrImprint or ErrUntrusted where that is what is wrong.
func Verify(response []byte, imprint func(crypto.Hash) ([]byte, error), roots *x509.CertPool) (t Token, err error) {
	defer func() {
		if r := recover(); r != nil { // the parsers are not ours
			t, err = Token{}, fmt.Errorf("read time-stamp response: %v", r)
		}
	}()
	if len(response) > maxResponse {
		return t, fmt.Errorf("time-stamp response of %d bytes: the limit is %d", len(response), maxResponse)
	}
	if err := checkDER(response, 0); err != nil {
		return t, err
	}
	ts, err := tsp.ParseResponse(response)
	if err != nil {
		return t, fmt.Errorf("read time-stamp response: %w", err)
	}
	p7, err := pkcs7.Parse(ts.RawToken)
	if err != nil {
		return t, fmt.Errorf("read time-stamp token: %w", err)
	}
	signer := p7.GetOnlySigner()
	if signer == nil {
		return t, errors.New("the time-stamp token has no certificate of its one signer")
	}
	if err := errors.Join(contentType(ts.RawToken), signedAttributes(p7, signer)); err != nil {
		return t, err
	}
	want, err := imprint(ts.HashAlgorithm)
	if err != nil {
		return t, err
	}
	if !bytes.Equal(want, ts.HashedMessage) {
		return t, ErrImprint
	}
	certs := []*x509.Certificate{signer}
	for _, c := range p7.Certificates {
		if !c.Equal(signer) {
			certs = append(certs, c)
		}
	}
	t = Token{
		certs: certs, Time: ts.Time.UTC(), Accuracy: ts.Accuracy, Serial: ts.SerialNumber, Policy: ts.Policy.String(),
		Signer: signer.Subject.String(), Nonce: ts.Nonce,
	}
	if err := onlyTimeStamping(signer); err != nil {
		return t, err
	}
	opts := x509.VerifyOptions{
		Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: ts.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	}
	for _, c := range p7.Certificates {
		opts.Intermediates.AddCert(c)
	}
	// Without roots this checks the signature alone.
	if err := p7.VerifyWithOpts(opts); err != nil {
		if roots != nil && p7.VerifyWithOpts(x509.VerifyOptions{CurrentTime: ts.Time}) == nil {
			return t, fmt.Errorf("%w: %w", ErrUntrusted, err)
		}
		return t, fmt.Errorf("signature of the time-stamp token: %w", err)
	}
	t.Trusted = roots != nil
	return t, nil
}

// OfBytes is the imprint of data.
func OfBytes(data []byte) func(crypto.Hash) ([]byte, error) {
	return func(h crypto.Hash) ([]byte, error) {
		switch h {
		case crypto.SHA256, crypto.SHA384, crypto.SHA512:
			w := h.New()
			w.Write(data)
			return w.Sum(nil), nil
		}
		return nil, fmt.Errorf("the token uses %v, which is not strong enough", h)
	}
}

// contentType checks the type that stands beside the content; the same stands
// among the signed attributes (RFC 5652, section 11.1).
func contentType(token []byte) error {
	var outer struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	var inner struct {
		Version int
		Hashes  asn1.RawValue
		Content struct{ Type asn1.ObjectIdentifier }
	}
	if _, err := asn1.Unmarshal(token, &outer); err != nil {
		return fmt.Errorf("read time-stamp token: %w", err)
	}
	if _, err := asn1.Unmarshal(outer.Content.FullBytes, &inner); err != nil {
		if _, err := asn1.Unmarshal(outer.Content.Bytes, &inner); err != nil {
			return fmt.Errorf("read time-stamp token: %w", err)
		}
	}
	if !inner.Content.Type.Equal(oidTSTInfo) {
		return errors.New("what the token holds is no TSTInfo")
	}
	return nil
}

// OfFile is the imprint of a file, read as a stream.
func OfFile(name string) (func(crypto.Hash) ([]byte, error), error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read what was stamped: %w", err)
	}
	defer f.Close()
	hashes := map[crypto.Hash]hash.Hash{crypto.SHA256: sha256.New(), crypto.SHA384: sha512.New384(), crypto.SHA512: sha512.New()}
	if _, err := io.Copy(io.MultiWriter(hashes[crypto.SHA256], hashes[crypto.SHA384], hashes[crypto.SHA512]), f); err != nil {
		return nil, fmt.Errorf("read what was stamped: %w", err)
	}
	return func(h crypto.Hash) ([]byte, error) {
		if w, ok := hashes[h]; ok {
			return w.Sum(nil), nil
		}
		return OfBytes(nil)(h)
	}, nil
}

// signedAttributes checks what the signature says beside the content: that this
// is a TSTInfo, and which certificate signs (RFC 3161, section 2.4.2).
func signedAttributes(p7 *pkcs7.PKCS7, signer *x509.Certificate) error {
	var kind asn1.ObjectIdentifier
	if err := p7.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &kind); err != nil || !kind.Equal(oidTSTInfo) {
		return errors.New("what is signed is no TSTInfo")
	}
	var v2 struct {
		Certs []struct {
			Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
			Hash      []byte
			Issuer    asn1.RawValue `asn1:"optional"`
		}
	}
	if p7.UnmarshalSignedAttribute(oidSigningCertV2, &v2) == nil && len(v2.Certs) > 0 {
		var sum []byte
		switch oid := v2.Certs[0].Algorithm.Algorithm.String(); oid {
		case "", "2.16.840.1.101.3.4.2.1":
			s := sha256.Sum256(signer.Raw)
			sum = s[:]
		case "2.16.840.1.101.3.4.2.2":
			s := sha512.Sum384(signer.Raw)
			sum = s[:]
		case "2.16.840.1.101.3.4.2.3":
			s := sha512.Sum512(signer.Raw)
			sum = s[:]
		default:
			return fmt.Errorf("the signing certificate is named by the unknown hash %s", oid)
		}
		if !bytes.Equal(sum, v2.Certs[0].Hash) {
			return errors.New("the token was signed under another certificate than the one with it")
		}
		return nil
	}
	var v1 struct {
		Certs []struct {
			Hash   []byte
			Issuer asn1.RawValue `asn1:"optional"`
		}
	}
	if p7.UnmarshalSignedAttribute(oidSigningCert, &v1) != nil || len(v1.Certs) == 0 {
		return errors.New("the token does not name the certificate that signs")
	}
	if sum := sha1.Sum(signer.Raw); !bytes.Equal(sum[:], v1.Certs[0].Hash) {
		return errors.New("the token was signed under another certificate than the one with it")
	}
	return nil
}

// onlyTimeStamping wants the one extended key usage that RFC 3161, section 2.3,
// wants, marked as critical.
func onlyTimeStamping(c *x509.Certificate) error {
	if len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(c.UnknownExtKeyUsage) > 0 {
		return errors.New("the certificate of the authority is not for time-stamping alone")
	}
	for _, e := range c.Extensions {
		if e.Id.Equal(oidExtKeyUsage) && e.Critical {
			return nil
		}
	}
	return errors.New("the certificate of the authority does not mark its use as critical")
}

// Roots reads certificates from a PEM file.
func Roots(file string) (*x509.CertPool, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read roots: %w", err)
	}
	pool, n := x509.NewCertPool(), 0
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read roots %s: %w", file, err)
		}
		pool.AddCert(c)
		n++
	}
	if n == 0 {
		return nil, fmt.Errorf("read roots %s: no certificate in PEM there", file)
	}
	return pool, nil
}
