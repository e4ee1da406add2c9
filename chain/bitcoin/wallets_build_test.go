package bitcoin

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tamga/chain/chaintest"
)

// sumsOfWallets builds the wallets of blocks and returns the checksums of what it wrote.
func sumsOfWallets(t *testing.T, blocks string, before func(dir string), o Options) map[string]string {
	t.Helper()
	dir := t.TempDir()
	_, x := mustBuild(t, dir, blocks, Options{})
	if before != nil {
		before(dir)
	}
	if err := BuildWallets(context.Background(), dir, &o); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.part"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
	x.Close()
	m, err := readManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, kind := range []string{segmentScripts, segmentForest, segmentMerges, segmentHeld, segmentSigners} {
		f := m.Files[kind]
		if f.Size <= segmentHeader && kind != segmentHeld {
			t.Fatalf("%s is empty", kind)
		}
		sums[kind] = f.SHA256
	}
	return sums
}

// TestWalletsAnyWay: whether the node's undo data says what inputs spend, or says it of
// some blocks, or said it when the blocks were indexed, or the outputs are joined, in
// memory or on disk, by one worker or several: the wallets are the same bytes.
func TestWalletsAnyWay(t *testing.T) {
	blocks, _ := synthetic(t, chaintest.Synthetic{Seed: 7, Size: 1 << 20, BlockSize: 40_000, FileSize: 250_000, Undo: true, Key: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}})
	want := sumsOfWallets(t, blocks, nil, Options{Workers: 1})
	same := func(name string, got map[string]string) {
		t.Helper()
		for kind, sum := range want {
			if got[kind] != sum {
				t.Errorf("%s: %s differs", name, kind)
			}
		}
	}
	same("several workers, little memory", sumsOfWallets(t, blocks, nil, Options{Workers: 3, MemoryLimit: 1 << 20}))
	undo, err := filepath.Glob(filepath.Join(blocks, "rev*.dat"))
	if err != nil || len(undo) < 3 {
		t.Fatal(undo, err)
	}
	hide := func(files []string) {
		for _, f := range files {
			if err := os.Rename(f, strings.Replace(f, "rev", "ver", 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	show := func(files []string) {
		for _, f := range files {
			if err := os.Rename(strings.Replace(f, "rev", "ver", 1), f); err != nil {
				t.Fatal(err)
			}
		}
	}
	same("undo data taken away", sumsOfWallets(t, blocks, func(string) { hide(undo[:1]) }, Options{}))
	same("undo data of some blocks", sumsOfWallets(t, blocks, nil, Options{Workers: 2, MemoryLimit: 1 << 20}))
	hide(undo[1:])
	same("no undo data", sumsOfWallets(t, blocks, nil, Options{Workers: 2}))
	same("no undo data, little memory", sumsOfWallets(t, blocks, nil, Options{Workers: 2, MemoryLimit: 1 << 20}))
	show(undo)
}

// TestWalletsEndedEarly: what a build that was ended left on disk is nothing to the next.
func TestWalletsEndedEarly(t *testing.T) {
	blocks, _ := synthetic(t, chaintest.Synthetic{Seed: 8, Size: 1 << 20, BlockSize: 60_000})
	want := sumsOfWallets(t, blocks, nil, Options{})
	got := sumsOfWallets(t, blocks, func(dir string) {
		ctx, cancel := context.WithCancel(context.Background())
		err := BuildWallets(ctx, dir, &Options{MemoryLimit: 1 << 20, Progress: func(done, _ int64) { cancel() }})
		if err == nil {
			t.Fatal("it was not ended")
		}
		for _, name := range []string{"coins-00.part", "sights-7f.part", "signers-ff.part", "spent-03.part"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("torn"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}, Options{MemoryLimit: 1 << 20})
	for kind, sum := range want {
		if got[kind] != sum {
			t.Errorf("%s differs", kind)
		}
	}
}
