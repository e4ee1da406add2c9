package main

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"tamga/chain/chaintest"
)

// undo DIR writes a synthetic chain with undo files, masked as a node masks them.
func undo(ts *testscript.TestScript, neg bool, args []string) {
	_, err := chaintest.Synthetic{
		Seed: 1, Size: 400_000, BlockSize: 40_000, FileSize: 200_000, Undo: true, Key: [8]byte{1, 0xf2, 3, 4, 5, 6, 7, 8},
	}.Write(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
}
