package evidence

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The files of the log, and its folder and that of the WARC files.
const (
	warcDir     = "warc"
	logDir      = "log"
	entriesFile = "log/entries"
	hashesFile  = "log/hashes"
	headFile    = "log/head"
	headTemp    = "log/head.tmp" // a head being written
	keyFile     = "log/key"
)

// Head is a signed statement of the log: how many entries it has, and the root
// of their Merkle tree.
type Head struct {
	Size int64
	Root tlog.Hash
	Note []byte // as golang.org/x/mod/sumdb/note signs it
}

// Init makes an empty archive in dir with a new signing key, named origin, in
// keys/log.key beside dir. Spaces and plus signs of origin become dashes: they
// have a meaning in signed notes. It fails where dir holds an archive already.
func Init(dir, origin string) error { return Options{}.Init(dir, origin) }

// Init is [Init] with the key file, randomness and clock of o.
func (o Options) Init(dir, origin string) error {
	o = o.defaults(dir)
	if err := o.init(dir, origin); err != nil {
		return fmt.Errorf("make archive %s: %w", dir, err)
	}
	return nil
}

func (o Options) init(dir, origin string) error {
	origin = strings.Map(func(r rune) rune {
		if r == '+' || r == unicode.ReplacementChar || unicode.IsSpace(r) || unicode.IsControl(r) {
			return '-'
		}
		return r
	}, origin)
	if origin == "" {
		return errors.New("the log needs a name")
	}
	// The head is written last: without it an earlier Init did not end.
	if _, err := os.Stat(filepath.Join(dir, headFile)); err == nil {
		return errors.New("there is an archive already")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range []string{entriesFile, hashesFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Size() > 0 {
			return fmt.Errorf("%s holds entries and the signed head is gone", name)
		}
	}
	if _, err := os.Stat(o.Key); err == nil {
		return fmt.Errorf("%s: there is a key already", o.Key)
	}
	skey, vkey, err := note.GenerateKey(o.Rand, origin)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	for _, d := range []string{filepath.Join(dir, warcDir), filepath.Join(dir, logDir)} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(o.Key), 0o700); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data string
		mode fs.FileMode
	}{
		{o.Key, skey + "\n", 0o600},
		{filepath.Join(dir, keyFile), vkey + "\n", 0o644},
		{filepath.Join(dir, entriesFile), "", 0o644},
		{filepath.Join(dir, hashesFile), "", 0o644},
	} {
		if err := writeFile(f.name, []byte(f.data), f.mode); err != nil {
			return err
		}
	}
	var empty tree
	_, err = writeHead(dir, signer, 0, empty.root())
	return err
}

// writeFile writes a file and waits until it is on the disk.
func writeFile(name string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncDir makes the names in a folder durable.
func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// writeHead signs a head and puts it in the place of the one before, at once.
func writeHead(dir string, signer note.Signer, size int64, root tlog.Hash) (Head, error) {
	msg, err := note.Sign(&note.Note{Text: string(tlog.FormatTree(tlog.Tree{N: size, Hash: root}))}, signer)
	if err != nil {
		return Head{}, fmt.Errorf("sign head: %w", err)
	}
	tmp := filepath.Join(dir, headTemp)
	if err := writeFile(tmp, msg, 0o644); err != nil {
		return Head{}, err
	}
	if err := os.Rename(tmp, filepath.Join(dir, headFile)); err != nil {
		return Head{}, err
	}
	return Head{size, root, msg}, syncDir(filepath.Join(dir, logDir))
}

// Verifier is the public key of the log of an archive, as sumdb/note writes it:
// with it anyone can check the signed heads.
func Verifier(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		return "", fmt.Errorf("read verifier key: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// readKey reads the public key and insists on the one way to write it, so that
// no byte of the file can change unseen.
func readKey(dir string) (note.Verifier, error) {
	data, err := readSmall(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, err
	}
	return parseKeyFile(data)
}

func parseKeyFile(data []byte) (note.Verifier, error) {
	vkey, ok := strings.CutSuffix(string(data), "\n")
	if !ok {
		return nil, errors.New("the key does not end in a line end")
	}
	return parseKey(vkey)
}

func parseKey(vkey string) (note.Verifier, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	parts := strings.SplitN(vkey, "+", 3)
	raw, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(raw) < 1 {
		return nil, errors.New("the key is not plain base64")
	}
	if again, err := note.NewEd25519VerifierKey(v.Name(), raw[1:]); err != nil || again != vkey {
		return nil, errors.New("the key is not written the one right way")
	}
	return v, nil
}

// parseHead verifies a signed head and, like readKey, its form.
func parseHead(msg []byte, v note.Verifier) (Head, error) {
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return Head{}, err
	}
	t, err := tlog.ParseTree([]byte(n.Text))
	if err != nil {
		return Head{}, err
	}
	if err := openNote(msg, string(tlog.FormatTree(t)), v); err != nil {
		return Head{}, err
	}
	return Head{Size: t.N, Root: t.Hash, Note: msg}, nil
}

// openNote verifies a note of that text under one signature, and insists on the
// one way to write it.
func openNote(msg []byte, text string, v note.Verifier) error {
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return err
	}
	sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return err
	}
	again := fmt.Appendf(nil, "%s\n— %s %s\n", text, v.Name(), base64.StdEncoding.EncodeToString(sig))
	if !bytes.Equal(again, msg) {
		return errors.New("it is not written the one right way")
	}
	return nil
}

// readSmall reads a key or head.
func readSmall(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const limit = 64 << 10
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("longer than %d bytes", limit)
	}
	return data, err
}
