package bitcoin

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	manifestName = "manifest.json"
	manifestVer  = 3
	layerKind    = "layer"
	fileData     = "data" // transactions themselves, where there are no block files
)

// manifest names the files that make an index. It is written last and renamed
// into place: what it names is whole, what it does not name is left over. Nothing
// in it depends on the run that wrote it.
type manifest struct {
	Version   int               `json:"version"`
	Network   string            `json:"network"`
	Blocks    string            `json:"blocks,omitempty"` // folder of the block files
	Key       string            `json:"key,omitempty"`    // their XOR key in hexadecimal
	LayerRows int64             `json:"layer_rows"`       // that close a base layer
	Sources   []sourceFile      `json:"sources,omitempty"`
	Layers    []layerFile       `json:"layers"`
	Files     map[string]sealed `json:"files"`
	Undo      *undoSource       `json:"undo,omitempty"`
	Summary   Summary           `json:"summary"`
	Sum       string            `json:"sum"` // SHA-256 of the manifest with an empty sum
}

// sealed is a file of the index.
type sealed struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// layerFile is a layer of the index and the run of the chain it is about.
type layerFile struct {
	sealed
	ID         string `json:"id,omitempty"` // of the ordered chain up to its last block
	Level      int    `json:"level"`
	FirstBlock uint32 `json:"first_block"`
	Blocks     uint32 `json:"blocks"`
	FirstTx    uint32 `json:"first_tx"`
	Txs        uint32 `json:"transactions"`
	Addresses  int64  `json:"addresses"` // paid here and by no layer before
}

// Summary says what an index holds, and what a build did.
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
	Layers    int          `json:"layers"`
	Undo      *UndoSummary `json:"undo,omitempty"`      // absent where there are no undo files
	Unchanged bool         `json:"unchanged,omitempty"` // the index was there already
	*Run                   // of a build; not kept
	Seconds   float64      `json:"seconds,omitempty"` // left to the caller, who has the clock
}

// Run says what a build did to the index that was there.
type Run struct {
	Added      int    `json:"added"`               // blocks that were not in it
	Kept       int    `json:"kept"`                // blocks that were
	Replaced   int    `json:"replaced"`            // blocks that are no longer of the best chain
	LayersKept int    `json:"layers_kept"`         // files used as they were
	LayersMade int    `json:"layers_made"`         // files written
	FilesRead  int    `json:"files_read"`          // block files that were new or had changed
	Discarded  string `json:"discarded,omitempty"` // why the index that was there was of no use
}

// ErrNoIndex says that a folder holds no index.
var ErrNoIndex = errors.New("no ledger index")

// ErrVersion says that an index was made by another version of the program. Like a
// damaged one it can be built again.
var ErrVersion = errors.New("the ledger index is of another version")

func readManifest(dir string) (*manifest, error) {
	file := filepath.Join(dir, manifestName)
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoIndex)
	}
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(b)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return m, nil
}

func parseManifest(b []byte) (*manifest, error) {
	var v struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if v.Version > 0 && v.Version < manifestVer {
		return nil, fmt.Errorf("%w: %d, this program knows %d", ErrVersion, v.Version, manifestVer)
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if said := m.Sum; m.stamp() != nil || m.Sum != said {
		if v.Version > manifestVer {
			return nil, fmt.Errorf("%w: %d, this program knows %d", ErrVersion, v.Version, manifestVer)
		}
		return nil, fmt.Errorf("%w: the manifest differs from its checksum", ErrDamaged)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if m.Files == nil {
		m.Files = map[string]sealed{}
	}
	return &m, nil
}

// check says what in a manifest cannot be.
func (m *manifest) check() error {
	for kind, f := range m.files() {
		if f.Name != filepath.Base(f.Name) || f.Name == "." || f.Name == ".." || f.Size < 0 {
			return fmt.Errorf("a file of %s is named %q", kind, f.Name)
		}
	}
	block, tx := uint32(0), uint32(0)
	for _, l := range m.Layers {
		if l.FirstBlock != block || l.FirstTx != tx || block+l.Blocks < block || tx+l.Txs < tx {
			return fmt.Errorf("layer %s does not follow the one before", l.Name)
		}
		block, tx = block+l.Blocks, tx+l.Txs
	}
	return nil
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

// files yields what the manifest names, each with what it is.
func (m *manifest) files() iter.Seq2[string, sealed] {
	return func(yield func(string, sealed) bool) {
		for _, l := range m.Layers {
			if !yield(layerKind, l.sealed) {
				return
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(m.Files)) {
			if !yield(kind, m.Files[kind]) {
				return
			}
		}
	}
}

// seal moves a finished file to its final name and enters it.
func (m *manifest) seal(dir, kind, suffix string) error {
	tmp := filepath.Join(dir, kind+".tmp")
	sum, size, err := fileSum(tmp)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(tmp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	name := kind + "-" + sum[:16] + suffix
	if err := os.Rename(tmp, filepath.Join(dir, name)); err != nil {
		return err
	}
	m.Files[kind] = sealed{Name: name, Size: size, SHA256: sum}
	m.Summary.IndexBytes += size
	return nil
}

// write puts the manifest in place of the one that was there.
func (m *manifest) write(dir string) error {
	kept := *m
	kept.Summary.Run, kept.Summary.Unchanged, kept.Summary.Seconds, kept.Summary.Undo = nil, false, 0, nil
	if err := kept.stamp(); err != nil {
		return err
	}
	b, err := json.MarshalIndent(kept, "", "  ")
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
		os.Remove(tmp)
		return fmt.Errorf("write %s: %w", filepath.Join(dir, manifestName), err)
	}
	if err := syncDir(dir); err != nil { // the layers' names before the manifest's
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

// sweep removes the files of the index folder that neither the manifest nor keep
// names.
func sweep(dir string, m *manifest, keep map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	named := map[string]bool{manifestName: true}
	if m != nil {
		for _, f := range m.files() {
			named[f.Name] = true
		}
	}
	for _, e := range entries {
		name := e.Name()
		ours := false
		for _, suffix := range []string{".seg", ".part", ".dat", ".tmp", ".journal"} {
			ours = ours || strings.HasSuffix(name, suffix)
		}
		if ours && !named[name] && !keep[name] {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
