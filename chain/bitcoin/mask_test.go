package bitcoin

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga/chain/chaintest"
)

// TestKey: block files that are masked are read with their key and with no other,
// and an error says which of the two is at fault.
func TestKey(t *testing.T) {
	b := economy(t, 6)
	key := [8]byte{9, 8, 7, 6, 5, 4, 3, 2}
	for _, c := range []struct {
		name   string
		key    [8]byte
		beside []byte // xor.dat; nil: none
		says   string // "": it is read
	}{
		{"its own key", key, key[:], ""},
		{"a zero key, not masked", [8]byte{}, make([]byte, 8), ""},
		{"no key, not masked", [8]byte{}, nil, ""},
		{"missing", key, nil, "look masked: xor.dat is missing"},
		{"a zero key", key, make([]byte, 8), "look masked"},
		{"another node's", key, []byte("otherkey"), "another key"},
		{"of one byte less", key, key[:7], "has 7 bytes, want 8"},
		{"of one byte more", key, append(bytes.Clone(key[:]), 1), "has 9 bytes, want 8"},
		{"empty", key, []byte{}, "has 0 bytes, want 8"},
		{"a key, not masked", [8]byte{}, key[:], "is not masked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, b, chaintest.Shape{Key: c.key})
			xor := filepath.Join(dir, "xor.dat")
			os.Remove(xor)
			if c.beside != nil {
				if err := os.WriteFile(xor, c.beside, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			index := t.TempDir()
			_, err := Build(context.Background(), index, dir, Options{})
			_, network := DetectNetwork(context.Background(), dir)
			derr := DecodeFile(context.Background(), filepath.Join(dir, "blk00000.dat"), "regtest", func(*DecodedTx) error { return nil })
			if c.says == "" {
				if err != nil || network != nil || derr != nil {
					t.Fatal(err, network, derr)
				}
				return
			}
			errs := []error{err, network}
			if c.key != [8]byte{} { // one plain file is decoded whatever lies beside it
				errs = append(errs, derr)
			}
			for _, err := range errs {
				if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%v, want %q", err, c.says)
				}
			}
			if Present(index) {
				t.Error("an index is there")
			}
		})
	}
}

// TestGuessKey: the key shows in every block whose parent's hash ends in zeros.
func TestGuessKey(t *testing.T) {
	key := [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	for i, raw := range realBlocks(t) {
		file := append([]byte{0xf9, 0xbe, 0xb4, 0xd9, 1, 2, 3, 0}, raw[:headerSize]...)
		unmask(file, key, 0)
		if got, ok := guessKey(file); !ok || got != [4]byte(key[:]) {
			t.Fatalf("block %d: %x %v", i, got, ok)
		}
	}
	if _, ok := guessKey([]byte("a file of words that is long enough to hold a header of a block, and none")); ok {
		t.Error("words are masked")
	}
}

// TestBlockFolder: what is no folder of block files is told apart.
func TestBlockFolder(t *testing.T) {
	at := func(name string) string { return filepath.Join(t.TempDir(), name) }
	file := at("file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "blk00000.dat"), 0o755); err != nil {
		t.Fatal(err)
	}
	loop := t.TempDir()
	if err := os.Symlink("blk00000.dat", filepath.Join(loop, "blk00000.dat")); err != nil {
		t.Fatal(err)
	}
	dangling := t.TempDir()
	if err := os.Symlink("elsewhere", filepath.Join(dangling, "blk00000.dat")); err != nil {
		t.Fatal(err)
	}
	hollow := t.TempDir()
	if err := os.WriteFile(filepath.Join(hollow, "blk00000.dat"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ dir, says string }{
		"absent":         {at("absent"), "no such file"},
		"a file":         {file, "not a directory"},
		"empty":          {t.TempDir(), "no blk*.dat files"},
		"a folder":       {folder, "is no file"},
		"a symlink loop": {loop, "symbolic links"},
		"dangling":       {dangling, "no such file"},
		"an empty file":  {hollow, "no block of a known network"},
	} {
		index := t.TempDir()
		if _, err := Build(context.Background(), index, c.dir, Options{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if Present(index) {
			t.Errorf("%s: an index is there", name)
		}
	}
}
