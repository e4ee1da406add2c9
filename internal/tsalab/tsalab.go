// Package tsalab runs a time-stamping authority (RFC 3161) for tests: `openssl
// ts` behind an HTTP server on loopback, with certificates made for the run.
package tsalab

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// ErrMissing: openssl is not installed.
var ErrMissing = errors.New("openssl is not installed: run scripts/deps.sh")

// Options of an authority; the zero value is a good one.
type Options struct {
	NotBefore, NotAfter time.Time               // of the signing certificate; default: a day around now
	Usages              []asn1.ObjectIdentifier // extended key usages; default: time-stamping
	Lenient             bool                    // do not mark the usage as critical
	RSA                 bool                    // sign with RSA 2048 rather than ECDSA P-256
	Digest              string                  // of the signature; default sha256
}

// TimeStamping is the one extended key usage of an authority.
var TimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}

// Authority is one that listens.
type Authority struct {
	URL  string
	Root string // PEM file of its root certificate
	Dir  string

	server *http.Server
	mu     sync.Mutex // openssl does not lock its serial number
	asked  int
	before atomic.Pointer[Intercept]

	ca    *x509.Certificate
	caKey *ecdsa.PrivateKey
	leaf  *x509.Certificate
}

const conf = `[tsa]
default_tsa=t
[t]
serial=%[1]s/serial
signer_cert=%[1]s/tsa.crt
signer_key=%[1]s/tsa.key
certs=%[1]s/ca.crt
signer_digest=%[2]s
default_policy=1.3.6.1.4.1.13762.3
other_policies=1.3.6.1.4.1.13762.4
digests=sha256,sha384,sha512
accuracy=secs:1
tsa_name=yes
ess_cert_id_alg=sha256
`

// Start starts an authority with its files in dir.
func Start(dir string, opt Options) (*Authority, error) {
	if _, err := exec.LookPath("openssl"); err != nil {
		return nil, ErrMissing
	}
	a := &Authority{Dir: dir, Root: filepath.Join(dir, "ca.crt")}
	if opt.Digest == "" {
		opt.Digest = "sha256"
	}
	if err := a.certificates(opt); err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "tsa.cnf"), fmt.Appendf(nil, conf, dir, opt.Digest), 0o600),
		os.WriteFile(filepath.Join(dir, "serial"), []byte("01\n"), 0o600))
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a.URL = "http://" + l.Addr().String() + "/tsr"
	a.server = &http.Server{Handler: a, ReadHeaderTimeout: 5 * time.Second}
	go a.server.Serve(l)
	return a, nil
}

// Intercept may answer in place of the authority, and then returns true.
type Intercept func(w http.ResponseWriter, r *http.Request) bool

// Before has f look at each question first.
func (a *Authority) Before(f Intercept) { a.before.Store(&f) }

// Close stops listening.
func (a *Authority) Close() { a.server.Close() }

// Asked is the number of tokens that were asked for.
func (a *Authority) Asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := a.before.Load(); f != nil && (*f)(w, r) {
		return
	}
	query, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "not a time-stamp query", http.StatusBadRequest)
		return
	}
	// Not under the request's context: openssl that is killed with the client leaves
	// an empty serial file.
	reply, err := a.Reply(context.WithoutCancel(r.Context()), query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	w.Write(reply)
}

// Reply answers a query.
func (a *Authority) Reply(ctx context.Context, query []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	in := filepath.Join(a.Dir, strconv.Itoa(a.asked)+".tsq")
	out := filepath.Join(a.Dir, strconv.Itoa(a.asked)+".tsr")
	if err := os.WriteFile(in, query, 0o600); err != nil {
		return nil, err
	}
	if b, err := exec.CommandContext(ctx, "openssl", "ts", "-reply", "-config", filepath.Join(a.Dir, "tsa.cnf"), "-queryfile", in, "-out", out).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("openssl ts: %w: %s", err, b)
	}
	return os.ReadFile(out)
}

// Revocations is a revocation list of the root, in PEM with its certificate. Where
// revoked is not the zero time, the signing certificate is on it since then;
// reason is its code (RFC 5280, section 5.3.1), 0: none is given.
func (a *Authority) Revocations(revoked time.Time, reason int) ([]byte, error) {
	list := &x509.RevocationList{Number: big.NewInt(time.Now().UnixNano()), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(24 * time.Hour)}
	if !revoked.IsZero() {
		e := x509.RevocationListEntry{SerialNumber: a.leaf.SerialNumber, RevocationTime: revoked, ReasonCode: reason}
		list.RevokedCertificateEntries = []x509.RevocationListEntry{e}
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.ca, a.caKey)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.ca.Raw})...), nil
}

// certificates makes a root and the signing certificate under it.
func (a *Authority) certificates(opt Options) error {
	now := time.Now()
	if opt.NotBefore.IsZero() {
		opt.NotBefore = now.Add(-12 * time.Hour)
	}
	if opt.NotAfter.IsZero() {
		opt.NotAfter = now.Add(12 * time.Hour)
	}
	if opt.Usages == nil {
		opt.Usages = []asn1.ObjectIdentifier{TimeStamping}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Lab CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, NotBefore: now.AddDate(-10, 0, 0), NotAfter: now.AddDate(10, 0, 0),
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return err
	}
	var key, public any
	if opt.RSA {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return err
		}
		key, public = k, &k.PublicKey
	} else {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		key, public = k, &k.PublicKey
	}
	usages, err := asn1.Marshal(opt.Usages)
	if err != nil {
		return err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Lab TSA"}, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, NotBefore: opt.NotBefore, NotAfter: opt.NotAfter,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: !opt.Lenient, Value: usages}},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, public, caKey)
	if err != nil {
		return err
	}
	if a.ca, err = x509.ParseCertificate(caDER); err == nil {
		a.leaf, err = x509.ParseCertificate(der)
	}
	if err != nil {
		return err
	}
	a.caKey = caKey
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	write := func(name, kind string, b []byte) error {
		return os.WriteFile(filepath.Join(a.Dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600)
	}
	return errors.Join(write("ca.crt", "CERTIFICATE", caDER), write("tsa.crt", "CERTIFICATE", der), write("tsa.key", "PRIVATE KEY", pkcs8))
}
