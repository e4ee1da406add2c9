package bitcoin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrKey says that block files cannot be read because the XOR key beside them,
// which Bitcoin Core 28 and later masks them with, is missing or another's.
var ErrKey = errors.New("the XOR key does not fit")

// xorKey reads the key of a folder; none is a zero key.
func xorKey(dir string) (key [8]byte, err error) {
	file := filepath.Join(dir, "xor.dat")
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return key, nil
	case err != nil:
		return key, fmt.Errorf("read XOR key: %w", err)
	case len(b) != 8:
		return key, fmt.Errorf("%w: %s has %d bytes, want 8", ErrKey, file, len(b))
	}
	return [8]byte(b), nil
}

// unmask undoes the XOR of a part of a file that starts at offset.
func unmask(b []byte, key [8]byte, offset int64) {
	if key == [8]byte{} {
		return
	}
	var turned [8]byte
	for i := range turned {
		turned[i] = key[(offset+int64(i))&7]
	}
	word := binary.LittleEndian.Uint64(turned[:])
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^word)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= turned[i]
	}
}

// guessKey finds the first half of the key that masks a block file, from its first
// bytes as they stand on the disk. The hash of the block before ends in four zero
// bytes at least (but on regtest), and is all zero before the first block: what
// stands there is of the key, if it gives a network's magic. Zeros mean that the
// file is not masked. ok is false where nothing can be told.
func guessKey(head []byte) (half [4]byte, ok bool) {
	const end = 8 + 4 + 32 // of that hash, behind magic, size and version
	if _, plain := byMagic(head); plain {
		return half, true
	}
	if len(head) < end {
		return half, false
	}
	half = [4]byte(head[end-4:]) // at 40, a multiple of the key's length
	first := [4]byte(head)
	for i := range first {
		first[i] ^= half[i]
	}
	_, ok = byMagic(first[:])
	return half, ok
}

// checkKey compares a key with the one that a block file seems to be masked with.
func checkKey(file string, head []byte, key [8]byte) error {
	guess, ok := guessKey(head)
	switch {
	case !ok || guess == [4]byte(key[:]):
		return nil
	case guess == [4]byte{}:
		return fmt.Errorf("%w: %s is not masked, and xor.dat holds a key", ErrKey, file)
	case key == [8]byte{}:
		return fmt.Errorf("%w: the block files look masked: xor.dat is missing beside %s, or holds no key", ErrKey, file)
	}
	return fmt.Errorf("%w: %s is masked with another key than that in xor.dat", ErrKey, file)
}

// head reads the first bytes of a file as they stand on the disk.
func head(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, 64)
	n, err := io.ReadFull(f, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return b[:n], err
}
