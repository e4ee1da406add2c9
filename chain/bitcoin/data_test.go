package bitcoin

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/btcsuite/btcd/btcjson" // keeps btcd's module, and its test blocks, in go.mod
)

// dataDir finds a folder of the real data, which the repository does not hold.
func dataDir(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("TAMGA_DATA")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skip("no cache folder")
		}
		dir = filepath.Join(cache, "tamga-data")
	}
	dir = filepath.Join(dir, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("real data is not here: %s", name)
	}
	return dir
}

func gunzip(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// realBlocks are the raw blocks of the real data, in subfolders too.
func realBlocks(t testing.TB) [][]byte {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dataDir(t, "chain/blocks"), func(file string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(file, ".blk.gz") {
			files = append(files, file)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Skip("real data has no blocks")
	}
	realOnce.Do(func() {
		for _, f := range files {
			realRaw = append(realRaw, gunzip(t, f))
		}
	})
	return realRaw
}

var (
	realOnce sync.Once
	realRaw  [][]byte
)

var moduleDir = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd").Output()
	return strings.TrimSpace(string(out)), err
})

// firstBlocks is the file of the first 14,132 blocks of mainnet that comes with
// btcd's module.
func firstBlocks(t testing.TB) string {
	t.Helper()
	dir, err := moduleDir()
	if err != nil || dir == "" {
		t.Fatalf("the btcd module is not in the module cache: %v", err)
	}
	file := filepath.Join(dir, "blockchain", "testdata", "blk_0_to_14131.dat")
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	return file
}

// firstChain is a folder of block files with the first blocks of mainnet.
func firstChain(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	b, err := os.ReadFile(firstBlocks(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "blk00000.dat"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func decodeAll(t testing.TB, b []byte, network string) ([]*DecodedTx, error) {
	t.Helper()
	var all []*DecodedTx
	err := Decode(context.Background(), bytes.NewReader(b), network, func(tx *DecodedTx) error {
		all = append(all, tx)
		return nil
	})
	return all, err
}
