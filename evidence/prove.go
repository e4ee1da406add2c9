package evidence

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof says that an entry stands in the log under a signed head: the inclusion
// proof of RFC 6962, section 2.1.1. Whoever holds the verifier key can check it
// with the text of the entry and nothing else of the archive.
type Proof struct {
	Head   Head
	Signer string // name of the key that signed the head
	Leaf   tlog.Hash
	Path   tlog.RecordProof
}

// Check recomputes the root from the leaf of entry seq.
func (p Proof) Check(seq int64) error {
	return tlog.CheckRecord(p.Path, p.Head.Size, p.Head.Root, seq, p.Leaf)
}

// Prove proves that entry seq is in the log. An entry that no head was signed
// over yet gives an error that is ErrNotFound.
func (a *Archive) Prove(seq int64) (Proof, error) {
	p, err := a.prove(seq)
	if err != nil {
		return Proof{}, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	return p, nil
}

func (a *Archive) prove(seq int64) (p Proof, err error) {
	if err := a.refresh(); err != nil {
		return p, err
	}
	if p.Head, err = a.Head(); err != nil {
		return p, err
	}
	if seq < 0 || seq >= p.Head.Size {
		return p, fmt.Errorf("%w: the signed head counts %d entries", ErrNotFound, p.Head.Size)
	}
	off, end, err := a.span(seq)
	if err != nil {
		return p, err
	}
	// The leaf is that of the text; of a withdrawn claim, the one in the frame.
	_, leaf, err := newFrameReader(io.NewSectionReader(a.entries, off, end-off), 0, end-off).next()
	if err != nil {
		return p, fmt.Errorf("%w: %s at byte %d: %w", ErrIntegrity, entriesFile, off, err)
	}
	p.Leaf, p.Signer = leaf, a.st.verifier.Name()
	err = readHashes(a.dir, func(r tlog.HashReader) (err error) {
		p.Path, err = tlog.ProveRecord(p.Head.Size, seq, r)
		return err
	})
	return p, err
}

// proveHead proves that the log of size entries has one of n as a prefix: the
// consistency proof of RFC 6962, section 2.1.2.
func (a *Archive) proveHead(n, size int64) (p tlog.TreeProof, err error) {
	err = readHashes(a.dir, func(r tlog.HashReader) (err error) {
		p, err = tlog.ProveTree(size, n, r)
		return err
	})
	return p, err
}

// readHashes calls f with a reader of the hashes file.
func readHashes(dir string, f func(tlog.HashReader) error) error {
	hashes, err := os.Open(filepath.Join(dir, hashesFile))
	if err != nil {
		return err
	}
	defer hashes.Close()
	return f(tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			if _, err := hashes.ReadAt(out[i][:], x*tlog.HashSize); err != nil {
				return nil, err
			}
		}
		return out, nil
	}))
}
