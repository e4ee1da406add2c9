package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A witness signs heads of a log of others, once it has seen that each holds the
// one it signed before: a log cannot show different histories to different
// readers without its witnesses noticing. Keys and signatures are those of
// c2sp.org/tlog-cosignature, version 1: the witness also states when it looked.

// algCosignature is the key type of cosignatures (c2sp.org/signed-note).
const algCosignature = 0x04

// Witness is who cosigns heads.
type Witness struct {
	name string
	key  ed25519.PrivateKey
}

// NewWitness makes a witness with a new key.
func NewWitness(name string, random io.Reader) (*Witness, error) {
	if name == "" || strings.ContainsAny(name, "+ \t\r\n") {
		return nil, fmt.Errorf("make witness: the name %q is empty, or has a space or a plus sign", name)
	}
	_, key, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("make witness: %w", err)
	}
	return &Witness{name, key}, nil
}

// Secret is the witness with its private key, as one line; [ReadWitness] reads it.
func (w *Witness) Secret() string {
	return fmt.Sprintf("PRIVATE+WITNESS+%s+%s", w.name, base64.StdEncoding.EncodeToString(w.key.Seed()))
}

// ReadWitness reads what Secret wrote.
func ReadWitness(text string) (*Witness, error) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(text, "\n"), "PRIVATE+WITNESS+")
	name, encoded, ok2 := strings.Cut(rest, "+")
	seed, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || !ok2 || err != nil || len(seed) != ed25519.SeedSize || name == "" {
		return nil, errors.New("not the key of a witness")
	}
	return &Witness{name, ed25519.NewKeyFromSeed(seed)}, nil
}

// Verifier is the public key, NAME+HASH+KEY: with it anyone can check what the
// witness signed.
func (w *Witness) Verifier() string {
	pub := append([]byte{algCosignature}, w.key.Public().(ed25519.PublicKey)...)
	return fmt.Sprintf("%s+%08x+%s", w.name, keyID(w.name, pub), base64.StdEncoding.EncodeToString(pub))
}

func keyID(name string, key []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return binary.BigEndian.Uint32(sum[:])
}

// cosigVerifier is the public key of a witness, as a [note.Verifier].
type cosigVerifier struct {
	name string
	id   uint32
	key  ed25519.PublicKey
}

// ParseWitness reads the public key of a witness.
func ParseWitness(vkey string) (note.Verifier, error) {
	name, rest, ok := strings.Cut(vkey, "+")
	id, encoded, ok2 := strings.Cut(rest, "+")
	pub, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || !ok2 || err != nil || len(pub) != 1+ed25519.PublicKeySize || pub[0] != algCosignature || id != fmt.Sprintf("%08x", keyID(name, pub)) {
		return nil, fmt.Errorf("%.100q is no public key of a witness", vkey)
	}
	return cosigVerifier{name, keyID(name, pub), pub[1:]}, nil
}

func (v cosigVerifier) Name() string    { return v.name }
func (v cosigVerifier) KeyHash() uint32 { return v.id }

func (v cosigVerifier) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(v.key, cosigned(binary.BigEndian.Uint64(sig), msg), sig[8:])
}

// cosigned is what a witness signs.
func cosigned(seconds uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", seconds, text)
}

// cosign is a head with the line of the witness under it.
func (w *Witness) cosign(h Head, at time.Time) ([]byte, error) {
	text, _, ok := bytes.Cut(h.Note, []byte("\n\n"))
	if !ok {
		return nil, errors.New("the head is no signed note")
	}
	pub := append([]byte{algCosignature}, w.key.Public().(ed25519.PublicKey)...)
	sig := binary.BigEndian.AppendUint32(nil, keyID(w.name, pub))
	sig = binary.BigEndian.AppendUint64(sig, uint64(at.Unix()))
	sig = append(sig, ed25519.Sign(w.key, cosigned(uint64(at.Unix()), append(text, '\n')))...)
	return fmt.Appendf(bytes.Clone(h.Note), "— %s %s\n", w.name, base64.StdEncoding.EncodeToString(sig)), nil
}

// Cosigned is what a witness saw and signed.
type Cosigned struct {
	Stamp
	Log   string    `json:"log"`   // public key of the log
	Since int64     `json:"since"` // entries of the head signed before, of which this is a continuation; 0: the first
	Time  time.Time `json:"time"`
}

