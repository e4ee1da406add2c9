package bleve

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	api "github.com/blevesearch/bleve_index_api"

	"tamga/index"
)

const (
	sourceField = "doc"         // the stored document
	schemaFile  = "schema.json" // in the folder of a generation
	batchSize   = 1000          // documents of one commit
)

var checkpointKey = []byte("tamga.checkpoint")

// generation is one Bleve index: open for writing, or a view.
type generation struct {
	name string
	path string // its folder; empty of a view
	idx  bleve.Index
	view *view // nil: open for writing
}

// columns gives the options of each column.
var columns = func() map[string]index.Column {
	m := map[string]index.Column{}
	for _, c := range index.Columns() {
		m[c.Name] = c
	}
	return m
}()

// wholeSegment is the most documents of a segment where no bound was asked for.
const wholeSegment = 5_000_000

// config is for opening; a second writer is refused after a while, not awaited. No
// segment of more than segment documents is made by merging.
func config(readOnly bool, segment int) map[string]any {
	return map[string]any{
		"bolt_timeout": "3s", "read_only": readOnly,
		// Always said: an index keeps what it was made with.
		"scorchMergePlanOptions": map[string]any{"MaxSegmentSize": segment},
	}
}

// staticMapping maps nothing: documents are put together field by field.
func staticMapping() mapping.IndexMapping {
	m := bleve.NewIndexMapping()
	m.DefaultMapping = bleve.NewDocumentStaticMapping()
	m.StoreDynamic, m.IndexDynamic, m.DocValuesDynamic = false, false, false
	return m
}

type schemaNote struct {
	Version int `json:"version"`
}

func newGeneration(dir, name string, segment int) (*generation, error) {
	path := filepath.Join(dir, name)
	idx, err := bleve.NewUsing(path, staticMapping(), scorch.Name, scorch.Name, config(false, segment))
	if err != nil {
		return nil, fmt.Errorf("create index %s: %w", path, err)
	}
	note, err := json.Marshal(schemaNote{index.SchemaVersion()})
	if err == nil {
		err = os.WriteFile(filepath.Join(path, schemaFile), note, 0o644)
	}
	if err == nil {
		// Every commit has a checkpoint from the first on: see checkWhole.
		err = idx.SetInternal(checkpointKey, make([]byte, 8))
	}
	if err != nil {
		idx.Close()
		return nil, fmt.Errorf("create index %s: %w", path, err)
	}
	return &generation{name: name, path: path, idx: idx}, nil
}

// checkSchema says ErrNoIndex of an index that another version built.
func checkSchema(path string) error {
	b, err := os.ReadFile(filepath.Join(path, schemaFile))
	if err != nil {
		return fmt.Errorf("open index %s: %w (%w)", path, index.ErrNoIndex, err)
	}
	var note schemaNote
	if err := json.Unmarshal(b, &note); err != nil || note.Version != index.SchemaVersion() {
		return fmt.Errorf("open index %s: schema %d, want %d: %w", path, note.Version, index.SchemaVersion(), index.ErrNoIndex)
	}
	return nil
}

func openGeneration(dir, name string, segment int) (g *generation, err error) {
	path := filepath.Join(dir, name)
	defer mend(path, &err)
	if err := checkSchema(path); err != nil {
		return nil, err
	}
	mark, err := readMark(path)
	if err != nil {
		return nil, fmt.Errorf("open index %s: %w (%w)", path, index.ErrNoIndex, err)
	}
	idx, err := bleve.OpenUsing(path, config(false, segment))
	if err != nil {
		if strings.Contains(err.Error(), "timeout") {
			return nil, fmt.Errorf("open index %s: another process is writing to it", path)
		}
		return nil, fmt.Errorf("open index %s: %w (%w)", path, index.ErrNoIndex, err)
	}
	if err := checkWhole(idx, mark); err != nil {
		idx.Close()
		return nil, fmt.Errorf("open index %s: %w (%w)", path, index.ErrNoIndex, err)
	}
	return &generation{name: name, path: path, idx: idx}, nil
}

// mend turns a panic of the engine over damaged files into ErrNoIndex.
func mend(path string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("index %s is damaged: %w (%v)", path, index.ErrNoIndex, r)
	}
}

