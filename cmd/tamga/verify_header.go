package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"tamga/chain/bitcoin"
	"tamga/internal/config"
)

// blockHeaders is where headers of Bitcoin blocks are looked up: those given,
// and else the local index of mainnet.
type blockHeaders struct {
	given map[int64][]byte
	index *bitcoin.Index
	log   *slog.Logger
}

// blockHeaders reads what --header names, and opens the index of the workspace
// where there is one.
func (a *app) blockHeaders(given []string) (*blockHeaders, error) {
	b := &blockHeaders{given: map[int64][]byte{}, log: a.log}
	for _, s := range given {
		height, text, ok := strings.Cut(s, ":")
		n, err := strconv.ParseInt(height, 10, 32)
		h, err2 := hex.DecodeString(text)
		if !ok || n < 0 || errors.Join(err, err2) != nil || len(h) != 80 {
			return nil, usageError{fmt.Errorf("--header %.200q: want HEIGHT: and the 80 bytes of the header in hexadecimal", s)}
		}
		if !hasWork(h) {
			return nil, usageError{fmt.Errorf("--header %d: its hash is not below the target that it states", n)}
		}
		b.given[n] = h
	}
	if ws, err := config.Find(a.workspace); err == nil && bitcoin.Present(ws.Chain("mainnet")) {
		if index, err := bitcoin.Open(ws.Chain("mainnet")); err == nil {
			b.index = index
		} else {
			a.log.Warn("blocks are not looked up in the local index", "err", err)
		}
	}
	return b, nil
}

func (b *blockHeaders) close() {
	if b.index != nil {
		b.index.Close()
	}
}

// header returns nil where no header of that height is at hand.
func (b *blockHeaders) header(height int64) ([]byte, string, error) {
	if h, ok := b.given[height]; ok {
		return h, "--header", nil
	}
	if b.index == nil {
		return nil, "", nil
	}
	h, _, err := b.index.HeaderAt(height)
	if err != nil {
		b.log.Warn("a block is not looked up in the local index", "height", height, "err", err)
		return nil, "", nil
	}
	return h, "the local ledger index", nil
}

// hasWork tells whether the hash of a header is below its own target.
func hasWork(h []byte) bool {
	sum := sha256.Sum256(h)
	sum = sha256.Sum256(sum[:])
	slices.Reverse(sum[:])
	bits := uint32(h[72]) | uint32(h[73])<<8 | uint32(h[74])<<16 | uint32(h[75])<<24
	size := uint(bits >> 24)
	target := big.NewInt(int64(bits & 0x7fffff))
	if size > 32 {
		return false
	}
	if size < 3 {
		target.Rsh(target, 8*(3-size))
	} else {
		target.Lsh(target, 8*(size-3))
	}
	return new(big.Int).SetBytes(sum[:]).Cmp(target) <= 0
}
