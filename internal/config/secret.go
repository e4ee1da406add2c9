package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// secretKeySize is the size of a key, in bytes.
const secretKeySize = 32

// SecretKey is the workspace's key for what findings must not quote: equal
// private keys and card numbers have equal hashes in one workspace, and nobody
// without the key can test a guess. It is made where there is none.
func (w *Workspace) SecretKey() ([]byte, error) { return w.key("secret.key") }

// SessionKey is the key that sessions are encrypted with where no passphrase is. It
// is made where there is none.
func (w *Workspace) SessionKey() ([]byte, error) { return w.key("session.key") }

// key reads a key of the workspace, or makes it.
func (w *Workspace) key(file string) ([]byte, error) {
	name := filepath.Join(w.Dir, "keys", file)
	key, err := readKey(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	key = make([]byte, secretKeySize)
	_, _ = rand.Read(key)                                   // never fails (crypto/rand)
	f, err := os.CreateTemp(filepath.Dir(name), "secret-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	// A link, unlike a rename, leaves the key of a program that was quicker.
	if err := os.Link(f.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	return readKey(name)
}

func readKey(name string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(key) != secretKeySize {
		return nil, fmt.Errorf("read key %s: not %d bytes of hexadecimal", name, secretKeySize)
	}
	return key, nil
}
