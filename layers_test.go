package tamga

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The import law. Each package of the program, with the packages of the
// program it may import. A package that is not named here fails the test, so
// the picture is edited when a package is born. Tests obey it too, apart from
// the suites named in testMay.
//
//	L4  cmd/tamga                            everything
//	L3  internal/pipeline                    root, L1 packages (adapters are handed in)
//	L3  internal/importer                    root, evidence
//	L3  dashboards                           root, index
//	L2  chain/bitcoin index/bleve index/elastic   parent, root, internal/address
//	L1  crawler evidence extract chain index      root, internal/address internal/decode, never sideways
//	L0  root, internal/address internal/decode internal/term internal/config
var may = map[string][]string{
	".":                 {},
	"internal/address":  {"."},
	"internal/decode":   {"."},
	"internal/config":   {},
	"internal/term":     {},
	"internal/delivery": {},
	"internal/outbox":   {},
	"internal/database": {},

	"crawler":  {".", "internal/address", "internal/decode"},
	"evidence": {".", "internal/address", "internal/decode", "evidence/ots", "evidence/timestamp"},
	"extract":  {".", "internal/address", "internal/decode", "extract/category", "extract/language", "extract/tagger"},
	"chain":    {".", "internal/address"},
	"index":    {".", "internal/address"},

	"evidence/ots":       {},
	"evidence/timestamp": {},

	"extract/category":        {},
	"extract/category/train":  {"extract/category"},
	"extract/language":        {},
	"extract/language/corpus": {"extract/language"},
	"extract/language/train":  {"extract/language", "extract/language/corpus"},
	"extract/change":          {"."},
	"extract/link":            {"."},
	"extract/mirror":          {},
	"extract/tagger":          {},
	"extract/tagger/train":    {"extract", "extract/tagger"},

	"chain/coinjoin":  {"."},
	"chain/rates":     {"."},
	"chain/risk":      {"chain", "chain/tags", "."},
	"chain/tags":      {".", "internal/address"},
	"chain/bitcoin":   {"chain", "chain/coinjoin", ".", "internal/address"},
	"chain/remote":    {"chain", "chain/bitcoin", "chain/rpc", ".", "internal/address"},
	"chain/rpc":       {"chain", "."},
	"chain/evm":       {"chain", "chain/rpc", ".", "internal/address"},
	"chain/chaintest": {"chain", "chain/coinjoin", ".", "internal/address"},
	"index/bleve":     {"index", ".", "internal/address"},
	"index/elastic":   {"index", ".", "internal/address"},
	"index/indextest": {"index", "."},

	"internal/pipeline": {".", "crawler", "evidence", "extract", "extract/mirror", "extract/change", "extract/link", "chain", "chain/rates", "chain/tags", "index", "internal/database", "internal/decode"},
	"dashboards":        {".", "index"},

	// Cuts files of others into exchanges and seals them: between the archive and
	// the command, as the pipeline is; it reads nothing.
	"internal/importer": {".", "evidence"},

	"internal/child":       {},
	"internal/torctl":      {},
	"internal/torlab":      {"internal/child", "internal/torctl"},
	"internal/sociallab":   {},
	"internal/tsalab":      {},
	"internal/calendarlab": {},
	"internal/eslab":       {"internal/child"},
	"internal/btcdlab":     {"internal/child"},
	"internal/demo":        {"."},
	"internal/watch":       {".", "internal/database"},
	"internal/session":     {},
	"internal/chromium":    {},
	"internal/handover":    {"internal/session", "internal/chromium"},
	"internal/render":      {".", "internal/chromium"},

	"internal/eval": {".", "extract", "extract/language", "extract/language/corpus", "extract/link", "extract/tagger", "internal/address", "internal/database", "internal/demo", "internal/pipeline"},

	"internal/lexicon": {"extract"},

	"cmd/tamga": {"*"},
}

// testMay is what test files may import beyond that: suites and lab parts.
var testMay = []string{"chain/chaintest", "index/indextest", "internal/torlab", "internal/sociallab", "internal/tsalab", "internal/calendarlab", "internal/eslab", "internal/btcdlab", "internal/demo"}

func TestLayers(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == "testdata" || n == "node_modules" || (strings.HasPrefix(n, ".") && n != ".") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(file, "go.mod")); err == nil && file != "." {
				return filepath.SkipDir // a module of its own, outside of the program
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(file))
		allowed, known := may[pkg]
		if !known {
			t.Errorf("%s: package %s is not in the import law of layers_test.go", file, pkg)
			return nil
		}
		if strings.HasSuffix(file, "_test.go") {
			allowed = append(slices.Clone(allowed), append(testMay, pkg)...)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imported, ok := inside(name)
			if !ok {
				if pkg == "." && !strings.HasSuffix(file, "_test.go") && strings.Contains(name, ".") {
					t.Errorf("%s imports %s: the root package imports the standard library only", file, name)
				}
				continue
			}
			if !slices.Contains(allowed, "*") && !slices.Contains(allowed, imported) {
				t.Errorf("%s: %s may not import %s", file, pkg, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inside returns the folder of a package of this module.
func inside(name string) (string, bool) {
	if name == "tamga" {
		return ".", true
	}
	return strings.CutPrefix(name, "tamga/")
}
