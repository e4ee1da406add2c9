package torlab

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// makeKeys gives each authority its identity and its relay key, so that their
// fingerprints are known before any process runs.
func makeKeys(ctx context.Context, authorities []*node) error {
	errs := make([]error, len(authorities))
	var wg sync.WaitGroup
	for i, a := range authorities {
		wg.Go(func() { errs[i] = a.makeKeys(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (x *node) makeKeys(ctx context.Context) error {
	dir := filepath.Join(x.dir, "keys")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	certificate := filepath.Join(dir, "authority_certificate")
	cmd := exec.CommandContext(ctx, "tor-gencert", "--create-identity-key", "--passphrase-fd", "0",
		"-i", filepath.Join(dir, "authority_identity_key"), "-s", filepath.Join(dir, "authority_signing_key"),
		"-c", certificate, "-m", "12", "-a", fmt.Sprintf("127.0.0.1:%d", x.dirPort))
	cmd.Stdin = strings.NewReader("demo\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("tor-gencert: %w: %s", err, bytes.TrimSpace(out))
	}
	b, err := os.ReadFile(certificate)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), "fingerprint "); ok {
			x.identity = id
		}
	}
	if x.identity == "" {
		return errors.New("tor-gencert: no fingerprint in the certificate")
	}
	// A relay's legacy identity is RSA with 1024 bits (tor-spec §1.3); its
	// fingerprint is the SHA-1 of the PKCS #1 public key.
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		return fmt.Errorf("make relay key: %w", err)
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(filepath.Join(dir, "secret_id_key"), block, 0o600); err != nil {
		return err
	}
	x.fingerprint = fmt.Sprintf("%X", sha1.Sum(x509.MarshalPKCS1PublicKey(&key.PublicKey)))
	return nil
}