// Close closes the index and removes its view.
func (g *generation) Close() error {
	err := g.idx.Close()
	if g.view != nil {
		if e := os.RemoveAll(g.view.path); err == nil {
			err = e
		}
	}
	if err != nil {
		return fmt.Errorf("close index %s: %w", g.name, err)
	}
	return nil
}

// Put implements index.Store.
func (g *generation) Put(ctx context.Context, docs []index.Document, checkpoint int64) (err error) {
	defer mend(g.name, &err)
	for len(docs) > batchSize {
		if err := g.commit(ctx, docs[:batchSize], nil); err != nil {
			return err
		}
		docs = docs[batchSize:]
	}
	if err := g.commit(ctx, docs, &checkpoint); err != nil {
		return err
	}
	return writeMark(g.path, checkpoint)
}

func (g *generation) commit(ctx context.Context, docs []index.Document, checkpoint *int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	batch := g.idx.NewBatch()
	for _, d := range docs {
		e, err := index.Prepare(d)
		if err != nil {
			return err
		}
		if err := batch.IndexAdvanced(toDocument(e)); err != nil {
			return fmt.Errorf("index %s: %w", e.ID, err)
		}
	}
	if checkpoint != nil {
		batch.SetInternal(checkpointKey, binary.BigEndian.AppendUint64(nil, uint64(*checkpoint)))
	}
	if err := g.idx.Batch(batch); err != nil {
		return fmt.Errorf("write index %s: %w", g.name, err)
	}
	return nil
}

// toDocument makes the fields of an entry as Bleve takes them.
func toDocument(e *index.Entry) *document.Document {
	d := document.NewDocument(e.ID)
	add := func(name string, value []byte, options api.FieldIndexingOptions, a analysis.Analyzer) {
		d.AddField(document.NewTextFieldCustom(name, nil, value, options, a))
	}
	for name, tokens := range e.Tokens {
		add(name, []byte(strings.Join(tokens, " ")), api.IndexField|api.IncludeTermVectors, spaced{})
	}
	for name, values := range e.Keywords {
		options := api.IndexField | api.SkipFreqNorm
		if columns[name].Values {
			options |= api.DocValues
		}
		for _, v := range values {
			add(name, []byte(v), options, nil)
		}
	}
	for name, n := range e.Numbers {
		options := api.IndexField
		if columns[name].Values {
			options |= api.DocValues
		}
		d.AddField(document.NewNumericFieldWithIndexingOptions(name, nil, n, options))
	}
	add(sourceField, e.Source, api.StoreField, nil)
	return d
}

// spaced splits at single spaces: the tokens are finished.
type spaced struct{}

func (spaced) Analyze(text []byte) analysis.TokenStream {
	var out analysis.TokenStream
	for start := 0; start < len(text); {
		end := start
		for end < len(text) && text[end] != ' ' {
			end++
		}
		out = append(out, &analysis.Token{Term: text[start:end], Start: start, End: end, Position: len(out) + 1, Type: analysis.AlphaNumeric})
		start = end + 1
	}
	return out
}

// Checkpoint implements index.Store.
func (g *generation) Checkpoint(context.Context) (n int64, err error) {
	defer mend(g.name, &err)
	b, err := g.idx.GetInternal(checkpointKey)
	if err != nil {
		return 0, fmt.Errorf("read checkpoint: %w", err)
	}
	if len(b) != 8 {
		return 0, nil
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}

// Search implements index.Store.
func (g *generation) Search(ctx context.Context, q index.Query) (index.Result, error) {
	plan, err := index.Compile(q)
	if err != nil {
		return index.Result{}, err
	}
	return g.search(ctx, plan)
}

// Get implements index.Store.
func (g *generation) Get(_ context.Context, id string) (d index.Document, found bool, err error) {
	defer mend(g.name, &err)
	if id == "" {
		return d, false, nil
	}
	stored, err := g.idx.Document(id)
	if err != nil || stored == nil {
		return d, false, err
	}
	stored.VisitFields(func(f api.Field) {
		if f.Name() == sourceField {
			d, err = index.Decode(f.Value())
			found = err == nil
		}
	})
	return d, found, err
}

// stale tells whether a view is due to be looked at again.
func (g *generation) stale(now time.Time) bool {
	return g.view != nil && now.Sub(g.view.checked) >= renewEvery
}
