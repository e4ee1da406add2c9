package bitcoin

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	manifestName  = "manifest.json"
	manifestVer   = 1
	segmentBlocks = "blocks"
	segmentTxs    = "txs"
	segmentIDs    = "txids"
	segmentSpends = "spends"
	segmentPaid   = "paid"
	fileData      = "data" // transactions themselves, where there are no block files
)

// manifest names the files that make an index. It is written last and renamed
// into place: what it names is whole, what it does not name is left over.
type manifest struct {
	Version int               `json:"version"`
	Network string            `json:"network"`
	Blocks  string            `json:"blocks,omitempty"` // folder of the block files
	Key     string            `json:"key,omitempty"`    // their XOR key in hexadecimal
	Sources []sourceFile      `json:"sources,omitempty"`
	Files   map[string]sealed `json:"files"`
	Summary Summary           `json:"summary"`
	Sum     string            `json:"sum"` // SHA-256 of the manifest with an empty sum
}

// sourceFile is a block file as it was when it was indexed.
type sourceFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Time int64  `json:"time"` // of its last change, nanoseconds since 1970
}

// sealed is a file of the index.
type sealed struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Summary says what an index holds.
type Summary struct {
	Network      string `json:"network"`
	Blocks       int    `json:"blocks"`
	Transactions int64  `json:"transactions"`
	Inputs       int64  `json:"inputs"`
	Outputs      int64  `json:"outputs"`
	Addresses    int64  `json:"addresses"`        // that outputs paid, told apart by 64 bits
	Height       *int64 `json:"height,omitempty"` // of the tip
	Tip          string `json:"tip,omitempty"`
	SourceBytes  int64  `json:"bytes"` // of the source
	IndexBytes   int64  `json:"index_bytes"`
	Branches
	Damage
	Unchanged bool    `json:"unchanged,omitempty"` // the index was there already
	Seconds   float64 `json:"seconds,omitempty"`   // left to the caller, who has the clock
}

// ErrNoIndex says that a folder holds no index.
var ErrNoIndex = errors.New("no ledger index")

func readManifest(dir string) (*manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoIndex)
	}
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%w: read %s: %w", ErrDamaged, filepath.Join(dir, manifestName), err)
	}
	if m.Version != manifestVer {
		return nil, fmt.Errorf("read %s: version %d, this program knows %d", filepath.Join(dir, manifestName), m.Version, manifestVer)
	}
	if said := m.Sum; m.stamp() != nil || m.Sum != said {
		return nil, fmt.Errorf("%w: %s differs from its checksum", ErrDamaged, filepath.Join(dir, manifestName))
	}
	for kind, f := range m.Files {
		if f.Name != filepath.Base(f.Name) {
			return nil, fmt.Errorf("read %s: file %s is named %q", filepath.Join(dir, manifestName), kind, f.Name)
		}
	}
	return &m, nil
}

// stamp sets the manifest's own checksum.
func (m *manifest) stamp() error {
	m.Sum = ""
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	m.Sum = fmt.Sprintf("%x", sha256.Sum256(b))
	return nil
}

// write puts the manifest in place and removes what an earlier one named.
func (m *manifest) write(dir string) error {
	if err := m.stamp(); err != nil {
		return err
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, manifestName+".tmp")
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := syncDir(dir); err != nil { // the segments' names before the manifest's
		return err
	}
	if err := os.Rename(tmp, filepath.Join(dir, manifestName)); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// sweep removes the files of the index folder that the manifest does not name.
func sweep(dir string, m *manifest) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	keep := map[string]bool{manifestName: true}
	if m != nil {
		for _, f := range m.Files {
			keep[f.Name] = true
		}
	}
	for _, e := range entries {
		name := e.Name()
		ours := strings.HasSuffix(name, ".seg") || strings.HasSuffix(name, ".part") ||
			strings.HasSuffix(name, ".dat") || strings.HasSuffix(name, ".tmp")
		if ours && !keep[name] {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