// Cosign looks at the newest head of the archive in dir, of others, and signs it
// if it continues the head that it signed before, which seen holds: a file, or
// nothing the first time. The new head is in seen, on the disk, before it is
// signed. ErrIntegrity is wrapped where the log does not continue: it was
// rewritten, or cut.
func (w *Witness) Cosign(dir, seen string, now time.Time) (Cosigned, error) {
	c, err := w.look(dir, seen, now)
	if err != nil {
		return c, fmt.Errorf("witness %s: %w", dir, err)
	}
	return c, nil
}

func (w *Witness) look(dir, seen string, now time.Time) (c Cosigned, err error) {
	if c.Log, err = Verifier(dir); err != nil {
		return c, err
	}
	log, err := readKey(dir)
	if err != nil {
		return c, fmt.Errorf("%w: %s: %w", ErrIntegrity, keyFile, err)
	}
	msg, err := readSmall(filepath.Join(dir, headFile))
	if err != nil {
		return c, err
	}
	h, err := parseHead(msg, log)
	if err != nil {
		return c, fmt.Errorf("%w: %s: %w", ErrIntegrity, headFile, err)
	}
	if h.Size == 0 {
		return c, errors.New("the log is empty")
	}
	last, err := readSmall(seen)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return c, err
	default:
		before, err := parseHead(last, log)
		if err != nil {
			return c, fmt.Errorf("the head seen before is not of this log: %w", err)
		}
		if err := continues(dir, before, h); err != nil {
			return c, fmt.Errorf("%w: the head of %d entries does not continue that of %d seen before: %w", ErrIntegrity, h.Size, before.Size, err)
		}
		c.Since = before.Size
	}
	if err := replaceFile(seen, h.Note); err != nil {
		return c, err
	}
	c.Time = now.UTC().Truncate(time.Second)
	signed, err := w.cosign(h, c.Time)
	if err != nil {
		return c, err
	}
	kept, err := keepHead(dir)
	if err != nil {
		return c, err
	}
	if kept.Size != h.Size || !bytes.Equal(kept.Note, h.Note) {
		return c, errors.New("the log grew meanwhile: look again")
	}
	have, ok, err := FindStamp(dir, h.Size, w.label(), StampCosignature)
	if err != nil || ok {
		c.Stamp = have
		return c, err
	}
	c.Stamp, err = SaveStamp(dir, h.Size, w.label(), StampCosignature, signed)
	return c, err
}

func (w *Witness) label() string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(w.name))
	pub := append([]byte{algCosignature}, w.key.Public().(ed25519.PublicKey)...)
	id := binary.BigEndian.AppendUint32(nil, keyID(w.name, pub))
	return strings.Trim(name[:min(len(name), 60)], "-") + "-" + hex.EncodeToString(id)
}

// continues checks that the log of h has that of before as a prefix, with a proof
// made of the hashes in dir: wrong hashes make no proof.
func continues(dir string, before, h Head) error {
	if before.Size > h.Size {
		return errors.New("it counts less")
	}
	return readHashes(dir, func(r tlog.HashReader) error {
		if before.Size == 0 {
			return nil
		}
		p, err := tlog.ProveTree(h.Size, before.Size, r)
		if err != nil {
			return err
		}
		return tlog.CheckTree(p, h.Size, h.Root, before.Size, before.Root)
	})
}

// replaceFile writes a file in the place of another, at once.
func replaceFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	if err := writeFile(name+".tmp", data, 0o600); err != nil {
		return err
	}
	if err := os.Rename(name+".tmp", name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// checkCosignature verifies a cosignature of a head whose own signature is right.
func checkCosignature(data, head []byte, witnesses []note.Verifier) (at time.Time, by string, trusted bool, err error) {
	line, ok := bytes.CutPrefix(data, head)
	if !ok || bytes.Count(line, []byte("\n")) != 1 || !bytes.HasSuffix(line, []byte("\n")) {
		return at, "", false, errors.New("it is not the head and the line of one witness")
	}
	name, encoded, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(string(line), "— "), "\n"), " ")
	sig, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(sig) != 4+8+ed25519.SignatureSize || string(line) != fmt.Sprintf("— %s %s\n", name, encoded) {
		return at, "", false, errors.New("it has no line of a witness")
	}
	text, _, _ := bytes.Cut(head, []byte("\n\n"))
	at = time.Unix(int64(binary.BigEndian.Uint64(sig[4:])), 0).UTC()
	for _, w := range witnesses {
		if w.Name() == name && w.KeyHash() == binary.BigEndian.Uint32(sig) {
			if !w.Verify(append(bytes.Clone(text), '\n'), sig[4:]) {
				return at, name, false, fmt.Errorf("the signature of the witness %.100q does not verify", name)
			}
			return at, name, true, nil
		}
	}
	return at, name, false, nil
}
