package session

import (
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/scrypt"
)

// Errors of a vault.
var (
	ErrNone   = errors.New("no such session")
	ErrExists = errors.New("the session is there already")
	ErrLocked = errors.New("the session is locked with a passphrase")
	ErrOpen   = errors.New("the session cannot be opened: another key or passphrase, or a damaged file")
)

// Parameters of scrypt (RFC 7914): 64 MiB and two passes.
const (
	scryptN, scryptR, scryptP = 1 << 16, 8, 2
	saltSize                  = 16
	format                    = "tamga-session/1"
	maxSealed                 = 8 << 20 // bytes of a file of the vault
)

// Vault keeps sessions in a folder, a file each, encrypted with XChaCha20-Poly1305
// (docs/formats/workspace.md).
type Vault struct {
	Dir        string
	Key        func() ([]byte, error) // of 32 bytes; asked for where no passphrase is
	Passphrase string                 // where not empty, what is written is locked with it
	Random     io.Reader              // of salts and nonces
}

// sealed is a file of the vault. Its name, format and kdf are authenticated with it.
type sealed struct {
	Format string `json:"format"`
	KDF    string `json:"kdf"`            // "key" or "scrypt"
	Salt   []byte `json:"salt,omitempty"` // of scrypt
	Nonce  []byte `json:"nonce"`
	Data   []byte `json:"data"`
}

func (s *sealed) bound(name string) []byte { return []byte(s.Format + "\x00" + s.KDF + "\x00" + name) }

func (v *Vault) file(name string) string { return filepath.Join(v.Dir, name) }

func (v *Vault) cipher(s *sealed) (cipher.AEAD, error) {
	var key []byte
	var err error
	switch {
	case s.KDF == "key":
		key, err = v.Key()
	case s.KDF == "scrypt" && len(s.Salt) == saltSize:
		if v.Passphrase == "" {
			return nil, ErrLocked
		}
		key, err = scrypt.Key([]byte(v.Passphrase), s.Salt, scryptN, scryptR, scryptP, chacha20poly1305.KeySize)
	default:
		return nil, ErrOpen
	}
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.NewX(key)
}

// Put writes a session, in place of an older one of its name where replace says so.
// A crash leaves the old file or the new one.
func (v *Vault) Put(s *Session, replace bool) error {
	fail := func(err error) error { return fmt.Errorf("keep session %s: %w", s.Name, err) }
	if err := CheckName(s.Name); err != nil {
		return err
	}
	if _, err := os.Lstat(v.file(s.Name)); err == nil && !replace {
		return fail(ErrExists)
	}
	box := &sealed{Format: format, KDF: "key", Nonce: make([]byte, chacha20poly1305.NonceSizeX)}
	if v.Passphrase != "" {
		box.KDF, box.Salt = "scrypt", make([]byte, saltSize)
	}
	for _, b := range [][]byte{box.Salt, box.Nonce} {
		if _, err := io.ReadFull(v.Random, b); err != nil {
			return fail(err)
		}
	}
	aead, err := v.cipher(box)
	if err != nil {
		return fail(err)
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return fail(err)
	}
	box.Data = aead.Seal(nil, box.Nonce, plain, box.bound(s.Name))
	clear(plain)
	b, err := json.Marshal(box)
	if err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(v.Dir, 0o700); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(v.Dir, ".new-*") // mode 0600
	if err != nil {
		return fail(err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fail(err)
	}
	if err := os.Rename(f.Name(), v.file(s.Name)); err != nil {
		return fail(err)
	}
	return nil
}

// Get opens a session.
func (v *Vault) Get(name string) (*Session, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	fail := func(err error) error { return fmt.Errorf("session %s: %w", name, err) }
	f, err := os.Open(v.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(ErrNone)
	} else if err != nil {
		return nil, fail(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSealed))
	if err != nil {
		return nil, fail(err)
	}
	var box sealed
	if json.Unmarshal(b, &box) != nil || box.Format != format || len(box.Nonce) != chacha20poly1305.NonceSizeX {
		return nil, fail(ErrOpen)
	}
	aead, err := v.cipher(&box)
	if err != nil {
		return nil, fail(err)
	}
	plain, err := aead.Open(nil, box.Nonce, box.Data, box.bound(name))
	if err != nil {
		return nil, fail(ErrOpen)
	}
	defer clear(plain)
	s := &Session{}
	if json.Unmarshal(plain, s) != nil || s.Name != name {
		return nil, fail(ErrOpen)
	}
	return s, nil
}

// Names are those of the sessions that are there, sorted.
func (v *Vault) Names() ([]string, error) {
	entries, err := os.ReadDir(v.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && CheckName(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// List tells what may be told of every session; one that cannot be opened is there
// with its name and why.
func (v *Vault) List(now time.Time) ([]Info, error) {
	names, err := v.Names()
	if err != nil {
		return nil, err
	}
	list := make([]Info, 0, len(names))
	for _, name := range names {
		s, err := v.Get(name)
		switch {
		case errors.Is(err, ErrLocked):
			list = append(list, Info{Name: name, Locked: true})
		case err != nil:
			list = append(list, Info{Name: name, Problem: strings.TrimPrefix(err.Error(), "session "+name+": ")})
		default:
			list = append(list, s.Info(now))
		}
	}
	return list, nil
}

// Delete removes a session for good.
func (v *Vault) Delete(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	err := os.Remove(v.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNone
	}
	if err != nil {
		return fmt.Errorf("session %s: %w", name, err)
	}
	return nil
}
